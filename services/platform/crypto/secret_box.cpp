#include "platform/crypto/secret_box.h"

#include <sodium.h>

#include <optional>
#include <stdexcept>

#include "platform/base/strings.h"

namespace lanting::crypto {
namespace {

constexpr char kForm = 1;
constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kPrefixBytes = 5;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::optional<std::string> ParseKey(std::string_view text) {
  std::string key(kKeyBytes, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  auto whole = [&](int refused) { return refused == 0 && size == kKeyBytes && end == text.data() + text.size(); };
  if (whole(sodium_hex2bin(Bytes(key), key.size(), text.data(), text.size(), nullptr, &size, &end))) return key;
  for (int variant : {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING, sodium_base64_VARIANT_URLSAFE}) {
    if (whole(sodium_base642bin(Bytes(key), key.size(), text.data(), text.size(), nullptr, &size, &end, variant)))
      return key;
  }
  return std::nullopt;
}

std::string PrefixOf(std::string_view key) {
  unsigned char hash[crypto_generichash_BYTES];
  crypto_generichash(hash, sizeof hash, Bytes(key), key.size(), nullptr, 0);
  return std::string(1, kForm) + std::string(reinterpret_cast<char*>(hash), kPrefixBytes - 1);
}

Error NotAKey(const std::string& setting) {
  return {.code = Code::kInvalidArgument,
          .reason = "INVALID_FORMAT",
          .message = setting + ": not 32 bytes in base64 or 64 hex digits"};
}

Error Unreadable(std::string why) {
  return {.code = Code::kDataLoss,
          .reason = "SECRET_UNREADABLE",
          .message = "A stored secret cannot be read.",
          .internal = std::move(why)};
}

}  // namespace

Result<SecretBox> SecretBox::Make(std::string_view key, std::string_view old_keys) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
  SecretBox box;
  const auto current = ParseKey(Trim(key));
  if (!current) return NotAKey("LANTING_SECRETS_KEY");
  for (auto part : Split(old_keys, ',')) {
    if (Trim(part).empty()) continue;
    const auto old = ParseKey(Trim(part));
    if (!old) return NotAKey("LANTING_SECRETS_OLD_KEYS");
    box.keys_[PrefixOf(*old)] = *old;
  }
  box.current_ = PrefixOf(*current);
  box.keys_[box.current_] = *current;
  return box;
}

std::string SecretBox::Seal(std::string_view secret, std::string_view context) const {
  std::string sealed = current_;
  sealed.resize(kPrefixBytes + kNonceBytes + secret.size() + kTagBytes);
  auto* nonce = Bytes(sealed) + kPrefixBytes;
  randombytes_buf(nonce, kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonceBytes, nullptr, Bytes(secret), secret.size(), Bytes(context),
                                             context.size(), nullptr, nonce,
                                             Bytes(std::string_view(keys_.at(current_))));
  return sealed;
}

Result<std::string> SecretBox::Open(std::string_view sealed, std::string_view context) const {
  if (sealed.size() < kPrefixBytes + kNonceBytes + kTagBytes) return Unreadable("too short");
  const auto key = keys_.find(std::string(sealed.substr(0, kPrefixBytes)));
  if (key == keys_.end()) {
    return Unreadable("sealed with a key that is neither in LANTING_SECRETS_KEY nor in LANTING_SECRETS_OLD_KEYS");
  }
  const auto nonce = sealed.substr(kPrefixBytes, kNonceBytes), text = sealed.substr(kPrefixBytes + kNonceBytes);
  std::string secret(text.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(Bytes(secret), nullptr, nullptr, Bytes(text), text.size(),
                                                 Bytes(context), context.size(), Bytes(nonce),
                                                 Bytes(std::string_view(key->second))) != 0) {
    return Unreadable("changed, or sealed for another row");
  }
  return secret;
}

}  // namespace lanting::crypto
