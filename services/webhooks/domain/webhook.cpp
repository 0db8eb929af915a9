#include "webhooks/domain/webhook.h"

#include "platform/base/strings.h"

namespace lanting::webhooks {

std::string Fingerprint(std::string_view secret) { return HexEncode(Sha256(secret)).substr(0, 12); }

bool Enable(Webhook& w, Time now) {
  if (w.state == WebhookState::kEnabled) return false;
  w.state = WebhookState::kEnabled;
  w.disable_reason = DisableReason::kNone;
  w.disable_time.reset();
  w.failing_since.reset();  // a new start: what failed before was another receiver
  w.update_time = now;
  ++w.version;
  return true;
}

bool Disable(Webhook& w, DisableReason reason, Time now) {
  if (w.state == WebhookState::kDisabled) return false;
  w.state = WebhookState::kDisabled;
  w.disable_reason = reason;
  w.disable_time = w.update_time = now;
  ++w.version;
  return true;
}

}  // namespace lanting::webhooks
