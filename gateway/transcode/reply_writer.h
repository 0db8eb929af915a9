// A reply message as the HTTP response of its route.
#pragma once

#include <string>

#include "gateway/transcode/route_table.h"
#include "platform/base/result.h"
#include "platform/http/server.h"

namespace lanting::gateway {

// 200 with JSON, or with the bytes and media type of a RawBody. A quoted `etag` of the reply becomes the ETag header,
// and a GET with a matching If-None-Match gets 304. Fails with INTERNAL if `bytes` is not the route's reply message.
Result<http::Response> WriteReply(const Route& route, const std::string& bytes, std::string_view if_none_match);

// Whether the route's replies are bytes of a media type, alone or as a stream.
bool IsRaw(const Route& route);
// A RawBody as a response: bytes, media type and the name to store it under. Fails like WriteReply.
Result<http::Response> WriteRaw(const Route& route, const std::string& bytes);

// The JSON of one message of a stream, in one line. Fails like WriteReply.
Result<std::string> MessageJson(const Route& route, const std::string& bytes);

}  // namespace lanting::gateway
