#include "gateway/transcode/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

namespace lanting::gateway {
namespace {

// Larger exponents are all the same: no text is that long.
constexpr std::int64_t kHugeExponent = 1'000'000'000'000;

struct Decimal {
  bool minus = false;
  std::string_view whole, fraction;
  std::int64_t exponent = 0;
};

std::string_view TakeDigits(std::string_view* text) {
  std::size_t n = 0;
  while (n < text->size() && (*text)[n] >= '0' && (*text)[n] <= '9') ++n;
  const std::string_view digits = text->substr(0, n);
  text->remove_prefix(n);
  return digits;
}

bool Take(std::string_view* text, char c) {
  if (!text->starts_with(c)) return false;
  text->remove_prefix(1);
  return true;
}

// RFC 8259: [-] int [. digits] [e [+-] digits].
bool ParseDecimal(std::string_view text, Decimal* out) {
  out->minus = Take(&text, '-');
  out->whole = TakeDigits(&text);
  if (out->whole.empty() || (out->whole.size() > 1 && out->whole[0] == '0')) return false;
  if (Take(&text, '.') && (out->fraction = TakeDigits(&text)).empty()) return false;
  if (Take(&text, 'e') || Take(&text, 'E')) {
    const bool down = Take(&text, '-');
    if (!down) Take(&text, '+');
    const std::string_view digits = TakeDigits(&text);
    if (digits.empty()) return false;
    for (char c : digits) out->exponent = std::min(kHugeExponent, out->exponent * 10 + (c - '0'));
    if (down) out->exponent = -out->exponent;
  }
  return text.empty();
}

bool ToUint64(std::string_view digits, std::uint64_t* out) {
  auto [stop, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), *out);
  return fault == std::errc() && stop == digits.data() + digits.size();
}

double Strto(const char* text, double) { return std::strtod(text, nullptr); }
float Strto(const char* text, float) { return std::strtof(text, nullptr); }

template <typename T>
bool Floating(std::string_view text, T* out) {
  Decimal decimal;
  if (!ParseDecimal(text, &decimal)) return false;
  auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), *out);
  if (fault == std::errc::result_out_of_range) *out = Strto(std::string(text).c_str(), T());  // tells large from small
  return !std::isinf(*out);
}

}  // namespace

bool ParseMagnitude(std::string_view text, NumberForm form, bool* minus, std::uint64_t* magnitude) {
  Decimal decimal;
  if (!ParseDecimal(text, &decimal)) return false;
  *minus = decimal.minus;
  if (decimal.whole.size() + decimal.minus == text.size()) {
    if (!ToUint64(decimal.whole, magnitude)) return false;
    return form == NumberForm::kJson || !decimal.minus || *magnitude != 0;
  }
  if (form == NumberForm::kPlain) return false;
  std::string digits(decimal.whole);
  digits += decimal.fraction;
  std::int64_t zeros = decimal.exponent - static_cast<std::int64_t>(decimal.fraction.size());
  const std::size_t last = digits.find_last_not_of('0');
  if (last == std::string::npos) return *magnitude = 0, true;
  zeros += static_cast<std::int64_t>(digits.size() - last - 1);
  digits.resize(last + 1);
  digits.erase(0, digits.find_first_not_of('0'));
  if (zeros < 0 || zeros > 20 || digits.size() > 20) return false;
  digits.append(static_cast<std::size_t>(zeros), '0');
  return ToUint64(digits, magnitude);
}

bool ParseDouble(std::string_view text, double* out) { return Floating(text, out); }
bool ParseFloat(std::string_view text, float* out) { return Floating(text, out); }

}  // namespace lanting::gateway
