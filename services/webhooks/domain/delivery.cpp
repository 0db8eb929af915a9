#include "webhooks/domain/delivery.h"

#include "platform/base/strings.h"
#include "webhooks/domain/schedule.h"

namespace lanting::webhooks {
namespace {

constexpr int kGone = 410, kTooManyRequests = 429, kUnavailable = 503;

std::string Raw(const Id& id) { return {id.bytes().begin(), id.bytes().end()}; }

}  // namespace

Id DeliveryIdOf(const Id& event, const Id& webhook) {
  constexpr std::size_t kTimeBytes = 6;
  auto bytes = Raw(event).substr(0, kTimeBytes) + Sha256(Raw(event) + Raw(webhook)).substr(0, 16 - kTimeBytes);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x80);  // version 8
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // RFC 9562 variant
  auto hex = HexEncode(bytes);
  for (std::size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
  return Id::ParseUuid(hex).value();
}

std::string MessageId(const Id& delivery) { return "msg_" + delivery.ToString(); }

AttemptResult ResultOf(int status_code) {
  return status_code >= 200 && status_code < 300 ? AttemptResult::kDelivered : AttemptResult::kStatus;
}

std::optional<DisableReason> Conclude(Delivery& d, const Attempt& attempt, const std::optional<Time>& last_success_time,
                                      Time now, double random) {
  ++d.attempt_count;
  d.next_attempt_time.reset();
  d.finish_time = now;
  if (attempt.result == AttemptResult::kDelivered) {
    d.state = DeliveryState::kDelivered;
    return std::nullopt;
  }
  d.state = DeliveryState::kFailed;
  ++d.failed_count;
  if (attempt.result == AttemptResult::kDisabled) return std::nullopt;
  if (attempt.status_code == kGone && attempt.result == AttemptResult::kStatus) return DisableReason::kGone;
  if (d.once) return std::nullopt;
  std::optional<std::chrono::seconds> asked;
  if (attempt.status_code == kTooManyRequests || attempt.status_code == kUnavailable)
    asked = ParseRetryAfter(attempt.retry_after, now);
  const auto wait = RetryDelay(d.failed_count, random, asked);
  if (!wait) {
    const bool nothing_got_through = !last_success_time || *last_success_time < d.schedule_start_time;
    return nothing_got_through ? std::optional(DisableReason::kFailing) : std::nullopt;
  }
  d.state = DeliveryState::kPending;
  d.next_attempt_time = now + *wait;
  d.finish_time.reset();
  return std::nullopt;
}

void Replay(Delivery& d, Time now) {
  d.state = DeliveryState::kPending;
  d.failed_count = 0;
  d.schedule_start_time = now;
  d.next_attempt_time = now;
  d.finish_time.reset();
}

}  // namespace lanting::webhooks
