#include "platform/calendar/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace lanting::calendar {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

LocalTime L(const std::string& text) { return *ParseLocal(text); }

Result<Schedule> Make(const std::string& rrule, const std::string& start = "2026-05-01T09:00:00",
                      const std::string& zone = "Asia/Shanghai") {
  return Schedule::Make(rrule, L(start), TimeZone::Find(zone), "rrule");
}
// The local days and UTC times of a window given in local time of the zone.
std::vector<std::string> Show(const std::string& rrule, const std::string& start, const std::string& zone,
                              const std::string& from, const std::string& to, std::size_t max = 1000) {
  const auto schedule = Make(rrule, start, zone);
  if (!schedule.ok()) return {schedule.error().violations.front().description};
  const auto tz = TimeZone::Find(zone);
  std::vector<std::string> out;
  for (const auto& one : schedule->Between(tz->ToTime(L(from)), tz->ToTime(L(to)), max).list) {
    out.push_back(FormatLocal(one.local).substr(5, 11) + "=" +
                  FormatLocal(LocalTime(floor<seconds>(one.time).time_since_epoch())).substr(11, 5));
  }
  return out;
}

TEST(ScheduleTest, NineStaysNineWhenClocksChange) {
  EXPECT_THAT(
      Show("FREQ=DAILY", "2026-01-01T09:00:00", "America/New_York", "2026-03-07T00:00:00", "2026-03-10T00:00:00"),
      ElementsAre("03-07T09:00=14:00", "03-08T09:00=13:00", "03-09T09:00=13:00"));
  EXPECT_THAT(Show("FREQ=DAILY", "2026-01-01T09:00:00", "Europe/Berlin", "2026-10-24T00:00:00", "2026-10-27T00:00:00"),
              ElementsAre("10-24T09:00=07:00", "10-25T09:00=08:00", "10-26T09:00=08:00"));
  EXPECT_THAT(Show("FREQ=DAILY", "2026-01-01T09:00:00", "Asia/Shanghai", "2026-03-07T00:00:00", "2026-03-09T00:00:00"),
              ElementsAre("03-07T09:00=01:00", "03-08T09:00=01:00"));
}

TEST(ScheduleTest, TimesThatClocksSkipOrRepeat) {
  // 02:30 does not exist on 8 March: an hour later by the clock, and once with the hourly 03:30.
  EXPECT_THAT(
      Show("FREQ=DAILY", "2026-03-07T02:30:00", "America/New_York", "2026-03-07T00:00:00", "2026-03-10T00:00:00"),
      ElementsAre("03-07T02:30=07:30", "03-08T02:30=07:30", "03-09T02:30=06:30"));
  EXPECT_THAT(
      Show("FREQ=HOURLY", "2026-03-08T00:30:00", "America/New_York", "2026-03-08T00:00:00", "2026-03-08T05:00:00"),
      ElementsAre("03-08T00:30=05:30", "03-08T01:30=06:30", "03-08T02:30=07:30", "03-08T04:30=08:30"));
  // 01:30 comes twice on 1 November: the first time.
  EXPECT_THAT(
      Show("FREQ=DAILY", "2026-10-31T01:30:00", "America/New_York", "2026-10-31T00:00:00", "2026-11-03T00:00:00"),
      ElementsAre("10-31T01:30=05:30", "11-01T01:30=05:30", "11-02T01:30=06:30"));
}

TEST(ScheduleTest, Rules) {
  const auto may = [](const std::string& rule) {
    auto all = Show(rule, "2026-05-01T09:00:00", "Asia/Shanghai", "2026-05-01T00:00:00", "2026-06-01T00:00:00");
    std::string text;
    for (auto& one : all) text += (text.empty() ? "" : " ") + one.substr(3, 8);
    return text;
  };
  EXPECT_EQ(may(""), "01T09:00");
  EXPECT_EQ(may("FREQ=DAILY;COUNT=2"), "01T09:00 02T09:00");
  EXPECT_EQ(may("FREQ=WEEKLY;BYDAY=MO"), "04T09:00 11T09:00 18T09:00 25T09:00");
  EXPECT_EQ(may("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,SA"), "01T09:00 02T09:00 15T09:00 16T09:00 29T09:00 30T09:00");
  EXPECT_EQ(may("FREQ=DAILY;BYHOUR=10,18;COUNT=3"), "01T10:00 01T18:00 02T10:00");
  EXPECT_EQ(may("FREQ=MONTHLY;BYDAY=-1FR"), "29T09:00");
  EXPECT_EQ(may("FREQ=WEEKLY;UNTIL=20260515"), "01T09:00 08T09:00 15T09:00") << "a date is the last day";
  EXPECT_EQ(may("FREQ=DAILY;UNTIL=20260502T010000Z"), "01T09:00 02T09:00") << "09:00 in Shanghai is 01:00 UTC";
  EXPECT_EQ(may("FREQ=DAILY;UNTIL=20260502T005959Z"), "01T09:00");
  EXPECT_EQ(may("FREQ=DAILY;UNTIL=20260502T090000"), "01T09:00 02T09:00");
  EXPECT_EQ(may("FREQ=MONTHLY;BYMONTHDAY=31"), "31T09:00");
}

