#include "platform/http/server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <future>
#include <stdexcept>
#include <thread>

#include "platform/http/connection.h"
#include "platform/http/wire.h"

namespace lanting::http {

using boost::system::error_code;
using net::ip::tcp;

namespace {

// Beyond max_connections this many are told so; the rest are closed without a word.
constexpr std::size_t kMaxRefusing = 256;
// After a failed accept (out of file descriptors): how long before the next.
constexpr std::chrono::milliseconds kAcceptPause{50};

std::runtime_error CannotListen(const std::string& address, const error_code& error) {
  std::string reason = error == net::error::address_in_use ? "address already in use" : error.message();
  return std::runtime_error("cannot listen on " + address + ": " + reason);
}

tcp::endpoint Resolve(net::io_context& io, const std::string& address) {
  auto colon = address.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("cannot listen on " + address + ": not host:port");
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  error_code error;
  std::uint16_t port = 0;
  auto [end, bad] = std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (bad != std::errc() || end != address.data() + address.size()) {
    throw std::runtime_error("cannot listen on " + address + ": the port is not between 0 and 65535");
  }
  auto found = tcp::resolver(io).resolve(host, "", tcp::resolver::passive, error);
  if (error || found.empty()) throw CannotListen(address, error);
  return {found.begin()->endpoint().address(), port};
}

}  // namespace

Core::Core(ServerOptions server_options, Handler request_handler)
    : options(std::move(server_options)), handler(std::move(request_handler)), io(options.threads) {}

Response Core::ErrorResponse(int status, std::string_view reason, std::string_view message) const {
  Response response =
      options.error_body ? options.error_body(status, reason, message) : PlainError(status, reason, message);
  response.status = status;
  return response;
}

struct Server::Impl {
  Impl(ServerOptions options, Handler handler)
      : core(std::make_shared<Core>(std::move(options), std::move(handler))),
        strand(net::make_strand(core->io)),
        acceptor(strand),
        sweep_timer(strand),
        accept_timer(strand) {
    Listen();
    const auto& limits = core->options.limits;
    auto shortest = std::min({limits.header_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout});
    sweep_period = std::clamp(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(250));
    net::post(strand, [this] {
      Accept();
      Sweep();
    });
    for (int i = 0; i < std::max(1, core->options.threads); ++i) {
      threads.emplace_back([this] { core->io.run(); });
    }
  }

  ~Impl() { Drain(std::chrono::milliseconds(0)); }

  void Listen() {
    const auto& address = core->options.address;
    auto endpoint = Resolve(core->io, address);
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) throw CannotListen(address, error);
    port = acceptor.local_endpoint().port();
  }

  void Accept() {
    acceptor.async_accept(net::make_strand(core->io), [this](const error_code& error, Socket socket) {
      if (!acceptor.is_open()) return;
      if (error) {
        accept_timer.expires_after(kAcceptPause);
        accept_timer.async_wait([this](const error_code&) {
          if (acceptor.is_open()) Accept();
        });
        return;
      }
      std::size_t open = Count();
      const std::size_t limit = core->options.limits.max_connections;
      if (open < limit + kMaxRefusing) std::make_shared<Connection>(core, std::move(socket))->Start(open >= limit);
      Accept();
    });
  }

  // One timer for all connections: their deadlines are coarse, and setting one per request would cost more than
  // looking at all of them a few times a second.
  void Sweep() {
    sweep_timer.expires_after(sweep_period);
    sweep_timer.async_wait([this](const error_code& error) {
      if (error || !sweeping) return;
      auto now = std::chrono::steady_clock::now();
      {
        std::lock_guard lock(core->mutex);
        for (const auto& connection : core->connections) connection->CheckDeadline(now);
      }
      Sweep();
    });
  }

  std::size_t Count() const {
    std::lock_guard lock(core->mutex);
    return core->connections.size();
  }

  // Runs `f` on the acceptor's strand and waits for it.
  template <typename F>
  void OnStrand(F f) {
    std::promise<void> done;
    net::post(strand, [&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void Drain(std::chrono::milliseconds grace) {
    if (threads.empty()) return;
    core->draining = true;
    OnStrand([this] {
      error_code ignored;
      acceptor.close(ignored);
      accept_timer.cancel();
    });
    {
      std::unique_lock lock(core->mutex);
      for (const auto& connection : core->connections) connection->BeginDrain();
      core->gone.wait_for(lock, grace, [this] { return core->connections.empty(); });
      for (const auto& connection : core->connections) connection->Cut();
    }
    OnStrand([this] {
      sweeping = false;
      sweep_timer.cancel();
    });
    {
      std::unique_lock lock(core->stop_mutex);
      core->stopped = true;
    }
    work.reset();
    for (auto& thread : threads) thread.join();  // run() returns when the last socket is closed
    threads.clear();
  }

  std::shared_ptr<Core> core;
  net::executor_work_guard<net::io_context::executor_type> work{core->io.get_executor()};
  Strand strand;
  net::basic_socket_acceptor<tcp, Strand> acceptor;
  net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>, Strand> sweep_timer,
      accept_timer;
  std::chrono::milliseconds sweep_period{250};
  bool sweeping = true;  // on the strand: the sweep goes on
  std::vector<std::thread> threads;
  int port = 0;
};

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
Server::~Server() = default;

int Server::port() const { return impl_->port; }
std::size_t Server::connections() const { return impl_->Count(); }
void Server::Drain(std::chrono::milliseconds grace) { impl_->Drain(grace); }

}  // namespace lanting::http
