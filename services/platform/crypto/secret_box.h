// SecretBox: secrets at rest. What must be read again (unlike a password or a key of ours, of which a hash is enough)
// is stored sealed with a key that the database does not have: XChaCha20-Poly1305 (libsodium), a random nonce each.
//
//   byte 0      the form: 1
//   bytes 1-4   id of the key: the first four bytes of its BLAKE2b
//   then        nonce (24), ciphertext, tag (16)
//
// Rotation by the operator: the new key in LANTING_SECRETS_KEY, the old ones in LANTING_SECRETS_OLD_KEYS; what is not
// sealed with the new key is sealed anew by its owner (current()), after which the old ones can go.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "platform/base/result.h"

namespace lanting::crypto {

class SecretBox {
 public:
  // `key`: 32 bytes in base64 or as 64 hex digits; `old_keys`: such, separated by commas, for opening only; may be
  // empty. INVALID_ARGUMENT says which of them is none; it never repeats it.
  static Result<SecretBox> Make(std::string_view key, std::string_view old_keys = {});

  // `context` is bound to the text: it can be opened with the same one only, so that a sealed text that is moved to
  // another row (of another tenant) does not open there.
  std::string Seal(std::string_view secret, std::string_view context) const;
  // DATA_LOSS (reason SECRET_UNREADABLE): the key is not known, or it is not what Seal made with this context.
  Result<std::string> Open(std::string_view sealed, std::string_view context) const;

  // The first bytes of whatever is sealed with the present key: what begins otherwise is to be sealed anew.
  const std::string& current() const { return current_; }

 private:
  SecretBox() = default;

  std::string current_;                      // form and key id
  std::map<std::string, std::string> keys_;  // by form and key id
};

}  // namespace lanting::crypto
