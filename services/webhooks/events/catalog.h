// Every type of event that the services of this build have, read from their descriptors: the messages of
// lanting/<service>/v<n>/events.proto.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
}

namespace lanting::webhooks::events {

struct Type {
  std::string name;                                          // "membership.member_joined"
  const google::protobuf::Descriptor* descriptor = nullptr;  // of its payload
};

// By name.
const std::vector<Type>& AllTypes();
const std::set<std::string>& TypeNames();
// Services with events, by name: whose streams to read.
std::vector<std::string> Sources();
// nullptr: no message of events of this build.
const google::protobuf::Descriptor* FindPayload(std::string_view message);

}  // namespace lanting::webhooks::events
