// Small text helpers that the standard library lacks in C++20. No locale, no allocation surprises.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanting {

// Number of Unicode code points, or nullopt if `text` is not well-formed UTF-8 (overlong forms and surrogates refused).
std::optional<std::size_t> Utf8Length(std::string_view text);

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);  // ASCII white space
std::string ToLowerCamel(std::string_view snake);

// base64url without padding (RFC 4648 section 5); decoding is strict and refuses padding.
std::string Base64UrlEncode(std::string_view bytes);
std::optional<std::string> Base64UrlDecode(std::string_view text);

std::string HexEncode(std::string_view bytes);
// SHA-256 digest, 32 raw bytes.
std::string Sha256(std::string_view bytes);
// `n` bytes from the kernel's random source.
std::string RandomBytes(std::size_t n);
// The same for ids that are made by the thousand and protect nothing: the kernel is asked once for many of them. Not
// for secrets: what comes next lies in memory.
std::string RandomIdBytes(std::size_t n);

}  // namespace lanting