TEST(ScheduleTest, WhatIsNoRuleOrMayNotBe) {
  for (const std::string rule : {"junk",
                                 "FREQ=",
                                 "FREQ=FORTNIGHTLY",
                                 "FREQ=SECONDLY",
                                 "FREQ=MINUTELY;INTERVAL=59",
                                 "FREQ=DAILY;INTERVAL=0",
                                 "FREQ=DAILY;COUNT=2;UNTIL=20270101T000000",
                                 "FREQ=DAILY;BYHOUR=25",
                                 "FREQ=DAILY;FOO=1",
                                 "FREQ=WEEKLY;BYDAY=XX",
                                 "FREQ=DAILY;BYHOUR=1;BYSECOND=1,2,3",
                                 "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1",
                                 "FREQ=DAILY;SKIP=FORWARD",
                                 "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                                 "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
                                 "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
                                 "FREQ=DAILY;UNTIL=20200101T000000",
                                 "freq=daily",
                                 "FREQ=DAILY\n",
                                 "FREQ=DAILY;COUNT=-1",
                                 "RRULE:FREQ=DAILY"}) {
    const auto made = Make(rule);
    EXPECT_FALSE(made.ok()) << rule;
    if (made.ok()) continue;
    EXPECT_EQ(made.error().reason, "INVALID_FIELDS");
    EXPECT_EQ(made.error().violations.front().field, "rrule");
  }
  EXPECT_FALSE(Make("FREQ=DAILY;BYDAY=" + std::string(500, 'M')).ok());
}

TEST(ScheduleTest, EvilRulesEndInTime) {
  const auto far = Time(seconds(4'000'000'000));  // in the year 2096
  for (const std::string rule :
       {"FREQ=HOURLY",
        "FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=HOURLY;BYYEARDAY=366", "FREQ=DAILY;COUNT=2000000000",
        "FREQ=YEARLY;INTERVAL=4;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,10,20,30,40,50",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=HOURLY;INTERVAL=30000"}) {
    const auto started = steady_clock::now();
    const auto made = Make(rule, "2024-01-01T00:00:00");
    ASSERT_TRUE(made.ok()) << rule;
    const auto found = made->Between(Time::min() + days(800'000), far);
    EXPECT_LE(found.list.size(), 1000u);
    (void)made->Between(far, far + days(92));
    EXPECT_LT(duration_cast<milliseconds>(steady_clock::now() - started).count(), 60'000) << rule;
  }
}

// A window in the middle is what a walk from the start finds there.
TEST(ScheduleTest, AWindowIsAPieceOfTheWhole) {
  for (const std::string zone : {"Asia/Shanghai", "America/New_York", "Europe/Berlin"}) {
    for (const std::string rule :
         {"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "FREQ=WEEKLY;BYDAY=SU;WKST=SU",
          "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1", "FREQ=DAILY;BYHOUR=1,2,3",
          "FREQ=HOURLY;INTERVAL=7", "FREQ=YEARLY;BYMONTH=3,11;BYDAY=1SU", "FREQ=DAILY;INTERVAL=10;COUNT=60",
          "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=DAILY;BYDAY=MO,WE;UNTIL=20260901"}) {
      const auto made = Make(rule, "2024-12-30T02:30:00", zone);
      ASSERT_TRUE(made.ok()) << rule;
      std::vector<Occurrence> whole;
      const auto begin = TimeZone::Find(zone)->ToTime(L("2024-12-01T00:00:00")), end = begin + days(800);
      for (auto at = begin;;) {  // page by page
        const auto page = made->Between(at, end, 50);
        whole.insert(whole.end(), page.list.begin(), page.list.end());
        if (!page.more) break;
        at = page.list.back().time + seconds(1);
      }
      EXPECT_TRUE(std::is_sorted(whole.begin(), whole.end()));
      EXPECT_FALSE(whole.empty());
      for (auto from = begin; from < end; from += days(37)) {
        std::vector<Occurrence> expected;
        for (const auto& one : whole) {
          if (from <= one.time && one.time < std::min(from + days(37), end)) expected.push_back(one);
        }
        EXPECT_EQ(made->Between(from, std::min(from + days(37), end)).list, expected) << zone << " " << rule;
      }
      if (::testing::Test::HasFailure()) FAIL() << zone << " " << rule;
    }
  }
}

TEST(ScheduleTest, ManyThreads) {
  std::vector<std::thread> threads;
  std::vector<std::size_t> found(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto made = Make(i % 2 == 0 ? "FREQ=DAILY;BYHOUR=7,19" : "nonsense", "2026-01-01T07:00:00",
                               t % 2 == 0 ? "Europe/Berlin" : "America/New_York");
        if (made.ok()) found[t] += made->Between(Time(days(20'600)), Time(days(20'610))).list.size();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(found, ElementsAre(500, 500, 500, 500));
}

TEST(ScheduleTest, EmptyWindows) {
  const auto made = *Make("FREQ=DAILY");
  const auto now = Time(seconds(1'790'000'000));
  EXPECT_THAT(made.Between(now, now).list, IsEmpty());
  EXPECT_THAT(made.Between(now, now - days(1)).list, IsEmpty());
  EXPECT_THAT(made.Between(now, now + days(9), 0).list, IsEmpty());
}

}  // namespace
}  // namespace lanting::calendar
