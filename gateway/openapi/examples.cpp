#include "gateway/openapi/examples.h"

#include <lanting/common/v1/options.pb.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <set>

#include "gateway/openapi/example_values.h"
#include "platform/base/strings.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
namespace v1 = lanting::common::v1;
using Field = pb::FieldDescriptor;
using WellKnown = pb::Descriptor;

const v1::FieldRules& RulesOf(const Field* field) { return field->options().GetExtension(v1::rules); }

// Times of what has not happened to a resource that is alive.
const std::set<std::string, std::less<>> kNotYet = {"delete_time", "purge_time",   "revoke_time", "decide_time",
                                                    "finish_time", "archive_time", "disable_time"};
// Times of what happens to some and not to others.
const std::set<std::string, std::less<>> kOfSome = {"retry_time", "contact_time", "offer_expire_time", "leave_time"};
// What only another kind of the resource has than the one that the example is of: a gate of the first kind has no
// keyword.
const std::set<std::string, std::less<>> kOfOtherKinds = {"lanting.membership.v1.Question.accepted_answers",
                                                          "lanting.membership.v1.Gate.group",
                                                          "lanting.membership.v1.Gate.pass_percent",
                                                          "lanting.membership.v1.Gate.max_attempts",
                                                          "lanting.membership.v1.Gate.retry_after",
                                                          "lanting.membership.v1.Gate.keyword",
                                                          "lanting.membership.v1.Gate.prerequisite",
                                                          "lanting.membership.v1.InviteLink.referrer",
                                                          "lanting.membership.v1.InviteLink.roll_tag",
                                                          "lanting.membership.v1.Application.keyword",
                                                          "lanting.membership.v1.Application.payment_reference",
                                                          "lanting.membership.v1.ApplicationDecision.reason"};
// What headers carry, or the gateway derives.
const std::set<std::string, std::less<>> kFromHeaders = {"etag", "request_id", "update_mask"};

long long Clamped(const Field* field, long long number) {
  const auto& rules = RulesOf(field);
  if (rules.has_min()) number = std::max<long long>(number, rules.min());
  if (rules.has_max()) number = std::min<long long>(number, rules.max());
  return number;
}

json::value NumberExample(const Field* field) {
  const long long number = Clamped(field, ExampleNumber(field->name()).value_or(1));
  switch (field->cpp_type()) {
    case Field::CPPTYPE_INT64:
    case Field::CPPTYPE_UINT64:
      return json::value(std::to_string(number));
    case Field::CPPTYPE_FLOAT:
    case Field::CPPTYPE_DOUBLE:
      return json::value(RulesOf(field).has_max() ? static_cast<double>(number) : 0.5);
    default:
      return json::value(number);
  }
}

// The first value that says something.
json::value EnumExample(const pb::EnumDescriptor* type) {
  if (type->full_name() == "google.protobuf.NullValue") return nullptr;
  return json::value(type->value(type->value_count() > 1 ? 1 : 0)->name());
}

json::value WellKnownExample(const Field* field) {
  const pb::Descriptor* type = field->message_type();
  switch (type->well_known_type()) {
    case WellKnown::WELLKNOWNTYPE_TIMESTAMP:
      return json::value(ExampleTime(field->name()));
    case WellKnown::WELLKNOWNTYPE_DURATION:
      return "3.5s";
    case WellKnown::WELLKNOWNTYPE_FIELDMASK:
      return "displayName";
    case WellKnown::WELLKNOWNTYPE_STRUCT:
      return json::object{{"source", "crm"}};
    case WellKnown::WELLKNOWNTYPE_LISTVALUE:
      return json::array{"春", 2026};
    case WellKnown::WELLKNOWNTYPE_VALUE:
      return "春";
    case WellKnown::WELLKNOWNTYPE_ANY:
      return json::object{{"@type", "type.googleapis.com/google.protobuf.Duration"}, {"value", "3.5s"}};
    case WellKnown::WELLKNOWNTYPE_UNSPECIFIED:  // Empty
      return json::object();
    default:
      return Examples(false).Of(type->field(0), Form::kOutput);
  }
}

// What a cut to `most` code points leaves.
std::string Cut(std::string_view text, std::size_t most) {
  std::size_t points = 0, end = 0;
  while (end < text.size()) {
    if ((text[end] & 0xc0) != 0x80 && points++ == most) break;
    ++end;
  }
  return std::string(text.substr(0, end));
}

}  // namespace

std::string ExampleId(std::string_view collection) {
  static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const unsigned char c : collection) hash = (hash ^ c) * 0x100000001b3;
  std::string id = "01kjkz5n8ef";
  while (id.size() < 26) {
    hash = hash * 6364136223846793005 + 1442695040888963407;
    id += kAlphabet[hash >> 59];
  }
  return id;
}

