// One route as an operation of the document.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "gateway/openapi/comments.h"
#include "gateway/openapi/paths.h"
#include "gateway/openapi/schemas.h"
#include "gateway/transcode/route_table.h"

namespace lanting::gateway::openapi {

// `id` is the operationId, `tag` the name of its service's tag.
struct OperationNames {
  std::string id, tag;
};

boost::json::object OperationOf(const Route& route, const Path& path, const OperationNames& names,
                                const Comments& comments, Schemas* schemas);

// "MemberService_GetMember"; the n-th additional binding of a method has "_n" behind it, from 2.
std::string OperationId(const google::protobuf::MethodDescriptor* method, int n);

}  // namespace lanting::gateway::openapi
