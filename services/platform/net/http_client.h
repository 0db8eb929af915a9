// HttpClient: POSTs to URLs that others name, many at once, by one thread (libcurl's multi interface).
//
// Whatever the URL says, only http and https are spoken; addresses that are not public are never connected to
// (address.h), judged by the address of the very socket, so that no answer of the DNS can lead elsewhere; no proxy of
// the environment is used, no redirect followed, no cookie kept, and of the answer a bounded part is read. Certificates
// are verified. HTTP/2 where TLS offers it, HTTP/1.1 otherwise.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lanting::net {

struct HttpRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

enum class HttpFailure {
  kNone,            // there is an answer
  kTimeout,         // no whole answer in time
  kNotResolved,     // the name leads to no address
  kAddressRefused,  // every address is one that may not be dialled
  kNotConnected,
  kTls,     // the certificate, or the handshake
  kBroken,  // the connection was lost, or the answer was not HTTP
};

struct HttpResult {
  HttpFailure failure = HttpFailure::kNone;
  int status = 0;           // of the answer; may be known beside a failure
  std::string body;         // the first kept_bytes, as they came
  std::string retry_after;  // header Retry-After, as it came; "" if there was none
  std::string error;        // of a failure, in words
  std::chrono::milliseconds duration{0};
};

struct HttpClientOptions {
  bool allow_private = false;  // also dial addresses that are not public
  std::string ca_file;         // certificates to trust, PEM; "": the system's
  std::string user_agent = "Lanting";
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds total_timeout{15000};
  // What is beyond is not read: the answer counts by its status.
  std::size_t max_body_bytes = 64 * 1024;
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t kept_bytes = 1024;
};

class HttpClient {
 public:
  using Done = std::function<void(HttpResult)>;

  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();  // Stop()

  // Never blocks; bounding how many are under way is the caller's duty. `done` is called once, by the client's thread,
  // and must not block either; it is not called any more after Stop.
  void Post(HttpRequest request, Done done);
  // Drops what is under way.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::net
