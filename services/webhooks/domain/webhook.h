// Webhooks: who gets which events, and when one stops getting them. Pure values and rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::webhooks {

inline constexpr int kMaxWebhooks = 100;  // of a tenant

// Numbers of the proto enums.
enum class WebhookState { kEnabled = 1, kDisabled = 2 };
enum class DisableReason { kNone = 0, kAsked = 1, kGone = 2, kFailing = 3 };

struct Webhook {
  Id id;
  std::string url, description;
  std::vector<std::string> event_types;
  WebhookState state = WebhookState::kEnabled;
  DisableReason disable_reason = DisableReason::kNone;
  std::optional<Time> disable_time;
  std::string secret_fingerprint;
  std::optional<Time> old_secret_expire_time;
  std::optional<Time> failing_since, last_success_time;
  Time create_time, update_time;
  std::int64_t version = 1;
};

// First 12 hex digits of the secret's SHA-256.
std::string Fingerprint(std::string_view secret);

// False if it already is what it is to become.
bool Enable(Webhook& webhook, Time now);
bool Disable(Webhook& webhook, DisableReason reason, Time now);

}  // namespace lanting::webhooks
