#include "webhooks/events/catalog.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>

#include <algorithm>

#include "platform/base/strings.h"
#include "webhooks/domain/event_types.h"

namespace lanting::webhooks::events {
namespace {

using google::protobuf::DescriptorPool;

std::vector<Type> Find() {
  std::vector<std::string> files;
  DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::vector<Type> types;
  for (const auto& name : files) {
    if (!name.starts_with("lanting/") || !name.ends_with("/events.proto")) continue;
    const auto* file = DescriptorPool::generated_pool()->FindFileByName(name);
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto* message = file->message_type(i);
      if (auto type = EventTypeOf(message->full_name()); !type.empty()) types.push_back({std::move(type), message});
    }
  }
  std::ranges::sort(types, {}, &Type::name);
  return types;
}

}  // namespace

const std::vector<Type>& AllTypes() {
  static const std::vector<Type> types = Find();
  return types;
}

const std::set<std::string>& TypeNames() {
  static const std::set<std::string> names = [] {
    std::set<std::string> out;
    for (const auto& type : AllTypes()) out.insert(type.name);
    return out;
  }();
  return names;
}

std::vector<std::string> Sources() {
  std::set<std::string> services;
  for (const auto& type : AllTypes()) services.insert(type.name.substr(0, type.name.find('.')));
  return {services.begin(), services.end()};
}

const google::protobuf::Descriptor* FindPayload(std::string_view message) {
  for (const auto& type : AllTypes())
    if (type.descriptor->full_name() == message) return type.descriptor;
  return nullptr;
}

}  // namespace lanting::webhooks::events
