// The comments of our protos. Generated descriptors have none, so the build embeds a descriptor set that does.
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <string>

namespace lanting::gateway::openapi {

class Comments {
 public:
  // Those of the embedded set.
  Comments();
  explicit Comments(const google::protobuf::FileDescriptorSet& set);

  // Of a service, method, message, field, enum, enum value or oneof: CommonMark in which what looks like markup outside
  // backticks is plain text; without marks of requirements such as "(R25)". Empty if it has none.
  template <typename Descriptor>
  const std::string& Of(const Descriptor* descriptor) const {
    return Of(descriptor->full_name());
  }
  const std::string& Of(const std::string& full_name) const;

 private:
  void Add(const google::protobuf::FileDescriptorProto& file);

  std::map<std::string, std::string> by_name_;
};

}  // namespace lanting::gateway::openapi
