#include "platform/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace lanting::http {
namespace {

// Those of TLS 1.2; all of TLS 1.3 are sound.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view kHttp2 = "\x02h2";
constexpr std::string_view kHttp1 = "\x08http/1.1";

std::string LastError() {
  char text[256] = "unknown error";
  if (const auto code = ERR_peek_last_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

Error Unusable(const std::string& what) {
  return {.code = Code::kInvalidArgument, .reason = "INVALID_VALUE", .message = what + ": " + LastError()};
}

// Ours first: HTTP/2 where it is on. A client that offers neither is refused (RFC 7301 section 3.2).
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in,
                   unsigned int in_length, void* with_http2) {
  std::string ours;
  if (with_http2 != nullptr) ours += kHttp2;
  ours += kHttp1;
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, length, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), in, in_length) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  // What was chosen stands in `ours`, which goes; the client's list has it too.
  const std::string_view name(reinterpret_cast<char*>(chosen), *length);
  const std::string_view offered(reinterpret_cast<const char*>(in), in_length);
  for (std::size_t at = 0; at < offered.size(); at += 1 + in[at]) {
    if (offered.substr(at + 1, in[at]) != name) continue;
    *out = in + at + 1;
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// OpenSSL's own socket BIO writes in a way that raises SIGPIPE.
int FdOf(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int BioWrite(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = send(FdOf(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int BioRead(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = recv(FdOf(bio), data, static_cast<std::size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long BioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* SocketBio() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::Load(const TlsOptions& options, bool http2) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> context(new TlsContext);
  context->context_ = SSL_CTX_new(TLS_server_method());
  if (context->context_ == nullptr) throw std::bad_alloc();
  RETURN_IF_ERROR(context->Use(options, http2));
  return context;
}

Result<void> TlsContext::Use(const TlsOptions& options, bool http2) {
  SSL_CTX* const c = context_;
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  if (SSL_CTX_set_cipher_list(c, kCiphers) != 1) return Unusable("the ciphers");
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no buffers. What a Write did not send may have been moved until the next.
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets carry the sessions
  SSL_CTX_set_alpn_select_cb(c, ChooseProtocol, http2 ? c : nullptr);
  if (SSL_CTX_use_certificate_chain_file(c, options.certificate_file.c_str()) != 1)
    return Unusable("the certificate " + options.certificate_file);
  if (SSL_CTX_use_PrivateKey_file(c, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(c) != 1)
    return Unusable("the key " + options.key_file);
  if (options.client_ca_file.empty()) return {};
  constexpr unsigned char kSessionContext[] = "lanting";
  SSL_CTX_set_session_id_context(c, kSessionContext, sizeof kSessionContext - 1);
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(options.client_ca_file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(c, options.client_ca_file.c_str(), nullptr) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return Unusable("the client CA " + options.client_ca_file);
  }
  SSL_CTX_set_client_CA_list(c, names);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsSession::TlsSession(const TlsContext& context, int fd) : ssl_(SSL_new(context.context_)) {
  BIO* bio = ssl_ != nullptr ? BIO_new(SocketBio()) : nullptr;
  if (bio == nullptr) {
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsSession::Outcome TlsSession::OutcomeOf(int result) const {
  if (result > 0) return Outcome::kDone;
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) return Outcome::kWantRead;
  if (error == SSL_ERROR_WANT_WRITE) return Outcome::kWantWrite;
  return error == SSL_ERROR_ZERO_RETURN ? Outcome::kEnd : Outcome::kFailed;
}

TlsSession::Outcome TlsSession::Accept() {
  ERR_clear_error();
  return OutcomeOf(SSL_accept(ssl_));
}

TlsSession::Outcome TlsSession::Read(char* out, std::size_t room, std::size_t* n) {
  ERR_clear_error();
  return OutcomeOf(SSL_read_ex(ssl_, out, room, n));
}

TlsSession::Outcome TlsSession::Write(std::string_view bytes, std::size_t* n) {
  ERR_clear_error();
  return OutcomeOf(SSL_write_ex(ssl_, bytes.data(), bytes.size(), n));
}

void TlsSession::Shutdown() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

bool TlsSession::pending() const { return SSL_pending(ssl_) > 0; }

bool TlsSession::http2() const {
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl_, &name, &length);
  return std::string_view(reinterpret_cast<const char*>(name), length) == "h2";
}

}  // namespace lanting::http
