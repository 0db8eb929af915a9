#include "platform/crypto/standard_webhooks.h"

#include <sodium.h>

#include <stdexcept>

#include "platform/base/strings.h"

namespace lanting::crypto {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kSecretBytes = 32;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string Base64(const unsigned char* bytes, std::size_t size) {
  std::string text(sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes, size, sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the NUL it counts
  return text;
}

std::string KeyOf(std::string_view secret) {
  if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
  std::string key(secret.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(key.data()), key.size(), secret.data(), secret.size(), nullptr,
                        &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != secret.data() + secret.size()) {
    throw std::invalid_argument("not the secret of a webhook");
  }
  key.resize(size);
  return key;
}

}  // namespace

std::string NewWebhookSecret() {
  const auto bytes = RandomBytes(kSecretBytes);
  return std::string(kPrefix) + Base64(Bytes(bytes), bytes.size());
}

std::string SignWebhook(std::string_view secret, std::string_view id, std::int64_t timestamp_seconds,
                        std::string_view body) {
  const auto key = KeyOf(secret);
  const std::string head = std::string(id) + '.' + std::to_string(timestamp_seconds) + '.';
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, Bytes(key), key.size());
  crypto_auth_hmacsha256_update(&state, Bytes(head), head.size());
  crypto_auth_hmacsha256_update(&state, Bytes(body), body.size());
  unsigned char mac[crypto_auth_hmacsha256_BYTES];
  crypto_auth_hmacsha256_final(&state, mac);
  return "v1," + Base64(mac, sizeof mac);
}

}  // namespace lanting::crypto
