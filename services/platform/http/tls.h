// TLS over OpenSSL, on a non-blocking socket. Internal to the server.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "platform/base/result.h"
#include "platform/http/server.h"

struct ssl_st;
struct ssl_ctx_st;

namespace lanting::http {

// What new connections are given: certificate, key and rules. TLS 1.2 and 1.3 with forward secrecy, ALPN, session
// tickets, no renegotiation.
class TlsContext {
 public:
  // INVALID_ARGUMENT with the file and OpenSSL's reason.
  static Result<std::shared_ptr<TlsContext>> Load(const TlsOptions& options, bool http2);
  ~TlsContext();

 private:
  friend class TlsSession;
  TlsContext() = default;
  Result<void> Use(const TlsOptions& options, bool http2);

  ssl_ctx_st* context_ = nullptr;
};

// One connection's end. Every call gives how far it came without blocking.
class TlsSession {
 public:
  enum class Outcome { kDone, kWantRead, kWantWrite, kEnd, kFailed };

  TlsSession(const TlsContext& context, int fd);
  ~TlsSession();
  Outcome Accept();
  Outcome Read(char* out, std::size_t room, std::size_t* n);
  // One record at most. After kWantWrite the next Write must begin with the same bytes.
  Outcome Write(std::string_view bytes, std::size_t* n);
  // Tells the peer that nothing follows; does not wait for its answer.
  void Shutdown();
  // Bytes have been read from the socket that Read has not given yet.
  bool pending() const;
  bool http2() const;  // what ALPN chose

 private:
  Outcome OutcomeOf(int result) const;
  ssl_st* ssl_;
};

}  // namespace lanting::http
