// open_loop: sends one prepared HTTP/1.1 request at a constant rate, whether or not the answers keep up, and prints one
// JSON line. A request's latency runs from the moment it was due, so a server that stalls is charged for everything
// that was due meanwhile (no coordinated omission).
//
//   open_loop ADDRESS FILE_OF_REQUEST RATE CONNECTIONS SECONDS     (the first half second is not counted)
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string_view HeaderValue(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2);
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        strncasecmp(line.data(), name.data(), name.size()) != 0)
      continue;
    const auto begin = line.find_first_not_of(' ', name.size() + 1);
    return line.substr(begin, line.find("\r\n") - begin);
  }
  return {};
}

// The length of the answer at the start of `bytes`, or 0 while it is incomplete.
std::size_t AnswerLength(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::string_view head = bytes.substr(0, end + 2);
  if (const auto length = HeaderValue(head, "content-length"); !length.empty()) {
    const std::size_t total = end + 4 + std::strtoul(std::string(length).c_str(), nullptr, 10);
    return bytes.size() >= total ? total : 0;
  }
  return bytes.ends_with("\r\n0\r\n\r\n") ? bytes.size() : 0;
}

struct Connection {
  int fd = -1;
  Clock::time_point due;  // of the request in flight
  std::string received;
};

class Generator {
 public:
  Generator(const sockaddr_in& address, std::string request, int connections)
      : request_(std::move(request)), connections_(static_cast<std::size_t>(connections)), epoll_(epoll_create1(0)) {
    for (Connection& c : connections_) {
      c.fd = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(c.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Fail("connect");
      const int on = 1;
      setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &c}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
      idle_.push_back(&c);
    }
  }

  void Run(double rate, double seconds) {
    const auto interval = nanoseconds(static_cast<long>(1e9 / rate));
    const auto begin = Clock::now();
    counted_from_ = begin + std::chrono::milliseconds(500);
    const auto end = counted_from_ + nanoseconds(static_cast<long>(seconds * 1e9));
    const auto give_up = end + std::chrono::seconds(10);
    auto next = begin;
    while (next < end || idle_.size() < connections_.size()) {
      auto now = Clock::now();
      if (now > give_up) break;
      for (; next <= now && next < end; next += interval) backlog_.push_back(next);
      SendDue();
      now = Clock::now();
      Wait(next < end ? std::max(nanoseconds(0), nanoseconds(next - now)) : nanoseconds(100'000'000));
    }
    unanswered_ = backlog_.size() + connections_.size() - idle_.size();
  }

  void Print(double rate, double seconds) {
    std::sort(latencies_ms_.begin(), latencies_ms_.end());
    const auto at = [&](double q) {
      if (latencies_ms_.empty()) return 0.0;
      return latencies_ms_[static_cast<std::size_t>(q * static_cast<double>(latencies_ms_.size() - 1))];
    };
    std::printf(
        "{\"rate\":%.1f,\"answered_per_second\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f,"
        "\"errors\":%zu}\n",
        rate, static_cast<double>(latencies_ms_.size()) / seconds, at(0.5), at(0.99), at(0.999), at(1),
        errors_ + unanswered_);
  }

 private:
  void SendDue() {
    while (!backlog_.empty() && !idle_.empty()) {
      Connection* c = idle_.back();
      idle_.pop_back();
      c->due = backlog_.front();
      backlog_.pop_front();
      if (send(c->fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size()))
        Fail("send");
    }
  }

  void Wait(nanoseconds time) {
    epoll_event events[256];
    const timespec timeout{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
    const int n = epoll_pwait2(epoll_, events, 256, &timeout, nullptr);
    for (int i = 0; i < n; ++i) Read(static_cast<Connection*>(events[i].data.ptr));
  }

  void Read(Connection* c) {
    char buffer[16 * 1024];
    const ssize_t n = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n == 0) Fail("the server closed a connection");
    if (n < 0) return;
    c->received.append(buffer, static_cast<std::size_t>(n));
    if (AnswerLength(c->received) == 0) return;
    if (c->due >= counted_from_) {
      latencies_ms_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - c->due).count());
      errors_ += !c->received.starts_with("HTTP/1.1 200");
    }
    c->received.clear();
    idle_.push_back(c);
  }

  const std::string request_;
  std::vector<Connection> connections_;
  const int epoll_;
  std::vector<Connection*> idle_;          // the last used first: as few connections as the load needs
  std::deque<Clock::time_point> backlog_;  // due, waiting for a connection
  Clock::time_point counted_from_;
  std::vector<double> latencies_ms_;
  std::size_t errors_ = 0, unanswered_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: open_loop ADDRESS FILE_OF_REQUEST RATE CONNECTIONS SECONDS\n");
    return 64;
  }
  const std::string_view address = argv[1];
  const auto colon = address.rfind(':');
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(std::atoi(argv[1] + colon + 1)))};
  if (inet_pton(AF_INET, std::string(address.substr(0, colon)).c_str(), &to.sin_addr) != 1) Fail("address");
  std::ifstream file(argv[2], std::ios::binary);
  std::string request{std::istreambuf_iterator<char>(file), {}};
  if (request.empty()) Fail(argv[2]);
  prctl(PR_SET_TIMERSLACK, 1);  // else every wait ends up to 50 us late
  Generator generator(to, std::move(request), std::atoi(argv[4]));
  const double rate = std::atof(argv[3]), seconds = std::atof(argv[5]);
  generator.Run(rate, seconds);
  generator.Print(rate, seconds);
}
