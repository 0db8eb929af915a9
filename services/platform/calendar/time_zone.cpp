#include "platform/calendar/time_zone.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>

namespace lanting::calendar {
namespace {

using std::chrono::seconds;

constexpr const char* kZoneInfo = "/usr/share/zoneinfo/";
constexpr std::size_t kHeader = 44;

// Big-endian, signed.
std::int64_t Int(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[at]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return static_cast<std::int64_t>(value);
}

struct Header {
  std::size_t isut, isstd, leap, time, type, chars;
  std::size_t Data(std::size_t time_size) const {
    return time * (time_size + 1) + type * 6 + chars + leap * (time_size + 4) + isstd + isut;
  }
};

std::optional<Header> ReadHeader(std::string_view file) {
  if (file.size() < kHeader || !file.starts_with("TZif") || file[4] < '2') return std::nullopt;
  const auto count = [&](std::size_t i) { return static_cast<std::size_t>(Int(file, 20 + 4 * i, 4)) & 0xffffff; };
  return Header{count(0), count(1), count(2), count(3), count(4), count(5)};
}

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name[0] != '/' && name.find("..") == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

std::shared_ptr<const TimeZone> TimeZone::Parse(std::string_view file) {
  const auto old = ReadHeader(file);
  if (!old || file.size() < kHeader + old->Data(4)) return nullptr;
  file.remove_prefix(kHeader + old->Data(4));  // what follows says the same with 64 bits
  const auto header = ReadHeader(file);
  if (!header || header->type == 0 || file.size() < kHeader + header->Data(8)) return nullptr;
  const std::size_t times = kHeader, kinds = times + 8 * header->time, types = kinds + header->time;
  const auto offset = [&](std::size_t type) { return seconds(Int(file, types + 6 * type, 4)); };
  auto zone = std::make_shared<TimeZone>();
  zone->first_ = offset(0);
  for (std::size_t i = 0; i < header->time; ++i) {
    const auto type = static_cast<unsigned char>(file[kinds + i]);
    if (type >= header->type) return nullptr;
    zone->transitions_.push_back(Int(file, times + 8 * i, 8));
    zone->offsets_.push_back(offset(type));
  }
  if (!std::is_sorted(zone->transitions_.begin(), zone->transitions_.end())) return nullptr;
  auto footer = file.substr(kHeader + header->Data(8));
  if (footer.size() > 2 && footer[0] == '\n') {
    footer = footer.substr(1, footer.find('\n', 1) - 1);
    if (auto rule = PosixZone::Parse(footer)) zone->after_ = *rule;
  }
  return zone;
}

std::shared_ptr<const TimeZone> TimeZone::Find(const std::string& name) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::string, std::shared_ptr<const TimeZone>>;
  if (!IsName(name)) return nullptr;
  std::lock_guard lock(mutex);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  std::ifstream in(kZoneInfo + name, std::ios::binary);
  std::stringstream bytes;
  if (!in || !(bytes << in.rdbuf())) return nullptr;
  auto zone = Parse(bytes.str());
  if (zone) known.emplace(name, zone);  // there are some 600 of them
  return zone;
}

seconds TimeZone::OffsetAt(Time time) const {
  const auto at = std::chrono::floor<seconds>(time).time_since_epoch().count();
  const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), at);
  if (next == transitions_.end() && after_.known()) return after_.OffsetAt(at);
  if (next == transitions_.begin()) return first_;
  return offsets_[static_cast<std::size_t>(next - transitions_.begin()) - 1];
}

LocalTime TimeZone::ToLocal(Time time) const {
  return LocalTime(std::chrono::floor<seconds>(time).time_since_epoch() + OffsetAt(time));
}

Time TimeZone::ToTime(LocalTime local) const {
  const Time as_utc(local.time_since_epoch());
  const auto before = OffsetAt(as_utc - std::chrono::hours(24)), after = OffsetAt(as_utc + std::chrono::hours(24));
  const Time early = as_utc - before, late = as_utc - after;
  if (OffsetAt(early) == before) return OffsetAt(late) == after ? std::min(early, late) : early;
  return OffsetAt(late) == after ? late : early;
}

std::optional<LocalTime> ParseLocal(std::string_view text) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, read = 0;
  const std::string copy(text);
  if (text.size() != 16 && text.size() != 19) return std::nullopt;
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d%n", &y, &mo, &d, &h, &mi, &read) != 5) return std::nullopt;
  if (text.size() == 19) std::sscanf(copy.c_str() + read, ":%2d", &s);
  using namespace std::chrono;
  const year_month_day day(year(y), month(static_cast<unsigned>(mo)), std::chrono::day(static_cast<unsigned>(d)));
  if (!day.ok() || h > 23 || mi > 59 || s > 59) return std::nullopt;
  return local_days(day) + hours(h) + minutes(mi) + seconds(s);
}

std::string FormatLocal(LocalTime local) {
  using namespace std::chrono;
  const auto day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss time(local - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace lanting::calendar
