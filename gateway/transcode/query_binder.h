// The query string as fields of the request message.
#pragma once

#include <google/protobuf/message.h>

#include <string_view>
#include <vector>

#include "gateway/transcode/route_table.h"
#include "platform/base/error.h"

namespace lanting::gateway {

// Fields that neither path nor body fill, by lowerCamel or snake name, nested with dots; a repeated field by repeating
// the parameter; everything else given twice, unknown or malformed is a violation. `+` is literal.
void BindQuery(const Route& route, std::string_view query, google::protobuf::Message* message,
               std::vector<FieldViolation>* violations);

// "member.displayName"
std::string JsonPath(const FieldPath& path);

}  // namespace lanting::gateway
