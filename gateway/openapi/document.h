// The OpenAPI 3.1 document of the routed calls, built from their descriptors, FieldRules and comments: a new RPC needs
// nothing here. The same routes always give the same bytes.
//
// Names are a contract with generated clients: operationId is "<Service>_<Method>" (paths.h and schemas.h say the
// rest).
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "gateway/openapi/comments.h"
#include "gateway/transcode/route_table.h"

namespace lanting::gateway::openapi {

// Throws std::invalid_argument if two routes have one path in OpenAPI.
boost::json::object BuildDocument(const RouteTable& routes, const Comments& comments, const std::string& version);

}  // namespace lanting::gateway::openapi
