#include "platform/pg/tx.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "platform/base/strings.h"
#include "platform/pg/connection.h"

namespace lanting::pg {

namespace {

// Would be cut silently by libpq's text format; the edge refuses it, so this is a programming error.
std::string_view WithoutNul(std::string_view v) {
  if (v.find('\0') != v.npos) throw std::invalid_argument("NUL in a text parameter");
  return v;
}

}  // namespace

Param ToParam(std::string_view v) { return std::string(WithoutNul(v)); }
Param ToParam(const char* v) { return v ? ToParam(std::string_view(v)) : Param(); }
Param ToParam(const std::string& v) { return ToParam(std::string_view(v)); }
Param ToParam(bool v) { return std::string(v ? "t" : "f"); }
Param ToParam(std::int32_t v) { return std::to_string(v); }
Param ToParam(std::int64_t v) { return std::to_string(v); }
Param ToParam(const Id& v) { return v.IsNil() ? Param() : Param(v.ToUuid()); }
Param ToParam(Bytes v) { return "\\x" + HexEncode(v.data); }

Param ToParam(Time v) {
  auto day = std::chrono::floor<std::chrono::days>(v);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(v - day);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%06d+00", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return std::string(text);
}

namespace {

// Numbers travel in network byte order.
template <typename T>
void WriteBigEndian(char* to, T value) {
  for (int i = sizeof(T) - 1; i >= 0; --i, value = static_cast<T>(value >> 8)) to[i] = static_cast<char>(value & 0xff);
}

template <typename T>
void AppendBigEndian(std::string& out, T value) {
  char bytes[sizeof(T)];
  WriteBigEndian(bytes, value);
  out.append(bytes, sizeof bytes);
}

// The head of an array (array_recv): dimensions, whether there may be NULLs, type, length, lower bound.
constexpr std::size_t kLengthAt = 12;
constexpr Time kPostgresEpoch = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);

}  // namespace

ArrayBuilder::ArrayBuilder(std::uint32_t type_oid) {
  for (std::uint32_t head : {1u, 1u, type_oid, 0u, 1u}) AppendBigEndian(bytes_, head);
}

void ArrayBuilder::AddBytes(std::string_view v) {
  ++count_;
  AppendBigEndian(bytes_, static_cast<std::int32_t>(v.size()));
  bytes_ += v;
}

void ArrayBuilder::AddNull() {
  ++count_;
  AppendBigEndian(bytes_, std::int32_t{-1});
}

void ArrayBuilder::Add(std::string_view v) { AddBytes(WithoutNul(v)); }
void ArrayBuilder::Add(Bytes v) { AddBytes(v.data); }

void ArrayBuilder::Add(std::int32_t v) {
  ++count_;
  AppendBigEndian(bytes_, std::int32_t{sizeof v});
  AppendBigEndian(bytes_, v);
}

void ArrayBuilder::Add(std::int64_t v) {
  ++count_;
  AppendBigEndian(bytes_, std::int32_t{sizeof v});
  AppendBigEndian(bytes_, v);
}

void ArrayBuilder::Add(const Id& v) {
  if (v.IsNil()) return AddNull();
  AddBytes({reinterpret_cast<const char*>(v.bytes().data()), v.bytes().size()});
}

void ArrayBuilder::Add(Time v) { Add(static_cast<std::int64_t>((v - kPostgresEpoch) / std::chrono::microseconds(1))); }

Param ArrayBuilder::Finish() && {
  WriteBigEndian(bytes_.data() + kLengthAt, count_);
  return {std::move(bytes_), true};
}

namespace {

std::string_view Text(const pqxx::field& f) {
  if (f.is_null()) throw std::runtime_error(std::string("unexpected NULL in column ") + f.name());
  return {f.c_str(), f.size()};
}

[[noreturn]] void Malformed(const pqxx::field& f, const char* type) {
  throw std::runtime_error(std::string("column ") + f.name() + " is not a " + type);
}

// "2026-03-08 09:30:00.5+08", "+05:30" and "+05:30:15": ISO output whatever the session's time zone.
std::optional<Time> ParseTimestamp(const std::string& text) {
  int year, month, day, hour, minute, second, at = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d %2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &at) != 6) {
    return std::nullopt;
  }
  std::size_t i = at;
  std::int64_t micros = 0;
  if (i < text.size() && text[i] == '.') {
    std::int64_t unit = 100'000;
    for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, unit /= 10) micros += (text[i] - '0') * unit;
  }
  if (i >= text.size() || (text[i] != '+' && text[i] != '-')) return std::nullopt;
  int sign = text[i] == '-' ? -1 : 1, oh = 0, om = 0, os = 0;
  if (text.find(' ', i) != text.npos) return std::nullopt;  // "... BC"
  if (std::sscanf(text.c_str() + i + 1, "%2d:%2d:%2d", &oh, &om, &os) < 1) return std::nullopt;
  std::chrono::sys_days date = std::chrono::year(year) / month / day;
  return Time(date) + std::chrono::hours(hour - sign * oh) + std::chrono::minutes(minute - sign * om) +
         std::chrono::seconds(second - sign * os) + std::chrono::microseconds(micros);
}

}  // namespace

Id GetId(const pqxx::field& f) {
  auto id = Id::ParseUuid(Text(f));
  if (!id) Malformed(f, "uuid");
  return *id;
}

Time GetTime(const pqxx::field& f) {
  auto time = ParseTimestamp(std::string(Text(f)));
  if (!time) Malformed(f, "timestamp with time zone");
  return *time;
}

std::optional<Time> GetOptionalTime(const pqxx::field& f) {
  return f.is_null() ? std::nullopt : std::optional(GetTime(f));
}

std::optional<Id> GetOptionalId(const pqxx::field& f) { return f.is_null() ? std::nullopt : std::optional(GetId(f)); }

std::string GetString(const pqxx::field& f) { return f.is_null() ? std::string() : std::string(Text(f)); }

std::string GetBytes(const pqxx::field& f) {
  auto text = Text(f);
  if (!text.starts_with("\\x") || text.size() % 2 != 0) Malformed(f, "bytea in hex form");
  std::string out((text.size() - 2) / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    unsigned char byte = 0;
    const char* at = text.data() + 2 + 2 * i;
    if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) Malformed(f, "bytea in hex form");
    out[i] = static_cast<char>(byte);
  }
  return out;
}

namespace {

template <typename T>
T ReadInt(const pqxx::field& f) {
  auto text = Text(f);
  T value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) Malformed(f, "integer of this size");
  return value;
}

}  // namespace

std::int64_t GetInt(const pqxx::field& f) { return ReadInt<std::int64_t>(f); }
std::int32_t GetInt32(const pqxx::field& f) { return ReadInt<std::int32_t>(f); }

bool GetBool(const pqxx::field& f) {
  auto text = Text(f);
  if (text != "t" && text != "f") Malformed(f, "boolean");
  return text == "t";
}

std::vector<std::string> GetStringArray(const pqxx::field& f) {
  auto text = Text(f);
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') Malformed(f, "one-dimensional array");
  std::vector<std::string> out;
  if (text == "{}") return out;
  std::string element;
  bool quoted = false, was_quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (!quoted && (c == ',' || i + 1 == text.size())) {
      if (!was_quoted && element == "NULL") throw std::runtime_error(std::string("NULL in array ") + f.name());
      out.push_back(std::move(element));
      element.clear();
      was_quoted = false;
    } else if (c == '"') {
      quoted = !quoted;
      was_quoted = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      element += text[++i];
    } else {
      element += c;
    }
  }
  return out;
}

}  // namespace lanting::pg
