// What a call takes beside its body: from the path, the query and headers.
#pragma once

#include <boost/json/array.hpp>

#include "gateway/openapi/paths.h"
#include "gateway/openapi/schemas.h"
#include "gateway/transcode/route_table.h"

namespace lanting::gateway::openapi {

boost::json::array ParametersOf(const Route& route, const Path& path, const Comments& comments, Schemas* schemas);

// The top-level fields of the request that the path fills as a whole: they do not come in a body.
FieldSet FieldsOfPath(const Route& route);

}  // namespace lanting::gateway::openapi
