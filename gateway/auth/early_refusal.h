// Refuses, without asking anyone, calls whose credential cannot be a service key.
#pragma once

#include <string_view>

#include "gateway/transcode/route_table.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::gateway {

// What this says no to costs neither body nor call, and comes before any fault of the request is named (AIP-211). A key
// that is well-formed but unknown, revoked or without the scope is the service's to refuse: the edge cannot tell, so
// such a caller may get 400 for a request that is no JSON or does not fit the call before it would get 401 or 403.
//
// The answer is the one a well-formed but unknown key gets. Methods of the scope "public" need no key; the operator's
// key has another form and is not accepted at the edge.
//
// Otherwise the tenant that the key claims, nil without a key: true once a service has accepted the key.
Result<Id> RefuseEarly(const Route& route, std::string_view authorization);

}  // namespace lanting::gateway
