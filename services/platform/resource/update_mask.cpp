#include "platform/resource/update_mask.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>

#include "lanting/common/v1/options.pb.h"
#include "platform/base/strings.h"

namespace lanting::resource {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const common::v1::FieldRules& Rules(const FieldDescriptor* field) {
  return field->options().GetExtension(common::v1::rules);
}

bool Has(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0 : reflection->HasField(message, field);
}

// Well-known types (Timestamp ...) are values.
bool IsStructure(const FieldDescriptor* field) {
  return !field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         !field->message_type()->full_name().starts_with("google.protobuf.");
}

// Paths of everything that is set.
void Populated(const Message& message, const std::string& prefix, std::vector<std::string>* paths) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    auto path = prefix + field->name();
    if (IsStructure(field)) {
      Populated(message.GetReflection()->GetMessage(message, field), path + ".", paths);
    } else {
      paths->push_back(path);
    }
  }
}

// All top-level paths; an immutable field only if it is set, since leaving it out of a replacement does not change it.
void All(const Message& message, std::vector<std::string>* paths) {
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (!Rules(field).immutable() || Has(message, field)) paths->push_back(field->name());
  }
}

// Sorted, without those below another one.
std::vector<std::string> Paths(const google::protobuf::FieldMask& mask, const Message& patch) {
  std::vector<std::string> paths;
  for (const auto& path : mask.paths()) {
    if (path == "*") {
      All(patch, &paths);
    } else {
      paths.push_back(path);
    }
  }
  if (mask.paths().empty()) Populated(patch, "", &paths);
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> distinct;
  for (auto& path : paths) {
    bool covered = std::any_of(distinct.begin(), distinct.end(), [&](const std::string& above) {
      return path == above || path.starts_with(above + ".");
    });
    if (!covered) distinct.push_back(std::move(path));
  }
  return distinct;
}

bool SameField(const Message& a, const Message& b, const FieldDescriptor* field) {
  auto only = [&](const Message& message) {
    std::unique_ptr<Message> copy(message.New()), one(message.New());
    copy->CopyFrom(message);
    copy->GetReflection()->SwapFields(copy.get(), one.get(), {field});
    return one->SerializeAsString();
  };
  return only(a) == only(b);
}

class Update {
 public:
  std::vector<FieldViolation> violations;

  // `patch` is used up.
  void Apply(std::vector<std::string_view> path, Message* patch, Message* stored, const std::string& at) {
    const auto* field = patch->GetDescriptor()->FindFieldByName(std::string(path.front()));
    if (field == nullptr || (path.size() > 1 && !IsStructure(field))) {
      violations.push_back({"updateMask", "INVALID_UPDATE_MASK",
                            "\"" + std::string(path.front()) + "\" does not lead to a field of " + at + "."});
      return;
    }
    if (Rules(field).output_only() || field->name() == "name" || field->name() == "etag") return;
    auto json = at + "." + field->json_name();
    const auto* reflection = patch->GetReflection();
    if (path.size() > 1) {
      path.erase(path.begin());
      return Apply(std::move(path), reflection->MutableMessage(patch, field), reflection->MutableMessage(stored, field),
                   json);
    }
    if (Rules(field).immutable()) {
      if (!SameField(*patch, *stored, field)) violations.push_back({json, "IMMUTABLE", "Is set once, at creation."});
    } else if (Rules(field).required() && !Has(*patch, field)) {
      violations.push_back({json, "REQUIRED", "May not be cleared."});
    } else {
      reflection->SwapFields(patch, stored, {field});
    }
  }
};

}  // namespace

Result<void> ApplyUpdate(const google::protobuf::FieldMask& mask, const Message& patch, const std::string& field,
                         Message* stored) {
  std::unique_ptr<Message> source(patch.New());
  source->CopyFrom(patch);
  Update update;
  for (const auto& path : Paths(mask, patch)) update.Apply(Split(path, '.'), source.get(), stored, field);
  if (!update.violations.empty()) return errors::InvalidFields(std::move(update.violations));
  return {};
}

}  // namespace lanting::resource
