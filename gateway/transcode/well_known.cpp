#include "gateway/transcode/well_known.h"

#include <array>
#include <charconv>
#include <chrono>

#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;

constexpr std::int64_t kMinSeconds = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kMaxSeconds = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::int64_t kMaxDuration = 315'576'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes exactly `n` digits from the front.
bool TakeDigits(std::string_view* text, int n, int* out) {
  if (text->size() < static_cast<std::size_t>(n)) return false;
  *out = 0;
  for (int i = 0; i < n; ++i) {
    if (!IsDigit((*text)[i])) return false;
    *out = *out * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(n);
  return true;
}

bool TakeChar(std::string_view* text, char c) {
  if (!text->starts_with(c)) return false;
  text->remove_prefix(1);
  return true;
}

// ".5" -> 500,000,000; absent -> 0; one to nine digits.
bool TakeFraction(std::string_view* text, int* nanos) {
  *nanos = 0;
  if (!TakeChar(text, '.')) return true;
  int digits = 0;
  for (; digits < 9 && !text->empty() && IsDigit(text->front()); ++digits) {
    *nanos = *nanos * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  if (digits == 0 || (!text->empty() && IsDigit(text->front()))) return false;
  for (; digits < 9; ++digits) *nanos *= 10;
  return true;
}

bool TakeOffset(std::string_view* text, int* seconds) {
  *seconds = 0;
  if (TakeChar(text, 'Z')) return true;
  const bool minus = text->starts_with('-');
  if (!minus && !text->starts_with('+')) return false;
  text->remove_prefix(1);
  int hours, minutes;
  if (!TakeDigits(text, 2, &hours) || !TakeChar(text, ':') || !TakeDigits(text, 2, &minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  *seconds = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
  return true;
}

// The last `n` decimal digits of `value`.
void AppendDigits(unsigned value, int n, std::string* out) {
  char buffer[10];
  for (int i = n; i-- > 0; value /= 10) buffer[i] = static_cast<char>('0' + value % 10);
  out->append(buffer, static_cast<std::size_t>(n));
}

void AppendNanos(unsigned nanos, std::string* out) {
  if (nanos == 0) return;
  *out += '.';
  if (nanos % 1'000'000 == 0) return AppendDigits(nanos / 1'000'000, 3, out);
  if (nanos % 1'000 == 0) return AppendDigits(nanos / 1'000, 6, out);
  AppendDigits(nanos, 9, out);
}

std::string ToSnake(std::string_view camel) {
  std::string snake;
  for (char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      snake += '_';
      c = static_cast<char>(c - 'A' + 'a');
    }
    snake += c;
  }
  return snake;
}

bool IsMaskPath(std::string_view path, bool snake) {
  for (char c : path) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '.' || c == '*' || (snake && c == '_');
    if (!allowed) return false;
  }
  return !path.empty();
}

// False if the path would not come back as it was.
bool AppendCamel(const std::string& snake, std::string* out) {
  const std::size_t start = out->size();
  bool upper = false;
  for (char c : snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    *out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return IsMaskPath(std::string_view(*out).substr(start), false) && ToSnake(out->substr(start)) == snake;
}

}  // namespace

bool ParseTimestamp(std::string_view text, pb::Timestamp* out) {
  int year, month, day, hour, minute, second, nanos, offset;
  if (!TakeDigits(&text, 4, &year) || !TakeChar(&text, '-') || !TakeDigits(&text, 2, &month) || !TakeChar(&text, '-') ||
      !TakeDigits(&text, 2, &day) || !TakeChar(&text, 'T') || !TakeDigits(&text, 2, &hour) || !TakeChar(&text, ':') ||
      !TakeDigits(&text, 2, &minute) || !TakeChar(&text, ':') || !TakeDigits(&text, 2, &second) ||
      !TakeFraction(&text, &nanos) || !TakeOffset(&text, &offset) || !text.empty())
    return false;
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return false;
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second - offset;
  if (seconds < kMinSeconds || seconds > kMaxSeconds) return false;
  out->set_seconds(seconds);
  out->set_nanos(nanos);
  return true;
}

bool AppendTimestamp(const pb::Timestamp& time, std::string* out) {
  if (time.seconds() < kMinSeconds || time.seconds() > kMaxSeconds || time.nanos() < 0 || time.nanos() > 999'999'999)
    return false;
  using namespace std::chrono;
  const sys_seconds at{seconds(time.seconds())};
  const sys_days day = floor<days>(at);
  const year_month_day date{day};
  const auto of_day = static_cast<unsigned>((at - day).count());
  AppendDigits(static_cast<unsigned>(static_cast<int>(date.year())), 4, out);
  const std::pair<char, unsigned> parts[] = {{'-', static_cast<unsigned>(date.month())},
                                             {'-', static_cast<unsigned>(date.day())},
                                             {'T', of_day / 3600},
                                             {':', of_day / 60 % 60},
                                             {':', of_day % 60}};
  for (const auto& [separator, value] : parts) {
    *out += separator;
    AppendDigits(value, 2, out);
  }
  AppendNanos(static_cast<unsigned>(time.nanos()), out);
  *out += 'Z';
  return true;
}

bool ParseDuration(std::string_view text, pb::Duration* out) {
  const bool minus = TakeChar(&text, '-');
  std::int64_t seconds = 0;
  auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (fault != std::errc() || text.starts_with('-') || seconds > kMaxDuration) return false;
  text.remove_prefix(stop - text.data());
  int nanos;
  if (!TakeFraction(&text, &nanos) || text != "s" || (seconds == kMaxDuration && nanos > 0)) return false;
  out->set_seconds(minus ? -seconds : seconds);
  out->set_nanos(minus ? -nanos : nanos);
  return true;
}

bool AppendDuration(const pb::Duration& duration, std::string* out) {
  const std::int64_t seconds = duration.seconds();
  const int nanos = duration.nanos();
  if (seconds < -kMaxDuration || seconds > kMaxDuration || nanos <= -1'000'000'000 || nanos >= 1'000'000'000 ||
      (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0))
    return false;
  if (seconds < 0 || nanos < 0) *out += '-';
  *out += std::to_string(seconds < 0 ? -seconds : seconds);
  AppendNanos(static_cast<unsigned>(nanos < 0 ? -nanos : nanos), out);
  *out += 's';
  return true;
}

bool ParseFieldMask(std::string_view text, bool snake, pb::FieldMask* out) {
  out->clear_paths();
  if (text.empty()) return true;
  for (std::string_view path : Split(text, ',')) {
    if (!IsMaskPath(path, snake)) return false;
    std::string snake_path = ToSnake(path), camel;
    if (!AppendCamel(snake_path, &camel)) return false;
    out->add_paths(std::move(snake_path));
  }
  return true;
}

bool AppendFieldMask(const pb::FieldMask& mask, std::string* out) {
  for (int i = 0; i < mask.paths_size(); ++i) {
    if (i > 0) *out += ',';
    if (!AppendCamel(mask.paths(i), out)) return false;
  }
  return true;
}

bool DecodeBase64(std::string_view text, std::string* out) {
  static constexpr auto kValues = [] {
    std::array<signed char, 256> values{};
    values.fill(-1);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < alphabet.size(); ++i)
      values[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
    values['-'] = 62;
    values['_'] = 63;
    return values;
  }();
  const std::size_t padded = text.size();
  while (!text.empty() && text.back() == '=' && padded - text.size() < 2) text.remove_suffix(1);
  if (padded != text.size() && padded % 4 != 0) return false;
  if (text.size() % 4 == 1) return false;
  out->clear();
  out->reserve(text.size() * 3 / 4);
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out->push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  return true;
}

void AppendBase64(std::string_view bytes, std::string* out) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) *out += k <= n ? kAlphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
}

}  // namespace lanting::gateway