std::string ExampleName(std::string_view pattern) {
  std::string name;
  std::string_view collection;
  for (std::string_view piece : Split(Trim(pattern.substr(0, pattern.find('|'))), '/')) {
    if (!name.empty()) name += '/';
    if (piece == "**")
      name += "current";
    else
      name += piece == "*" ? ExampleId(collection) : std::string(piece);
    collection = piece;
  }
  return name;
}

json::value Examples::Of(const pb::Descriptor* type, Form form, const FieldSet& without) {
  inside_.push_back(type);
  json::object object;
  std::set<const pb::OneofDescriptor*> chosen;
  for (int i = 0; i < type->field_count(); ++i) {
    const Field* field = type->field(i);
    if (without.contains(field) || !Shows(field, form)) continue;
    const pb::OneofDescriptor* oneof = field->real_containing_oneof();
    if (oneof != nullptr && !chosen.insert(oneof).second) continue;
    object[field->json_name()] = Of(field, form);
    if (form == Form::kPatch && object.size() == 2) break;  // a PATCH changes little
  }
  inside_.pop_back();
  return object;
}

bool Examples::Shows(const Field* field, Form form) const {
  const auto& rules = RulesOf(field);
  const bool optional = form != Form::kOutput || field->has_presence();
  if (optional && std::count(inside_.begin(), inside_.end(), field->message_type()) > 0) return false;
  const bool other_kind = kOfOtherKinds.contains(field->full_name());
  if (form == Form::kOutput) {
    return !field->has_presence() ||
           (!other_kind && !kNotYet.contains(field->name()) && !kOfSome.contains(field->name()));
  }
  if (other_kind) return false;
  if (form == Form::kPatch && rules.immutable()) return false;
  return !rules.output_only() && !kFromHeaders.contains(field->name());
}

json::value Examples::Of(const Field* field, Form form) {
  if (!field->is_repeated()) return One(field, form);
  const bool endless = std::count(inside_.begin(), inside_.end(), field->message_type()) > 0;
  if (field->is_map()) {
    const Field* value = field->message_type()->map_value();
    const bool again = std::count(inside_.begin(), inside_.end(), value->message_type()) > 0;
    if (again && value->message_type() != nullptr) return json::object();
    const auto key = field->message_type()->map_key()->cpp_type();
    const char* name = key == Field::CPPTYPE_STRING ? "city" : key == Field::CPPTYPE_BOOL ? "true" : "1";
    return json::object{{name, value->name() == "value" && value->cpp_type() == Field::CPPTYPE_STRING
                                   ? json::value("杭州")
                                   : One(value, form)}};
  }
  json::array list;
  if (endless && field->message_type() != nullptr) return list;
  const auto size = std::max<std::uint32_t>(1, RulesOf(field).min_items());
  for (std::uint32_t i = 0; i < size; ++i) list.push_back(One(field, form));
  return list;
}

json::value Examples::One(const Field* field, Form form) {
  switch (field->cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      if (IsWellKnown(field->message_type())) return WellKnownExample(field);
      return Of(field->message_type(), form == Form::kPatch && field->is_repeated() ? Form::kInput : form);
    case Field::CPPTYPE_ENUM:
      return EnumExample(field->enum_type());
    case Field::CPPTYPE_BOOL:
      return json::value(field->name() != "validate_only");
    case Field::CPPTYPE_STRING:
      if (field->type() == Field::TYPE_BYTES) return "5YWw5Lqt";
      return json::value(Text(field));
    default:
      return NumberExample(field);
  }
}

std::string Examples::Text(const Field* field) const {
  const auto& rules = RulesOf(field);
  const std::string& name = field->name();
  const std::string& message = field->containing_type()->name();
  if (!rules.resource().empty()) return ExampleName(rules.resource());
  if (name == "secret") return creates_ ? "lk_" + ExampleId("tenants") + "_not-a-real-key" : "";
  if (const auto text = ExampleText(message, name))
    return rules.max_len() > 0 ? Cut(*text, rules.max_len()) : std::string(*text);
  if (name == "name") return static_cast<char>(message[0] | 0x20) + message.substr(1) + "s/" + ExampleId(message);
  switch (rules.format()) {
    case v1::FORMAT_TIME_ZONE:
      return "Asia/Shanghai";
    case v1::FORMAT_LOCALE:
      return "zh-CN";
    case v1::FORMAT_TOKEN:
      return Cut("example-1", rules.max_len() > 0 ? rules.max_len() : kDefaultMaxLength);
    default:
      return Cut("兰亭", rules.max_len() > 0 ? rules.max_len() : kDefaultMaxLength);
  }
}

}  // namespace lanting::gateway::openapi
