// A delivery as a request, and what came back as an attempt.
#pragma once

#include <string>
#include <vector>

#include "platform/net/http_client.h"
#include "webhooks/domain/delivery.h"

namespace lanting::webhooks {

// Signed at `now` with every secret, newest first.
net::HttpRequest MakeRequest(const std::string& url, const Delivery& delivery, const std::vector<std::string>& secrets,
                             Time now);
Attempt MakeAttempt(net::HttpResult result, Time start_time);

}  // namespace lanting::webhooks
