// For tests of what sends: a raw listener whose connections a function serves, and one that speaks TLS with a
// certificate nobody trusts unless told to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace lanting::net::testing {

// Serves connections of 127.0.0.1 one after the other until it goes; the function must not outlast `stopping`.
class RawServer {
 public:
  using Serve = std::function<void(int fd, const std::atomic<bool>& stopping)>;
  explicit RawServer(Serve serve) : serve_(std::move(serve)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 16) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~RawServer() {
    stopping_ = true;
    thread_.join();
    ::close(fd_);
  }
  RawServer(const RawServer&) = delete;

  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void Run() {
    while (!stopping_) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client < 0) continue;
      ++connections_;
      serve_(client, stopping_);
      ::close(client);
    }
  }

  Serve serve_;
  int fd_ = -1, port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

// Reads until the header's end; enough for a client that has sent its request.
inline std::string ReadHead(int fd) {
  std::string text;
  char buffer[4096];
  while (text.find("\r\n\r\n") == text.npos) {
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}
inline bool SendAll(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto n = ::send(fd, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}
// Until the client goes or the server is to stop.
inline void Linger(int fd, const std::atomic<bool>& stopping) {
  char byte;
  while (!stopping) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, 20) > 0 && ::recv(fd, &byte, 1, 0) <= 0) return;
  }
}

// A key and a self-signed certificate for "localhost", also written to a file of its own.
class Certificate {
 public:
  Certificate() : key_(EVP_EC_gen("P-256")), cert_(X509_new()) {
    X509_set_version(cert_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert_), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert_), 86400);
    X509_set_pubkey(cert_, key_);
    auto* name = X509_get_subject_name(cert_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(cert_, name);
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(cert_, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(cert_, key_, EVP_sha256());
    char path[] = "/tmp/lanting-cert-XXXXXX";
    const int fd = ::mkstemp(path);
    file_ = path;
    FILE* out = ::fdopen(fd, "w");
    PEM_write_X509(out, cert_);
    std::fclose(out);
  }
  ~Certificate() {
    X509_free(cert_);
    EVP_PKEY_free(key_);
    std::filesystem::remove(file_);
  }
  Certificate(const Certificate&) = delete;

  const std::string& file() const { return file_; }
  SSL_CTX* MakeContext() const {
    auto* context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, cert_);
    SSL_CTX_use_PrivateKey(context, key_);
    return context;
  }

 private:
  EVP_PKEY* key_;
  X509* cert_;
  std::string file_;
};

// Answers every request with 204 over TLS.
class TlsServer {
 public:
  explicit TlsServer(const Certificate& certificate)
      : context_(certificate.MakeContext()),
        server_([this](int fd, const std::atomic<bool>& stopping) { Serve(fd, stopping); }) {}

  int port() const { return server_.port(); }
  int answered() const { return answered_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  void Serve(int fd, const std::atomic<bool>& stopping) {
    std::unique_ptr<SSL, Free> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) != 1) return;
    std::string text;
    char buffer[4096];
    while (text.find("\r\n\r\n") == text.npos) {
      const int n = SSL_read(ssl.get(), buffer, sizeof buffer);
      if (n <= 0) return;
      text.append(buffer, static_cast<std::size_t>(n));
    }
    const std::string answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    ++answered_;
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl.get());
    Linger(fd, stopping);
  }

  std::unique_ptr<SSL_CTX, Free> context_;
  std::atomic<int> answered_ = 0;
  RawServer server_;
};

}  // namespace lanting::net::testing
