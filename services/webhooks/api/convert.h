// Webhooks and deliveries between their domain and their API form. What comes in has passed the validator.
#pragma once

#include <vector>

#include "lanting/webhooks/v1/webhook.pb.h"
#include "webhooks/domain/delivery.h"
#include "webhooks/domain/webhook.h"

namespace lanting::webhooks::convert {

// Without its secret.
v1::Webhook ToProto(const Webhook& webhook, Time now);
// Writes what a caller may set into `webhook` and leaves the rest.
void FromProto(const v1::Webhook& from, Webhook* webhook);

// Without payload and attempts.
v1::Delivery ToProto(const Delivery& delivery);
v1::Delivery ToProto(const Delivery& delivery, const std::vector<Attempt>& attempts);

}  // namespace lanting::webhooks::convert
