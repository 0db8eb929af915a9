#include "platform/rpc/validation_plan.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

#include "lanting/common/v1/options.pb.h"
#include "platform/base/strings.h"
#include "platform/rpc/validate.h"

namespace lanting::rpc {
namespace {

namespace pb = google::protobuf;
using Table = std::unordered_map<const pb::Descriptor*, const ValidationPlan*>;

constexpr std::uint32_t kDefaultMaxLen = 1024;
constexpr std::uint32_t kDefaultMaxItems = 100;

FieldPlan::Kind KindOf(const pb::FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return field->type() == pb::FieldDescriptor::TYPE_BYTES ? FieldPlan::Kind::kBytes : FieldPlan::Kind::kString;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return FieldPlan::Kind::kEnum;
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return FieldPlan::Kind::kMessage;
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return FieldPlan::Kind::kOther;
    default:
      return FieldPlan::Kind::kNumber;
  }
}

void CheckRules(const FieldPlan& plan, const common::v1::FieldRules& rules) {
  auto refuse = [&](const char* why) { throw std::logic_error("rules of " + plan.field->full_name() + ": " + why); };
  using Kind = FieldPlan::Kind;
  if (plan.min && plan.max && *plan.min > *plan.max) refuse("min is over max");
  if (plan.max_len != 0 && plan.min_len > plan.max_len) refuse("min_len is over max_len");
  if (plan.repeated && plan.min_items > plan.max_items) refuse("min_items is over max_items");
  if ((plan.min || plan.max) && plan.kind != Kind::kNumber) refuse("min and max are for numbers");
  if ((rules.min_len() || rules.max_len()) && plan.kind != Kind::kString && plan.kind != Kind::kBytes) {
    refuse("min_len and max_len are for strings and bytes");
  }
  if ((rules.format() || !rules.resource().empty()) && plan.kind != Kind::kString) {
    refuse("format and resource are for strings");
  }
  if ((rules.min_items() || rules.max_items()) && !plan.repeated) refuse("min_items and max_items are for lists");
  if (rules.defined_only() && plan.kind != Kind::kEnum) refuse("defined_only is for enums");
  if (!rules.items_alone_if().empty()) {
    if (!plan.repeated || plan.kind != Kind::kMessage) refuse("items_alone_if is for lists of messages");
    if (plan.alone_if == nullptr || plan.alone_if->is_repeated() ||
        plan.alone_if->type() != pb::FieldDescriptor::TYPE_BOOL) {
      refuse("items_alone_if names a boolean field beside it");
    }
  }
}

FieldPlan PlanField(const pb::FieldDescriptor* field) {
  const auto& rules = field->options().GetExtension(common::v1::rules);
  FieldPlan plan;
  plan.field = field;
  plan.kind = KindOf(field);
  plan.json = field->json_name();
  plan.repeated = field->is_repeated();
  plan.presence = field->has_presence();
  plan.required = rules.required();
  plan.output_only = rules.output_only();
  plan.defined_only = rules.defined_only();
  plan.min_len = rules.min_len();
  plan.max_len = rules.max_len() == 0 && plan.kind == FieldPlan::Kind::kString ? kDefaultMaxLen : rules.max_len();
  plan.min_items = rules.min_items();
  plan.max_items = rules.max_items() == 0 ? kDefaultMaxItems : rules.max_items();
  if (rules.has_min()) plan.min = rules.min();
  if (rules.has_max()) plan.max = rules.max();
  plan.format = rules.format();
  plan.resource = rules.resource();
  if (!rules.items_alone_if().empty())
    plan.alone_if = field->containing_type()->FindFieldByName(rules.items_alone_if());
  CheckRules(plan, rules);
  return plan;
}

bool HasWork(const FieldPlan& plan) {
  return plan.repeated || plan.required || plan.output_only || plan.defined_only || plan.min || plan.max ||
         plan.kind == FieldPlan::Kind::kString || plan.kind == FieldPlan::Kind::kMessage ||
         (plan.kind == FieldPlan::Kind::kBytes && (plan.min_len || plan.max_len));
}

// The resource a request with update_mask updates: its one field of a message type that has a `name`.
void FindUpdate(const pb::Descriptor* type, ValidationPlan& plan) {
  const auto* mask = type->FindFieldByName("update_mask");
  if (mask == nullptr || mask->is_repeated() || mask->message_type() == nullptr ||
      mask->message_type()->full_name() != "google.protobuf.FieldMask") {
    return;
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->is_repeated() || field->message_type() == nullptr || field == mask) continue;
    const auto* name = field->message_type()->FindFieldByName("name");
    if (name == nullptr || name->type() != pb::FieldDescriptor::TYPE_STRING) continue;
    plan.update_mask = mask;
    plan.updated = field;
    return;
  }
}

class Builder {
 public:
  explicit Builder(Table known) : table_(std::move(known)) {}

  const ValidationPlan* Build(const pb::Descriptor* type) {
    if (auto it = table_.find(type); it != table_.end()) return it->second;
    auto owned = std::make_unique<ValidationPlan>();
    ValidationPlan* plan = owned.get();
    made_.push_back(std::move(owned));
    table_[type] = plan;  // before the fields: types may contain themselves
    if (type->full_name() == "google.protobuf.Timestamp") plan->special = ValidationPlan::Special::kTimestamp;
    if (type->full_name() == "google.protobuf.Duration") plan->special = ValidationPlan::Special::kDuration;
    if (plan->special != ValidationPlan::Special::kNone) return plan;
    FindUpdate(type, *plan);
    for (int i = 0; i < type->field_count(); ++i) {
      FieldPlan field = PlanField(type->field(i));
      if (!HasWork(field)) continue;
      if (field.kind == FieldPlan::Kind::kMessage) field.message = Build(type->field(i)->message_type());
      plan->fields.push_back(std::move(field));
    }
    return plan;
  }

  Table table_;
  std::vector<std::unique_ptr<ValidationPlan>> made_;
};

}  // namespace

const ValidationPlan& PlanOf(const pb::Descriptor* type) {
  // Readers see a table that never changes; a new type publishes a new one and the old stays (there are few types).
  static std::atomic<const Table*> current{new Table};
  static std::mutex mutex;
  static auto& keep = *new std::vector<std::unique_ptr<const ValidationPlan>>;
  static auto& tables = *new std::vector<const Table*>;
  const Table* table = current.load(std::memory_order_acquire);
  if (auto it = table->find(type); it != table->end()) return *it->second;

  std::lock_guard lock(mutex);
  table = current.load(std::memory_order_acquire);
  Builder builder(*table);
  const ValidationPlan* plan = builder.Build(type);
  for (auto& made : builder.made_) keep.push_back(std::move(made));
  tables.push_back(table);
  current.store(new Table(std::move(builder.table_)), std::memory_order_release);
  return *plan;
}

void PrepareValidation(const pb::Descriptor* type) { PlanOf(type); }

}  // namespace lanting::rpc
