// What tests of TLS share: certificates made on the spot, and a client.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace lanting::http {

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/lanting-tls-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& file) const { return path_ + "/" + file; }

 private:
  std::string path_;
};

// Writes a self-signed certificate for `name` and its key.
inline void MakeCertificate(const std::string& name, const std::string& certificate_file, const std::string& key_file) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86400);
  X509_set_pubkey(x509.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(x509.get(), subject);
  X509_EXTENSION* ca = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
  X509_add_ext(x509.get(), ca, -1);
  X509_EXTENSION_free(ca);
  ASSERT_GT(X509_sign(x509.get(), key.get(), EVP_sha256()), 0);
  std::unique_ptr<FILE, decltype(&fclose)> certificate(fopen(certificate_file.c_str(), "w"), fclose);
  ASSERT_EQ(PEM_write_X509(certificate.get(), x509.get()), 1);
  std::unique_ptr<FILE, decltype(&fclose)> secret(fopen(key_file.c_str(), "w"), fclose);
  ASSERT_EQ(PEM_write_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
}

struct TlsClientOptions {
  int min_version = TLS1_2_VERSION;
  int max_version = TLS1_3_VERSION;
  std::string alpn;         // in wire form: "\x02h2"
  std::string server_name;  // SNI
  std::string ciphers;
  std::string certificate_file, key_file;
  SSL_SESSION* session = nullptr;  // to be resumed
};

// A blocking connection to a port of this machine; every wait ends after 20 s.
class TlsClient {
 public:
  explicit TlsClient(int port, const TlsClientOptions& options = {}) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context_, 0);  // else OpenSSL itself would not speak TLS 1.1
    SSL_CTX_set_min_proto_version(context_, options.min_version);
    SSL_CTX_set_max_proto_version(context_, options.max_version);
    if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context_, options.ciphers.c_str());
    if (!options.certificate_file.empty()) {
      SSL_CTX_use_certificate_file(context_, options.certificate_file.c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, options.key_file.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_ = SSL_new(context_);
    if (!options.alpn.empty())
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned>(options.alpn.size()));
    if (!options.server_name.empty()) SSL_set_tlsext_host_name(ssl_, options.server_name.c_str());
    if (options.session != nullptr) SSL_set_session(ssl_, options.session);
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    SSL_set_fd(ssl_, fd_);
    ok_ = SSL_connect(ssl_) == 1;
  }
  TlsClient(const TlsClient&) = delete;
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    close(fd_);
  }

  bool ok() const { return ok_; }  // the handshake is done
  SSL* ssl() { return ssl_; }
  int fd() const { return fd_; }
  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_, &name, &length);
    return {reinterpret_cast<const char*>(name), length};
  }
  std::string PeerName() const {
    std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl_), X509_free);
    char name[256] = "";
    if (peer) X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof name);
    return name;
  }
  bool Send(std::string_view bytes) {
    std::size_t n = 0;
    return bytes.empty() || (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n) == 1 && n == bytes.size());
  }
  // The next bytes; empty at the end, which is clean if the server said so.
  std::string Some() {
    std::string bytes(16 * 1024, '\0');
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_, bytes.data(), bytes.size(), &n);
    if (result != 1) clean_end_ = SSL_get_error(ssl_, result) == SSL_ERROR_ZERO_RETURN;
    bytes.resize(result == 1 ? n : 0);
    return bytes;
  }
  std::string UntilTheEnd() {
    std::string all;
    for (std::string more = Some(); !more.empty(); more = Some()) all += more;
    return all;
  }
  bool clean_end() const { return clean_end_; }

 private:
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  int fd_ = -1;
  bool ok_ = false;
  bool clean_end_ = false;
};

}  // namespace lanting::http
