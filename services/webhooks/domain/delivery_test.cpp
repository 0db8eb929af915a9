#include "webhooks/domain/delivery.h"

#include <gtest/gtest.h>

#include "webhooks/domain/schedule.h"

namespace lanting::webhooks {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kNow = Time(seconds(1'790'000'000));

Delivery New() {
  return {.id = Id::New(), .schedule_start_time = kNow, .next_attempt_time = kNow, .create_time = kNow};
}
Attempt Status(int code, std::string retry_after = "") {
  return {.result = ResultOf(code), .status_code = code, .retry_after = std::move(retry_after)};
}
const Attempt kTimedOut{.result = AttemptResult::kTimeout};

TEST(Schedule, IsAboutThreeDays) {
  seconds sum{0};
  for (auto delay : kRetryDelays) sum += delay;
  EXPECT_EQ(sum, hours(70) + minutes(42) + seconds(35));
  for (int n = 1; n <= static_cast<int>(kRetryDelays.size()); ++n) {
    const milliseconds base = kRetryDelays[static_cast<std::size_t>(n - 1)];
    EXPECT_EQ(RetryDelay(n, 0.0, {}), base * 9 / 10);
    EXPECT_EQ(RetryDelay(n, 0.5, {}), base);
    EXPECT_LT(*RetryDelay(n, 0.999, {}), base * 11 / 10);
  }
  EXPECT_EQ(RetryDelay(12, 0.5, {}), std::nullopt);
  EXPECT_EQ(RetryDelay(0, 0.5, {}), std::nullopt);
}

TEST(Schedule, AReceiverMayAskForMoreTime) {
  EXPECT_EQ(RetryDelay(1, 0.5, seconds(3)), seconds(5));
  EXPECT_EQ(RetryDelay(1, 0.5, seconds(120)), seconds(120));
  EXPECT_EQ(RetryDelay(1, 0.5, hours(24 * 30)), kMaxRetryAfter);
  EXPECT_EQ(RetryDelay(1, 0.5, seconds(-1)), seconds(5));
  EXPECT_EQ(RetryDelay(12, 0.5, seconds(120)), std::nullopt);
}

TEST(Schedule, RetryAfterIsSecondsOrADate) {
  const Time now = Time(seconds(784111777));  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(ParseRetryAfter("120", now), seconds(120));
  EXPECT_EQ(ParseRetryAfter("0", now), seconds(0));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999", now), kMaxRetryAfter);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", now), seconds(60));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0));
  for (const char* text :
       {"", "-5", "soon", "1.5", "12 s", "Sunday, 06-Nov-94 08:50:37 GMT", "06 Nov 1994", "-99999999999999999999"})
    EXPECT_EQ(ParseRetryAfter(text, now), std::nullopt) << text;
}

TEST(Delivery, ItsIdIsThatOfEventAndWebhookAndInTheOrderOfEvents) {
  const Id event = Id::New(kNow), later = Id::New(kNow + seconds(1)), webhook = Id::New(), other = Id::New();
  EXPECT_EQ(DeliveryIdOf(event, webhook), DeliveryIdOf(event, webhook));
  EXPECT_NE(DeliveryIdOf(event, webhook), DeliveryIdOf(event, other));
  EXPECT_NE(DeliveryIdOf(event, webhook), DeliveryIdOf(webhook, event));
  EXPECT_LT(DeliveryIdOf(event, webhook), DeliveryIdOf(later, other));
  EXPECT_EQ(MessageId(event), "msg_" + event.ToString());
}

TEST(Delivery, TwoHundredsAreDelivered) {
  for (int code : {200, 201, 202, 204, 299}) {
    auto d = New();
    EXPECT_EQ(Conclude(d, Status(code), {}, kNow + seconds(1), 0.5), std::nullopt);
    EXPECT_EQ(d.state, DeliveryState::kDelivered) << code;
    EXPECT_EQ(d.finish_time, kNow + seconds(1));
    EXPECT_EQ(d.attempt_count, 1);
    EXPECT_EQ(d.next_attempt_time, std::nullopt);
  }
}

TEST(Delivery, AnythingElseIsTriedAgain) {
  for (const auto& attempt :
       {Status(100), Status(199), Status(301), Status(302), Status(400), Status(404), Status(500), kTimedOut,
        Attempt{.result = AttemptResult::kTls}, Attempt{.result = AttemptResult::kAddressRefused}}) {
    auto d = New();
    EXPECT_EQ(Conclude(d, attempt, {}, kNow, 0.5), std::nullopt);
    EXPECT_EQ(d.state, DeliveryState::kPending) << attempt.status_code;
    EXPECT_EQ(d.next_attempt_time, kNow + seconds(5));
    EXPECT_EQ(d.finish_time, std::nullopt);
  }
}

