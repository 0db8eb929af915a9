#include "platform/calendar/posix_zone.h"

#include <cctype>
#include <cstdint>

namespace lanting::calendar {
namespace {

using namespace std::chrono;

// Reads from the front of a text; every function is false when it is not there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Name() {
    std::size_t n = 0;
    if (Take('<')) {
      n = rest_.find('>');
      if (n == std::string_view::npos) return false;
      rest_.remove_prefix(n + 1);
      return n > 0;
    }
    while (n < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[n])) != 0) ++n;
    rest_.remove_prefix(n);
    return n >= 3;
  }
  bool Number(int* out) {
    std::size_t n = 0;
    *out = 0;
    while (n < rest_.size() && n < 4 && std::isdigit(static_cast<unsigned char>(rest_[n])) != 0) {
      *out = *out * 10 + (rest_[n++] - '0');
    }
    rest_.remove_prefix(n);
    return n > 0;
  }
  // [+-]hh[:mm[:ss]]
  bool Clock(int* seconds) {
    const int sign = Take('-') ? -1 : (Take('+'), 1);
    int part = 0, sum = 0;
    if (!Number(&part) || part > 167) return false;
    sum = part * 3600;
    for (int unit = 60; unit > 0 && Take(':'); unit /= 60) {
      if (!Number(&part) || part > 59) return false;
      sum += part * unit;
    }
    *seconds = sign * sum;
    return true;
  }
  bool ChangeOf(PosixZone::Change* out) {
    using Kind = PosixZone::Change::Kind;
    if (Take('M')) {
      out->kind = Kind::kWeekday;
      if (!Number(&out->month) || !Take('.') || !Number(&out->week) || !Take('.') || !Number(&out->day)) return false;
      if (out->month < 1 || out->month > 12 || out->week < 1 || out->week > 5 || out->day > 6) return false;
    } else {
      out->kind = Take('J') ? Kind::kJulian : Kind::kDay;
      if (!Number(&out->day) || out->day > 366) return false;
    }
    return !Take('/') || Clock(&out->seconds);
  }

 private:
  std::string_view rest_;
};

// Local seconds since the epoch at which the change of that year takes place.
std::int64_t At(const PosixZone::Change& change, year y) {
  using Kind = PosixZone::Change::Kind;
  local_days day = local_days{y / January / 1};
  if (change.kind == Kind::kWeekday) {
    const auto of_month = y / month(static_cast<unsigned>(change.month));
    const weekday wanted(static_cast<unsigned>(change.day));
    day = change.week == 5 ? local_days{of_month / weekday_last(wanted)}
                           : local_days{of_month / weekday_indexed(wanted, static_cast<unsigned>(change.week))};
  } else if (change.kind == Kind::kJulian) {  // 29 February is never counted
    day += days(change.day - 1 + (y.is_leap() && change.day >= 60 ? 1 : 0));
  } else {
    day += days(change.day);
  }
  return seconds(day.time_since_epoch()).count() + change.seconds;
}

}  // namespace

std::optional<PosixZone> PosixZone::Parse(std::string_view text) {
  Reader in(text);
  PosixZone zone;
  int offset = 0;
  if (!in.Name() || !in.Clock(&offset)) return std::nullopt;
  zone.standard_ = zone.dst_ = seconds(-offset);  // POSIX counts to the west
  zone.known_ = true;
  if (in.done()) return zone;
  if (!in.Name()) return std::nullopt;
  zone.has_dst_ = true;
  zone.dst_ = zone.standard_ + hours(1);
  if (!in.Take(',')) {
    if (!in.Clock(&offset) || !in.Take(',')) return std::nullopt;
    zone.dst_ = seconds(-offset);
  }
  if (!in.ChangeOf(&zone.start_) || !in.Take(',') || !in.ChangeOf(&zone.end_) || !in.done()) return std::nullopt;
  return zone;
}

seconds PosixZone::OffsetAt(std::int64_t time) const {
  if (!has_dst_) return standard_;
  const local_seconds local{seconds(time) + standard_};
  const auto y = year_month_day(floor<days>(local)).year();
  const auto start = At(start_, y) - standard_.count(), end = At(end_, y) - dst_.count();
  const bool dst = start < end ? start <= time && time < end : !(end <= time && time < start);
  return dst ? dst_ : standard_;
}

}  // namespace lanting::calendar
