// The caller's own deadline.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace lanting::gateway {

// The Grpc-Timeout header: one to eight digits and a unit of H M S m (milliseconds) u n. At least 1 ms; nullopt if
// malformed.
std::optional<std::chrono::milliseconds> ParseGrpcTimeout(std::string_view text);

}  // namespace lanting::gateway
