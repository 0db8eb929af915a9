#include "membership/store/reply_data.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "lanting/common/v1/options.pb.h"

namespace lanting::membership::reply_data {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "/lanting.membership.v1.MemberService/CreateMember" -> its reply; null if there is no such call, or it does not
// parse.
std::unique_ptr<Message> Parse(const std::string& method, const std::string& reply) {
  if (method.empty()) return nullptr;
  auto name = method.substr(1);
  std::replace(name.begin(), name.end(), '/', '.');
  const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  if (found == nullptr) return nullptr;
  const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(found->output_type());
  std::unique_ptr<Message> message(prototype->New());
  return message->ParseFromString(reply) ? std::move(message) : nullptr;
}

bool IsAbout(const Message& message, const Subject& subject) {
  for (const char* field_name : {"name", "member"}) {
    const auto* field = message.GetDescriptor()->FindFieldByName(field_name);
    if (field == nullptr || field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
    const auto value = message.GetReflection()->GetString(message, field);
    for (const auto& name : subject.names) {
      if (value == name || value.starts_with(name + "/")) return true;
    }
  }
  return false;
}

// Every message directly below, one after the other. Maps hold texts only.
void ForEachChild(Message& message, const std::function<void(Message&)>& body) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      body(*reflection->MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      body(*reflection->MutableRepeatedMessage(&message, field, i));
    }
  }
}

void ClearPersonalData(Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->options().GetExtension(common::v1::rules).pii()) reflection->ClearField(&message, field);
  }
  ForEachChild(message, ClearPersonalData);
}

void ForEachPartAbout(Message& message, const Subject& subject, const std::function<void(Message&)>& body) {
  if (IsAbout(message, subject)) return body(message);
  ForEachChild(message, [&](Message& child) { ForEachPartAbout(child, subject, body); });
}

bool Names(const std::string& bytes, const Subject& subject) {
  return std::any_of(subject.identifiers.begin(), subject.identifiers.end(),
                     [&](const auto& i) { return bytes.find(i) != std::string::npos; });
}

}  // namespace

std::string Forget(const std::string& method, const std::string& reply, const Subject& subject) {
  const auto message = Parse(method, reply);
  if (!message) return "";
  ForEachPartAbout(*message, subject, ClearPersonalData);
  auto bytes = message->SerializeAsString();
  if (!Names(bytes, subject)) return bytes;
  ClearPersonalData(*message);
  message->DiscardUnknownFields();
  bytes = message->SerializeAsString();
  return Names(bytes, subject) ? "" : bytes;
}

std::string PartsAbout(const std::string& method, const std::string& reply, const Subject& subject) {
  const auto message = Parse(method, reply);
  if (!message) return "";
  std::string text;
  ForEachPartAbout(*message, subject, [&](Message& part) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(part, &json).ok()) return;
    text += (text.empty() ? "" : "\n") + json;
  });
  return text;
}

}  // namespace lanting::membership::reply_data
