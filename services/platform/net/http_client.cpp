#include "platform/net/http_client.h"

#include <curl/curl.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "platform/base/broken_pipe.h"
#include "platform/base/strings.h"
#include "platform/net/address.h"

namespace lanting::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr long kIdleConnections = 64;
constexpr int kPollMs = 1000;

struct Transfer {
  const HttpClientOptions* options;
  HttpRequest request;
  HttpClient::Done done;
  HttpResult result;
  steady_clock::time_point began = steady_clock::now();
  curl_slist* headers = nullptr;
  CURL* easy = nullptr;
  char error[CURL_ERROR_SIZE] = {};
  std::size_t header_bytes = 0, body_bytes = 0;
  bool refused = false, dialled = false, enough = false;

  ~Transfer() {
    if (easy) curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
};

curl_socket_t OpenSocket(void* context, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (!transfer.options->allow_private && !IsPublicUnicast(address->addr)) {
    transfer.refused = true;
    return CURL_SOCKET_BAD;
  }
  transfer.dialled = true;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t TakeHeader(char* data, std::size_t, std::size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.header_bytes += size;
  if (transfer.header_bytes > transfer.options->max_header_bytes) return 0;
  constexpr std::string_view kName = "retry-after:";
  if (size > kName.size() && strncasecmp(data, kName.data(), kName.size()) == 0)
    transfer.result.retry_after = Trim(std::string_view(data, size).substr(kName.size()));
  return size;
}

std::size_t TakeBody(char* data, std::size_t, std::size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  auto& kept = transfer.result.body;
  kept.append(data, std::min(size, transfer.options->kept_bytes - kept.size()));
  transfer.body_bytes += size;
  transfer.enough = transfer.body_bytes > transfer.options->max_body_bytes;
  return transfer.enough ? 0 : size;
}

template <typename T>
void Set(CURL* easy, CURLoption option, T value) {
  if (const auto code = curl_easy_setopt(easy, option, value); code != CURLE_OK)
    throw std::runtime_error("curl option " + std::to_string(option) + ": " + curl_easy_strerror(code));
}

void Prepare(Transfer& t) {
  const auto& o = *t.options;
  t.easy = curl_easy_init();
  if (t.easy == nullptr) throw std::runtime_error("curl cannot be initialised");
  Set(t.easy, CURLOPT_PRIVATE, static_cast<void*>(&t));
  Set(t.easy, CURLOPT_URL, t.request.url.c_str());
  Set(t.easy, CURLOPT_PROTOCOLS_STR, "https,http");
  Set(t.easy, CURLOPT_FOLLOWLOCATION, 0L);
  Set(t.easy, CURLOPT_PROXY, "");  // not even one of the environment
  Set(t.easy, CURLOPT_NOSIGNAL, 1L);
  Set(t.easy, CURLOPT_ERRORBUFFER, t.error);
  Set(t.easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  Set(t.easy, CURLOPT_OPENSOCKETDATA, static_cast<void*>(&t));
  Set(t.easy, CURLOPT_HEADERFUNCTION, &TakeHeader);
  Set(t.easy, CURLOPT_HEADERDATA, static_cast<void*>(&t));
  Set(t.easy, CURLOPT_WRITEFUNCTION, &TakeBody);
  Set(t.easy, CURLOPT_WRITEDATA, static_cast<void*>(&t));
  Set(t.easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(o.connect_timeout.count()));
  Set(t.easy, CURLOPT_TIMEOUT_MS, static_cast<long>(o.total_timeout.count()));
  Set(t.easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(t.easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  Set(t.easy, CURLOPT_USERAGENT, o.user_agent.c_str());
  if (!o.ca_file.empty()) Set(t.easy, CURLOPT_CAINFO, o.ca_file.c_str());
  Set(t.easy, CURLOPT_POST, 1L);
  Set(t.easy, CURLOPT_POSTFIELDS, t.request.body.data());
  Set(t.easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.request.body.size()));
  for (const auto& [name, value] : t.request.headers)
    t.headers = curl_slist_append(t.headers, (name + ": " + value).c_str());
  t.headers = curl_slist_append(t.headers, "Expect:");  // the body at once, whatever its size
  Set(t.easy, CURLOPT_HTTPHEADER, t.headers);
}

HttpFailure FailureOf(CURLcode code, const Transfer& t) {
  switch (code) {
    case CURLE_OK:
      return HttpFailure::kNone;
    case CURLE_WRITE_ERROR:
      return t.enough ? HttpFailure::kNone : HttpFailure::kBroken;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::kTimeout;
    case CURLE_COULDNT_RESOLVE_HOST:
      return HttpFailure::kNotResolved;
    case CURLE_COULDNT_CONNECT:
      return t.refused && !t.dialled ? HttpFailure::kAddressRefused : HttpFailure::kNotConnected;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
      return HttpFailure::kTls;
    default:
      return HttpFailure::kBroken;
  }
}

void Conclude(Transfer& t, CURLcode code) {
  auto& r = t.result;
  long status = 0;
  curl_easy_getinfo(t.easy, CURLINFO_RESPONSE_CODE, &status);
  r.status = static_cast<int>(status);
  r.failure = FailureOf(code, t);
  r.duration = std::chrono::duration_cast<milliseconds>(steady_clock::now() - t.began);
  if (r.failure == HttpFailure::kAddressRefused) {
    r.error = "the host leads to no address that may be sent to";
  } else if (r.failure != HttpFailure::kNone) {
    r.error = t.error[0] ? t.error : curl_easy_strerror(code);
  }
}

void InitCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  IgnoreBrokenPipes();  // CURLOPT_NOSIGNAL leaves it to us
}

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(HttpClientOptions options) : options_(std::move(options)) {
    InitCurl();
    multi_ = curl_multi_init();
    if (multi_ == nullptr) throw std::runtime_error("curl cannot be initialised");
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnections);
    thread_ = std::thread([this] { Run(); });
  }
  ~Impl() {
    Stop();
    for (auto& [easy, transfer] : running_) curl_multi_remove_handle(multi_, easy);
    running_.clear();
    curl_multi_cleanup(multi_);
  }

  void Post(HttpRequest request, Done done) {
    auto transfer = std::make_unique<Transfer>();
    transfer->options = &options_;
    transfer->request = std::move(request);
    transfer->done = std::move(done);
    Prepare(*transfer);
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      waiting_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      waiting_.clear();
    }
    curl_multi_wakeup(multi_);
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    while (Begin()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      Finish();
      curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
  }

  // Takes over what waits; false when it is time to stop.
  bool Begin() {
    std::vector<std::unique_ptr<Transfer>> taken;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
      taken.swap(waiting_);
    }
    for (auto& transfer : taken) {
      transfer->began = steady_clock::now();
      curl_multi_add_handle(multi_, transfer->easy);
      running_.emplace(transfer->easy, std::move(transfer));
    }
    return true;
  }

  void Finish() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto code = message->data.result;
      auto node = running_.extract(message->easy_handle);
      auto& transfer = *node.mapped();
      Conclude(transfer, code);
      curl_multi_remove_handle(multi_, transfer.easy);
      transfer.done(std::move(transfer.result));
    }
  }

  const HttpClientOptions options_;
  CURLM* multi_ = nullptr;
  std::map<CURL*, std::unique_ptr<Transfer>> running_;
  std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Transfer>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

HttpClient::HttpClient(HttpClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;
void HttpClient::Post(HttpRequest request, Done done) { impl_->Post(std::move(request), std::move(done)); }
void HttpClient::Stop() { impl_->Stop(); }

}  // namespace lanting::net
