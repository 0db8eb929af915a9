#include "webhooks/events/publish.h"

#include "lanting/webhooks/v1/events.pb.h"
#include "webhooks/domain/names.h"

namespace lanting::webhooks::events {

outbox::Event WebhookDisabled(const Webhook& webhook, Time now, std::string traceparent) {
  v1::WebhookDisabled e;
  e.set_webhook(names::Webhook(webhook.id));
  e.set_reason(static_cast<v1::DisableReason>(webhook.disable_reason));
  return outbox::MakeEvent(e, e.webhook(), webhook.version, now, std::move(traceparent));
}

}  // namespace lanting::webhooks::events
