// W3C trace context, version 00: "00-<32 hex trace id>-<16 hex span id>-<2 hex flags>".
#pragma once

#include <string>
#include <string_view>

namespace lanting::obs {

// The same trace with a new span id; a new trace if `parent` is absent or malformed (all-zero ids are malformed).
std::string ChildTraceparent(std::string_view parent);
// The 32 hex digits of the trace id; empty if malformed.
std::string_view TraceId(std::string_view traceparent);

}  // namespace lanting::obs
