// Signatures of the Standard Webhooks specification (standardwebhooks.com), symmetric form: HMAC-SHA256 over
// "id.timestamp.body".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lanting::crypto {

// "whsec_" and the base64 form of 32 random bytes (the specification asks for 24 to 64).
std::string NewWebhookSecret();

// "v1," and the base64 form of the signature; several, separated by spaces, make the header webhook-signature. `secret`
// is what NewWebhookSecret made, with or without "whsec_"; std::invalid_argument if it is no base64.
std::string SignWebhook(std::string_view secret, std::string_view id, std::int64_t timestamp_seconds,
                        std::string_view body);

}  // namespace lanting::crypto
