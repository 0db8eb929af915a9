// Messages and enums as components of the document.
//
// A message has a schema for each form it is met in, so that generated clients know what they may rely on:
//   Member        in replies: what is always printed is required
//   MemberInput   in requests: what FieldRules require is required; readOnly fields are accepted and ignored
//   MemberPatch   as the body of a PATCH: nothing is required, null clears
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <string>

#include "gateway/openapi/comments.h"
#include "gateway/openapi/constraints.h"

namespace lanting::gateway::openapi {

using FieldSet = std::set<const google::protobuf::FieldDescriptor*>;

// A reply has every field but messages, members of oneofs and what is `optional`.
bool IsRequired(const google::protobuf::FieldDescriptor* field, Form form);

class Schemas {
 public:
  explicit Schemas(const Comments& comments) : comments_(comments) {}

  // {"$ref": ..} to the component, which is made if it is new; well-known types stand inline.
  boost::json::object Of(const google::protobuf::Descriptor* type, Form form);
  boost::json::object Of(const google::protobuf::EnumDescriptor* type);
  // A field with its constraints and its comment.
  boost::json::object Of(const google::protobuf::FieldDescriptor* field, Form form);
  // A request without the fields that do not come in its body, under `name` (numbered if that is taken).
  boost::json::object Body(const std::string& name, const google::protobuf::Descriptor* type, const FieldSet& without);
  // A component written by hand, under a name that no message takes later.
  boost::json::object Add(const std::string& name, boost::json::object schema);

  // All components, by name.
  boost::json::object Take();

 private:
  std::string NameFor(const std::string& key, std::string wanted, const std::string& package);
  boost::json::object Message(const google::protobuf::Descriptor* type, Form form, const FieldSet& without);
  boost::json::object Value(const google::protobuf::FieldDescriptor* field, Form form);
  boost::json::object MapOf(const google::protobuf::FieldDescriptor* field, Form form);
  boost::json::object ListOf(const google::protobuf::FieldDescriptor* field, Form form);
  void Annotate(const google::protobuf::FieldDescriptor* field, Form form, boost::json::object* schema) const;

  const Comments& comments_;
  std::map<std::string, std::string> names_;  // key (full name and form) -> component
  std::map<std::string, boost::json::object> components_;
};

}  // namespace lanting::gateway::openapi
