// What the validator needs to know of a message type, worked out once. Internal to rpc/validate.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::rpc {

struct ValidationPlan;

struct FieldPlan {
  enum class Kind { kString, kBytes, kNumber, kEnum, kMessage, kOther };
  const google::protobuf::FieldDescriptor* field = nullptr;
  Kind kind = Kind::kOther;
  std::string json;
  bool repeated = false, presence = false;
  bool required = false, output_only = false, defined_only = false;
  std::uint32_t min_len = 0, max_len = 0, min_items = 0, max_items = 0;
  std::optional<std::int64_t> min, max;
  int format = 0;
  std::string resource;
  const ValidationPlan* message = nullptr;  // kMessage
  // While it is true, elements are the handler's to check; null: never.
  const google::protobuf::FieldDescriptor* alone_if = nullptr;
};

struct ValidationPlan {
  enum class Special { kNone, kTimestamp, kDuration };
  Special special = Special::kNone;
  std::vector<FieldPlan> fields;  // only those with something to check
  // A request with `update_mask` and the resource it updates; otherwise null.
  const google::protobuf::FieldDescriptor* update_mask = nullptr;
  const google::protobuf::FieldDescriptor* updated = nullptr;
};

// Plans live for ever. Reading a known one takes no lock. Throws std::logic_error for rules that make no sense.
const ValidationPlan& PlanOf(const google::protobuf::Descriptor* type);

}  // namespace lanting::rpc
