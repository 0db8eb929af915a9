// Errors as HTTP: the AIP-193 body, the status table, and the headers that go with them.
#pragma once

#include <string>

#include "platform/base/error.h"
#include "platform/http/server.h"

namespace lanting::gateway {

// The HTTP status of an error. Mostly its code's; some reasons have one of their own (422 REQUEST_ID_REUSED, 413, 415
// ...).
int HttpStatus(const Error& error);

// {"error":{"code":404,"message":..,"status":"NOT_FOUND","details":[ErrorInfo, BadRequest?, RetryInfo?, RequestInfo?]}}
// with Retry-After and WWW-Authenticate where they belong. `internal` is never written.
http::Response ErrorResponse(const Error& error);

// For errors that the HTTP server answers before the gateway has seen the request.
http::Response ServerErrorResponse(int status, std::string_view reason, std::string_view message);

}  // namespace lanting::gateway
