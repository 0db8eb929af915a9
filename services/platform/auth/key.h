// Service keys: what a tenant's systems present as `Authorization: Bearer <key>`.
//
//   lt_<tenant id, 26 characters>_<secret, 32 characters = 160 random bits><checksum, 7 characters>
//
// Lower-case Crockford base32 throughout; the checksum is the CRC-32 (IEEE) of all before it, so that a mistyped key is
// refused without asking anyone and scanners can tell a leaked key from noise. Only the SHA-256 of the whole text is
// ever stored: with 160 random bits there is nothing to stretch.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/id.h"

namespace lanting::auth {

struct ParsedKey {
  Id tenant;                // claimed by the key; true once the key is found
  std::string secret_hash;  // SHA-256 of the text, 32 raw bytes
  std::string text;         // the credential itself: never log it
};

// A new key in its text form.
std::string GenerateKey(const Id& tenant);
// Strict: exactly the form above, checksum included.
std::optional<ParsedKey> ParseKey(std::string_view text);
// The credential of an Authorization header: what follows the scheme "Bearer" (in any case, RFC 9110), without white
// space around it. Empty for another scheme.
std::string_view BearerCredential(std::string_view authorization);
// In time that depends on the lengths only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace lanting::auth
