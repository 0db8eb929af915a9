// Refuses, without asking anyone, calls whose credential cannot be a service key.
#pragma once

#include <optional>
#include <string_view>

#include "gateway/transcode/route_table.h"
#include "platform/base/error.h"

namespace lanting::gateway {

// The answer is the one a well-formed but unknown key gets. Methods of the scope "public" need no key; the operator's
// key has another form and is not accepted at the edge.
std::optional<Error> RefuseEarly(const Route& route, std::string_view authorization);

}  // namespace lanting::gateway
