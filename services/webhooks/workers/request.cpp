#include "webhooks/workers/request.h"

#include <algorithm>

#include "platform/base/strings.h"
#include "platform/crypto/standard_webhooks.h"

namespace lanting::webhooks {
namespace {

constexpr std::size_t kMaxErrorBytes = 300;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

AttemptResult ResultOf(const net::HttpResult& result) {
  switch (result.failure) {
    case net::HttpFailure::kTimeout:
      return AttemptResult::kTimeout;
    case net::HttpFailure::kNotResolved:
      return AttemptResult::kNotResolved;
    case net::HttpFailure::kAddressRefused:
      return AttemptResult::kAddressRefused;
    case net::HttpFailure::kNotConnected:
      return AttemptResult::kNotConnected;
    case net::HttpFailure::kTls:
      return AttemptResult::kTls;
    case net::HttpFailure::kBroken:
      return AttemptResult::kBroken;
    case net::HttpFailure::kNone:
      break;
  }
  return webhooks::ResultOf(result.status);
}

// What PostgreSQL takes as text: well-formed UTF-8 without NUL.
std::string Storable(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const auto character = bytes.substr(i, length);
    if (lead != 0 && Utf8Length(character) == 1) {
      out += character;
      i += length;
    } else {
      out += kReplacement;
      ++i;
    }
  }
  return out;
}

}  // namespace

net::HttpRequest MakeRequest(const std::string& url, const Delivery& delivery, const std::vector<std::string>& secrets,
                             Time now) {
  const auto id = MessageId(delivery.id);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::string signatures;
  for (const auto& secret : secrets) {
    if (!signatures.empty()) signatures += ' ';
    signatures += crypto::SignWebhook(secret, id, seconds, delivery.body);
  }
  return {.url = url,
          .headers = {{"Content-Type", "application/json"},
                      {"webhook-id", id},
                      {"webhook-timestamp", std::to_string(seconds)},
                      {"webhook-signature", signatures}},
          .body = delivery.body};
}

Attempt MakeAttempt(net::HttpResult result, Time start_time) {
  return {.start_time = start_time,
          .duration = result.duration,
          .result = ResultOf(result),
          .status_code = result.status,
          .error = Storable(std::string_view(result.error).substr(0, kMaxErrorBytes)),
          .response_body = Storable(result.body),
          .retry_after = std::move(result.retry_after)};
}

}  // namespace lanting::webhooks
