// Deliveries: one event on its way to one webhook, and what an attempt makes of it. Pure values and rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "webhooks/domain/webhook.h"

namespace lanting::webhooks {

// Numbers of the proto enums.
enum class DeliveryState { kPending = 1, kDelivered = 2, kFailed = 3 };
enum class AttemptResult {
  kDelivered = 1,
  kStatus = 2,
  kTimeout = 3,
  kNotResolved = 4,
  kAddressRefused = 5,
  kNotConnected = 6,
  kTls = 7,
  kBroken = 8,
  kDisabled = 9,
};

struct Delivery {
  Id id, webhook;
  std::string event_type, subject, body;
  bool once = false;  // a ping: tried once, also to a disabled webhook
  DeliveryState state = DeliveryState::kPending;
  int attempt_count = 0;
  int failed_count = 0;      // of the attempts since schedule_start
  Time schedule_start_time;  // when it was made, or last replayed
  std::optional<Time> next_attempt_time, finish_time;
  Time create_time;
};

struct Attempt {
  Time start_time;
  std::chrono::milliseconds duration{0};
  AttemptResult result = AttemptResult::kDelivered;
  int status_code = 0;
  std::string error, response_body, retry_after;
};

// The id of the delivery of an event to a webhook: always the same, in the order of the events' ids (UUID version 8).
Id DeliveryIdOf(const Id& event, const Id& webhook);
// What the header webhook-id says.
std::string MessageId(const Id& delivery);

// kDelivered for 2xx, kStatus for any other.
AttemptResult ResultOf(int status_code);

// What a finished attempt makes of the delivery: its state, counts and times are changed. The reason if the webhook is
// to be disabled: it is gone (410), or this was the last attempt and nothing got through since the first.
// `random` as in RetryDelay.
std::optional<DisableReason> Conclude(Delivery& delivery, const Attempt& attempt,
                                      const std::optional<Time>& last_success_time, Time now, double random);

// Tries it anew, with the whole schedule.
void Replay(Delivery& delivery, Time now);

}  // namespace lanting::webhooks
