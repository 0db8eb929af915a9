// An HTTP request as the request message of its route.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string_view>

#include "gateway/transcode/route_table.h"
#include "platform/base/result.h"
#include "platform/http/server.h"

namespace lanting::gateway {

// JSON bodies are bounded; raw ones by the HTTP server alone.
inline constexpr std::size_t kMaxJsonBytes = 4 * 1024 * 1024;

// Order: body, path, query, headers (Idempotency-Key, If-Match, If-None-Match), derived update mask. A faulty header is
// reported under its own name; If-Match on a write whose request has no etag is refused (UNKNOWN_PARAMETER). What is
// given in two places must be equal in path and body, and is refused otherwise (CONFLICTING_VALUES). All faults of one
// request are reported together (INVALID_FIELDS); only a body that is no JSON, too large, packed (Content-Encoding),
// not UTF-8 or of another media type stops at once.
Result<std::unique_ptr<google::protobuf::Message>> BindRequest(const RouteTable::Match& match, std::string_view query,
                                                               const http::Request& request);

}  // namespace lanting::gateway
