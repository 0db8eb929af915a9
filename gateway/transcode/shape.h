// What the codec asks about a message type at every value, worked out once per type: protobuf answers the same
// questions through locks and calls across libraries.
#pragma once

#include <google/protobuf/message.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::gateway {

struct MessageShape;

struct FieldShape {
  using Field = google::protobuf::FieldDescriptor;

  const Field* field = nullptr;
  const google::protobuf::Reflection* reflection = nullptr;  // of the messages that have the field
  Field::CppType type{};
  bool repeated = false;  // maps too
  bool map = false;
  bool presence = false;
  bool bytes = false;
  bool null_enum = false;  // google.protobuf.NullValue
  std::string key;         // "\"displayName\":"

  std::string_view json_name() const { return std::string_view(key).substr(1, key.size() - 3); }
  // The shape of what a message field holds; `held` is such a message. Of a map: of its entries.
  const MessageShape& Of(const google::protobuf::Message& held) const;

 private:
  mutable std::atomic<const MessageShape*> held_{nullptr};
};

struct MessageShape {
  explicit MessageShape(const google::protobuf::Message& sample);

  // By JSON name or proto name; nullptr if there is none. Clients mostly send names in the order of declaration: the
  // one after `last` is tried first.
  const FieldShape* Find(std::string_view name, const FieldShape* last) const;

  const google::protobuf::Descriptor* type;
  google::protobuf::Descriptor::WellKnownType known;
  std::vector<FieldShape> fields;  // in the order of declaration

 private:
  struct Name {
    std::string_view text;
    int field;
  };
  std::vector<Name> names_;  // both spellings, sorted
};

// Shapes are never freed: types must live as long as the process. Any thread.
const MessageShape& ShapeOf(const google::protobuf::Message& message);

}  // namespace lanting::gateway
