#include "gateway/transcode/shape.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace lanting::gateway {

namespace pb = google::protobuf;

const MessageShape& FieldShape::Of(const pb::Message& held) const {
  const MessageShape* shape = held_.load(std::memory_order_acquire);
  if (shape == nullptr) held_.store(shape = &ShapeOf(held), std::memory_order_release);
  return *shape;
}

MessageShape::MessageShape(const pb::Message& sample)
    : type(sample.GetDescriptor()), known(type->well_known_type()), fields(type->field_count()) {
  for (int i = 0; i < type->field_count(); ++i) {
    FieldShape& shape = fields[i];
    const pb::FieldDescriptor* field = type->field(i);
    shape.field = field;
    shape.reflection = sample.GetReflection();
    shape.type = field->cpp_type();
    shape.repeated = field->is_repeated();
    shape.map = field->is_map();
    shape.presence = field->has_presence();
    shape.bytes = field->type() == pb::FieldDescriptor::TYPE_BYTES;
    shape.null_enum =
        field->enum_type() != nullptr && field->enum_type()->full_name() == pb::NullValue_descriptor()->full_name();
    shape.key = '"' + field->json_name() + "\":";
    names_.push_back({field->json_name(), i});
    if (field->name() != field->json_name()) names_.push_back({field->name(), i});
  }
  std::sort(names_.begin(), names_.end(), [](const Name& a, const Name& b) { return a.text < b.text; });
}

const FieldShape* MessageShape::Find(std::string_view name, const FieldShape* last) const {
  const FieldShape* next = last == nullptr ? fields.data() : last + 1;
  if (next != fields.data() + fields.size() && next->json_name() == name) return next;
  const auto found = std::lower_bound(names_.begin(), names_.end(), name,
                                      [](const Name& a, std::string_view text) { return a.text < text; });
  return found == names_.end() || found->text != name ? nullptr : &fields[found->field];
}

const MessageShape& ShapeOf(const pb::Message& message) {
  static std::shared_mutex mutex;
  static auto& shapes = *new std::unordered_map<const pb::Descriptor*, std::unique_ptr<const MessageShape>>;
  const pb::Descriptor* type = message.GetDescriptor();
  {
    std::shared_lock lock(mutex);
    if (auto found = shapes.find(type); found != shapes.end()) return *found->second;
  }
  auto made = std::make_unique<const MessageShape>(message);
  std::unique_lock lock(mutex);
  return *shapes.try_emplace(type, std::move(made)).first->second;
}

}  // namespace lanting::gateway
