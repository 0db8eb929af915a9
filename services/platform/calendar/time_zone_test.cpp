#include "platform/calendar/time_zone.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <random>

namespace lanting::calendar {
namespace {

using namespace std::chrono;

LocalTime L(const char* text) { return *ParseLocal(text); }
// "2026-03-08T07:00:00" in UTC.
Time U(const char* text) { return Time(ParseLocal(text)->time_since_epoch()); }

TEST(TimeZoneTest, SummerTime) {
  struct Case {
    const char *zone, *local, *utc;
  };
  for (const auto& c : std::vector<Case>{
           {"Asia/Shanghai", "2026-05-01T09:00:00", "2026-05-01T01:00:00"},
           {"Asia/Shanghai", "2126-12-31T23:59:59", "2126-12-31T15:59:59"},
           {"Asia/Shanghai", "1988-07-01T09:00:00", "1988-07-01T00:00:00"},  // it had summer time once
           {"America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59"},
           {"America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00"},  // skipped: 03:30 EDT
           {"America/New_York", "2026-03-08T03:00:00", "2026-03-08T07:00:00"},
           {"America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00"},  // twice: the first
           {"America/New_York", "2026-11-01T02:00:00", "2026-11-01T07:00:00"},
           {"America/New_York", "2100-07-04T12:00:00", "2100-07-04T16:00:00"},  // by the rule at the end of the file
           {"America/New_York", "2100-01-04T12:00:00", "2100-01-04T17:00:00"},
           {"Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00"},
           {"Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00"},
           {"Europe/Dublin", "2090-07-01T12:00:00", "2090-07-01T11:00:00"},  // its winter is the exception
           {"Europe/Dublin", "2090-01-01T12:00:00", "2090-01-01T12:00:00"},
           {"Australia/Lord_Howe", "2090-01-01T12:00:00", "2090-01-01T01:00:00"},  // half an hour of summer time
           {"America/Santiago", "2090-07-01T12:00:00", "2090-07-01T16:00:00"},
           {"UTC", "2026-05-01T09:00:00", "2026-05-01T09:00:00"}}) {
    const auto zone = TimeZone::Find(c.zone);
    ASSERT_TRUE(zone) << c.zone;
    EXPECT_EQ(zone->ToTime(L(c.local)), U(c.utc)) << c.zone << " " << c.local;
  }
}

// The C library as the judge, one zone after the other.
TEST(TimeZoneTest, AgreesWithTheCLibrary) {
  std::mt19937 random(7);
  std::uniform_int_distribution<std::int64_t> any(-2'000'000'000, 6'000'000'000);
  for (const char* name : {"Asia/Shanghai", "America/New_York", "Europe/Berlin", "Europe/Dublin", "Asia/Kolkata",
                           "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia",
                           "Asia/Tehran", "Antarctica/Troll", "America/Santiago", "Asia/Urumqi", "Etc/GMT+5"}) {
    ::setenv("TZ", name, 1);
    ::tzset();
    const auto zone = TimeZone::Find(name);
    ASSERT_TRUE(zone) << name;
    for (int i = 0; i < 3000; ++i) {
      const time_t at = any(random);
      tm parts{};
      ::localtime_r(&at, &parts);
      EXPECT_EQ(zone->OffsetAt(Time(seconds(at))).count(), parts.tm_gmtoff) << name << " " << at;
      // There and back: to the same instant, or to the first of a local time that comes twice.
      const auto local = zone->ToLocal(Time(seconds(at)));
      const auto back = zone->ToTime(local);
      EXPECT_EQ(zone->ToLocal(back), local) << name << " " << at;
      EXPECT_LE(back, Time(seconds(at))) << name << " " << at;
    }
  }
  ::unsetenv("TZ");
  ::tzset();
}

TEST(TimeZoneTest, WhatIsNoZone) {
  for (const char* name : {"", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Asia", "tzdata.zi", "zone.tab"}) {
    EXPECT_EQ(TimeZone::Find(name), nullptr) << name;
  }
  EXPECT_EQ(TimeZone::Find("Asia/Shanghai"), TimeZone::Find("Asia/Shanghai"));
}

TEST(TimeZoneTest, BrokenFilesAreNone) {
  std::string file = "TZif2";
  file.resize(44, '\0');
  EXPECT_EQ(TimeZone::Parse(file), nullptr);
  file += file;
  EXPECT_EQ(TimeZone::Parse(file), nullptr) << "no type at all";
  file[44 + 39] = 5;
  EXPECT_EQ(TimeZone::Parse(file), nullptr) << "types that are not there";
  EXPECT_EQ(TimeZone::Parse(""), nullptr);
}

TEST(PosixZoneTest, Forms) {
  EXPECT_EQ(PosixZone::Parse("CST-8")->OffsetAt(0), hours(8));
  EXPECT_EQ(PosixZone::Parse("<-03>3")->OffsetAt(0), hours(-3));
  EXPECT_EQ(PosixZone::Parse("<+0545>-5:45")->OffsetAt(0), minutes(345));
  EXPECT_EQ(PosixZone::Parse("AAA3BBB,J60/2,J300/2")->OffsetAt(1'780'000'000), hours(-2));
  EXPECT_EQ(PosixZone::Parse("AAA3BBB,59/-1,299/26")->OffsetAt(1'780'000'000), hours(-2));
  for (const char* no : {"", "CST", "C8", "EST5EDT", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0", "<EST5", "EST5 "}) {
    EXPECT_FALSE(PosixZone::Parse(no)) << no;
  }
}

TEST(LocalTimeTest, ThereAndBack) {
  for (const char* text : {"2026-05-01T09:00:00", "2024-02-29T23:59:59", "0001-01-01T00:00:00"}) {
    EXPECT_EQ(FormatLocal(L(text)), text);
  }
  EXPECT_EQ(FormatLocal(L("2026-05-01T09:00")), "2026-05-01T09:00:00");
  for (const char* no :
       {"", "2026-05-01", "2026-05-01 09:00", "2026-02-29T09:00:00", "2026-05-01T24:00:00", "2026-05-01T09:60:00",
        "2026-05-01T09:00:60", "2026-05-01T09:00:00Z", "+026-05-01T09:00:00", "2026-05-01T09:00:0x"}) {
    EXPECT_FALSE(ParseLocal(no)) << no;
  }
}

}  // namespace
}  // namespace lanting::calendar
