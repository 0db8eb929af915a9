#include "platform/auth/key.h"

#include <openssl/crypto.h>

#include <array>
#include <cstdint>

#include "platform/base/strings.h"

namespace lanting::auth {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kPrefix = "lt_";
constexpr std::size_t kIdLength = 26, kSecretLength = 32, kChecksumLength = 7;
constexpr std::size_t kChecked = kPrefix.size() + kIdLength + 1 + kSecretLength;
constexpr std::size_t kLength = kChecked + kChecksumLength;

constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

std::string Checksum(std::string_view text) {
  std::uint32_t crc = 0xffffffffu;
  for (unsigned char c : text) crc = kCrcTable[(crc ^ c) & 0xff] ^ (crc >> 8);
  crc ^= 0xffffffffu;
  std::string out(kChecksumLength, '0');
  for (std::size_t i = kChecksumLength; i-- > 0; crc >>= 5) out[i] = kAlphabet[crc & 31];
  return out;
}

std::string RandomSecret() {
  std::string bytes = RandomBytes(kSecretLength * 5 / 8), out;
  unsigned buffer = 0;
  int bits = 0;
  for (unsigned char b : bytes) {
    buffer = (buffer << 8 | b) & 0xffff;
    for (bits += 8; bits >= 5;) out.push_back(kAlphabet[buffer >> (bits -= 5) & 31]);
  }
  return out;
}

}  // namespace

std::string GenerateKey(const Id& tenant) {
  std::string text = std::string(kPrefix) + tenant.ToString() + "_" + RandomSecret();
  return text + Checksum(text);
}

std::optional<ParsedKey> ParseKey(std::string_view text) {
  if (text.size() != kLength || !text.starts_with(kPrefix)) return std::nullopt;
  auto tenant = Id::Parse(text.substr(kPrefix.size(), kIdLength));
  if (!tenant || tenant->IsNil() || text[kPrefix.size() + kIdLength] != '_') return std::nullopt;
  if (text.substr(kChecked - kSecretLength, kSecretLength).find_first_not_of(kAlphabet) != std::string_view::npos) {
    return std::nullopt;
  }
  if (Checksum(text.substr(0, kChecked)) != text.substr(kChecked)) return std::nullopt;
  return ParsedKey{*tenant, Sha256(text), std::string(text)};
}

std::string_view BearerCredential(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  authorization = Trim(authorization);
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return {};
  }
  return Trim(authorization.substr(kScheme.size()));
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace lanting::auth
