// Examples of requests and replies that somebody could have sent: made from descriptors, FieldRules and the names of
// fields. Each satisfies the schema of its form; the same descriptors always give the same example.
#pragma once

#include <google/protobuf/descriptor.h>

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "gateway/openapi/constraints.h"
#include "gateway/openapi/schemas.h"

namespace lanting::gateway::openapi {

// Of a collection, "members": 26 characters, the same each time.
std::string ExampleId(std::string_view collection);
// "communities/*/members/*" with ids in it, the first of several patterns.
std::string ExampleName(std::string_view pattern);

class Examples {
 public:
  // `creates`: the reply may show what only a creation shows (a secret).
  explicit Examples(bool creates) : creates_(creates) {}

  boost::json::value Of(const google::protobuf::Descriptor* type, Form form, const FieldSet& without = {});
  boost::json::value Of(const google::protobuf::FieldDescriptor* field, Form form);

 private:
  bool Shows(const google::protobuf::FieldDescriptor* field, Form form) const;
  boost::json::value One(const google::protobuf::FieldDescriptor* field, Form form);
  std::string Text(const google::protobuf::FieldDescriptor* field) const;

  const bool creates_;
  std::vector<const google::protobuf::Descriptor*> inside_;  // the messages around the one being made
};

}  // namespace lanting::gateway::openapi
