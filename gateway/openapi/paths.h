// Templates of http rules as paths of OpenAPI, which knows no `*`: each becomes a parameter of its own, named by the
// singular of the collection before it.
//
//   /v1/{name=communities/*/members/*}:remove   /v1/communities/{community}/members/{member}:remove
//   /v1/numbers/{kinds.int32_value}             /v1/numbers/{kinds.int32Value}   a field of its own: its JSON name
//   /v1/files/{path=**}                         /v1/files/{path}                 may hold '/', which OpenAPI cannot say
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/transcode/route_table.h"

namespace lanting::gateway::openapi {

struct PathParameter {
  std::string name;
  std::string collection;  // the literal before it, "members"; empty if there is none
  // Bound to this field, as its whole value (`alone`) or as part of a resource name; nullptr: bound to nothing.
  const google::protobuf::FieldDescriptor* field = nullptr;
  bool alone = false;
  bool rest = false;  // `**`
};

struct Path {
  std::string text;
  std::vector<PathParameter> parameters;
};

// "communities" -> "community", "inviteLinks" -> "inviteLink"; what does not look like a plural stays.
std::string Singular(std::string_view plural);

// Gives routes their paths. Templates that differ only in the names of parameters are one path to OpenAPI: the later
// route takes the names of the first.
class Paths {
 public:
  // Throws std::invalid_argument if another route of the same HTTP method has the same path in OpenAPI (`*` and `**` at
  // the same place): one of them could not be documented.
  Path Of(const Route& route);

 private:
  std::map<std::string, Path> by_shape_;
  std::map<std::string, std::string> taken_;  // "GET /v1/things/{thing}" -> the template that has it
};

}  // namespace lanting::gateway::openapi
