// What one value of a field may be, as JSON Schema (2020-12): its type and the FieldRules that lanting::rpc checks.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/object.hpp>
#include <string>

namespace lanting::gateway::openapi {

// How a message is met: in a reply, in a request, or as the body of a PATCH that changes what it names.
enum class Form { kOutput, kInput, kPatch };

// 26 characters of lower-case Crockford base32, as Id::Parse takes them.
extern const char* const kIdPattern;

// What rpc/validate allows where FieldRules say nothing.
constexpr int kDefaultMaxLength = 1024, kDefaultMaxItems = 100;

// Of a scalar field, or of the elements of a list of scalars; not for enums and messages. Replies may hold empty values
// where requests may not (what was erased, what is not set yet), and names whose last part is no id.
boost::json::object ScalarSchema(const google::protobuf::FieldDescriptor* field, Form form);

// Of a well-known type (AIP-142, JSON mapping of proto3) or RawBody; empty for others.
boost::json::object WellKnownSchema(const google::protobuf::Descriptor* type);
bool IsWellKnown(const google::protobuf::Descriptor* type);

// "communities/*/members/*" as a regular expression without anchors.
std::string ResourcePattern(std::string_view patterns, Form form);

}  // namespace lanting::gateway::openapi
