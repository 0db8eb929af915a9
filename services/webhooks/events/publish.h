// Facts about webhooks as they go into the outbox.
#pragma once

#include <string>

#include "platform/outbox/outbox.h"
#include "webhooks/domain/webhook.h"

namespace lanting::webhooks::events {

// `webhook` as it is then, disabled.
outbox::Event WebhookDisabled(const Webhook& webhook, Time now, std::string traceparent);

}  // namespace lanting::webhooks::events
