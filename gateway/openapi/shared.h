// What many operations share: headers, parameters, the error form and the responses that carry it.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "gateway/openapi/comments.h"
#include "gateway/openapi/schemas.h"
#include "gateway/transcode/route_table.h"

namespace lanting::gateway::openapi {

// {"$ref": "#/components/<kind>/<name>"}
boost::json::object RefTo(const char* kind, const std::string& name);

// The schema of an object with one member, which is required.
boost::json::object Holding(const char* name, boost::json::object schema, const char* description);

// The reasons of lanting.common.v1.ErrorReason are listed with the schema.
void AddErrorSchemas(const Comments& comments, Schemas* schemas);
boost::json::object SharedHeaders();
boost::json::object SharedParameters();
boost::json::object SecuritySchemes();
// Every error response; their examples are what the gateway writes.
boost::json::object SharedResponses();

// The errors that a call of this route may give, as references by status, `default` last.
boost::json::object ErrorsOf(const Route& route);
// The headers of a reply that is no error.
boost::json::object ReplyHeaders(bool with_etag);

std::string ScopeOf(const Route& route);
bool IsWrite(const Route& route);

}  // namespace lanting::gateway::openapi