TEST(Delivery, OnlyTheBusyMayAskForTime) {
  for (int code : {429, 503}) {
    auto d = New();
    Conclude(d, Status(code, "300"), {}, kNow, 0.5);
    EXPECT_EQ(d.next_attempt_time, kNow + seconds(300)) << code;
  }
  auto d = New();
  Conclude(d, Status(500, "300"), {}, kNow, 0.5);
  EXPECT_EQ(d.next_attempt_time, kNow + seconds(5));
}

TEST(Delivery, GoneDisables) {
  auto d = New();
  EXPECT_EQ(Conclude(d, Status(410), kNow, kNow, 0.5), DisableReason::kGone);
  EXPECT_EQ(d.state, DeliveryState::kFailed);
  // A status that came beside a timeout is no answer.
  auto cut = New();
  EXPECT_EQ(Conclude(cut, {.result = AttemptResult::kTimeout, .status_code = 410}, kNow, kNow, 0.5), std::nullopt);
  EXPECT_EQ(cut.state, DeliveryState::kPending);
}

// Fails until it is given up; the reason, and how long it took.
std::pair<std::optional<DisableReason>, Time> FailForGood(Delivery& d, const std::optional<Time>& last_success) {
  Time now = d.schedule_start_time;
  for (int n = 0;; ++n) {
    const auto reason = Conclude(d, kTimedOut, last_success, now, 0.5);
    if (d.state != DeliveryState::kPending) return {reason, now};
    if (n > 100) return {reason, now};
    now = *d.next_attempt_time;
  }
}

TEST(Delivery, IsGivenUpAfterTheScheduleAndDisablesIfNothingGotThrough) {
  auto d = New();
  const auto [reason, ended] = FailForGood(d, {});
  EXPECT_EQ(reason, DisableReason::kFailing);
  EXPECT_EQ(d.state, DeliveryState::kFailed);
  EXPECT_EQ(d.attempt_count, 12);
  EXPECT_EQ(ended - kNow, hours(70) + minutes(42) + seconds(35));
  auto long_ago = New();
  EXPECT_EQ(FailForGood(long_ago, kNow - hours(1)).first, DisableReason::kFailing);
  auto others_got_through = New();
  EXPECT_EQ(FailForGood(others_got_through, kNow + hours(5)).first, std::nullopt);
  EXPECT_EQ(others_got_through.state, DeliveryState::kFailed);
}

TEST(Delivery, AReplayHasTheWholeScheduleAgain) {
  auto d = New();
  FailForGood(d, {});
  Replay(d, kNow + hours(100));
  EXPECT_EQ(d.state, DeliveryState::kPending);
  EXPECT_EQ(d.next_attempt_time, kNow + hours(100));
  EXPECT_EQ(FailForGood(d, kNow + hours(101)).first, std::nullopt);
  EXPECT_EQ(d.attempt_count, 24);
}

TEST(Delivery, APingIsTriedOnceAndADisabledWebhookGetsNothing) {
  auto ping = New();
  ping.once = true;
  EXPECT_EQ(Conclude(ping, Status(500), {}, kNow, 0.5), std::nullopt);
  EXPECT_EQ(ping.state, DeliveryState::kFailed);
  auto d = New();
  EXPECT_EQ(Conclude(d, {.result = AttemptResult::kDisabled}, {}, kNow, 0.5), std::nullopt);
  EXPECT_EQ(d.state, DeliveryState::kFailed);
}

TEST(Webhook, IsEnabledAndDisabledOnce) {
  Webhook w;
  EXPECT_FALSE(Enable(w, kNow));
  EXPECT_TRUE(Disable(w, DisableReason::kGone, kNow));
  EXPECT_EQ(w.version, 2);
  EXPECT_EQ(w.disable_time, kNow);
  EXPECT_FALSE(Disable(w, DisableReason::kAsked, kNow + seconds(1)));
  EXPECT_EQ(w.disable_reason, DisableReason::kGone) << "the first reason stays";
  w.failing_since = kNow;
  EXPECT_TRUE(Enable(w, kNow + seconds(2)));
  EXPECT_EQ(w.version, 3);
  EXPECT_EQ(w.disable_reason, DisableReason::kNone);
  EXPECT_EQ(w.disable_time, std::nullopt);
  EXPECT_EQ(w.failing_since, std::nullopt);
}

TEST(Webhook, FingerprintsTellSecretsApart) {
  EXPECT_EQ(Fingerprint("whsec_a").size(), 12u);
  EXPECT_NE(Fingerprint("whsec_a"), Fingerprint("whsec_b"));
}

}  // namespace
}  // namespace lanting::webhooks
