#include "gateway/transcode/any_types.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using Types = std::unordered_map<std::string, const pb::Message*>;

Types* CollectTypes() {
  const pb::DescriptorPool* pool = pb::DescriptorPool::generated_pool();
  std::vector<std::string> names;
  pb::DescriptorPool::internal_generated_database()->FindAllMessageNames(&names);  // the pool itself cannot list them
  auto* types = new Types;
  for (const std::string& name : names) {
    const pb::Descriptor* type = pool->FindMessageTypeByName(name);
    if (type == nullptr || type->options().map_entry()) continue;
    if (type->file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3) continue;
    types->emplace("type.googleapis.com/" + name, pb::MessageFactory::generated_factory()->GetPrototype(type));
  }
  return types;
}

bool Imports(const pb::FileDescriptor* from, const pb::FileDescriptor* file,
             std::set<const pb::FileDescriptor*>* seen) {
  if (from == file) return true;
  if (!seen->insert(from).second) return false;
  for (int i = 0; i < from->dependency_count(); ++i)
    if (Imports(from->dependency(i), file, seen)) return true;
  return false;
}

}  // namespace

const pb::Message* FindAnyType(std::string_view type_url) {
  static const Types& types = *CollectTypes();
  const auto found = types.find(std::string(type_url));
  return found == types.end() ? nullptr : found->second;
}

bool MayCarry(const pb::Descriptor* request, const pb::Descriptor* type) {
  std::set<const pb::FileDescriptor*> seen;
  return request->file()->package() == type->file()->package() || Imports(request->file(), type->file(), &seen);
}

bool HasOwnJsonForm(const pb::Descriptor* type) {
  return type->well_known_type() != pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

}  // namespace lanting::gateway
