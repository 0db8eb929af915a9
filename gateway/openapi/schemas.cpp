#include "gateway/openapi/schemas.h"

#include <lanting/common/v1/options.pb.h>

#include <boost/json/array.hpp>
#include <utility>

#include "platform/base/strings.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
namespace v1 = lanting::common::v1;
using Field = pb::FieldDescriptor;

const v1::FieldRules& RulesOf(const Field* field) { return field->options().GetExtension(v1::rules); }

json::object Ref(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

const char* Suffix(Form form) { return form == Form::kInput ? "Input" : form == Form::kPatch ? "Patch" : ""; }

// "Outer_Inner" of a nested type.
template <typename Descriptor>
std::string ShortName(const Descriptor* type) {
  std::string name = type->name();
  for (const pb::Descriptor* outer = type->containing_type(); outer != nullptr; outer = outer->containing_type())
    name = outer->name() + '_' + name;
  return name;
}

json::object WithNull(json::object schema) {
  if (auto* type = schema.if_contains("type"); type != nullptr && type->is_string()) {
    *type = json::array{*type, "null"};
    return schema;
  }
  return {{"anyOf", json::array{std::move(schema), json::object{{"type", "null"}}}}};
}

void AddSentence(std::string* text, std::string_view sentence) {
  if (!text->empty()) *text += std::string_view(".!?:").find(text->back()) == std::string_view::npos ? ". " : " ";
  *text += sentence;
}

// A oneof: each member refuses the others.
void AddOneofs(const pb::Descriptor* type, const FieldSet& without, json::object* schema) {
  json::object names, dependent;
  for (int i = 0; i < type->real_oneof_decl_count(); ++i) {
    const pb::OneofDescriptor* oneof = type->oneof_decl(i);
    json::array members;
    for (int k = 0; k < oneof->field_count(); ++k) {
      if (without.contains(oneof->field(k))) continue;
      members.emplace_back(oneof->field(k)->json_name());
      json::array others;
      for (int o = 0; o < oneof->field_count(); ++o)
        if (o != k)
          others.push_back(json::object{{"required", json::array{json::string(oneof->field(o)->json_name())}}});
      if (!others.empty())
        dependent[oneof->field(k)->json_name()] = json::object{{"not", json::object{{"anyOf", std::move(others)}}}};
    }
    names[oneof->name()] = std::move(members);
  }
  if (names.empty()) return;
  (*schema)["x-oneof"] = std::move(names);
  if (!dependent.empty()) (*schema)["dependentSchemas"] = std::move(dependent);
}

}  // namespace

bool IsRequired(const Field* field, Form form) {
  if (form == Form::kOutput) return !field->has_presence();
  return form == Form::kInput && RulesOf(field).required() && !RulesOf(field).output_only();
}

std::string Schemas::NameFor(const std::string& key, std::string wanted, const std::string& package) {
  if (const auto it = names_.find(key); it != names_.end()) return it->second;
  if (components_.contains(wanted)) {
    std::string prefix;
    for (std::string_view part : Split(package, '.')) prefix += std::string(part) + '.';
    wanted = prefix + wanted;
  }
  std::string name = wanted;
  for (int n = 2; components_.contains(name); ++n) name = wanted + std::to_string(n);
  names_[key] = name;
  components_[name];  // taken, also while its own fields are looked at
  return name;
}

json::object Schemas::Add(const std::string& name, json::object schema) {
  components_[name] = std::move(schema);
  return Ref(name);
}

json::object Schemas::Of(const pb::Descriptor* type, Form form) {
  if (IsWellKnown(type)) return WellKnownSchema(type);
  const std::string key = type->full_name() + Suffix(form);
  const bool is_new = !names_.contains(key);
  const std::string name = NameFor(key, ShortName(type) + Suffix(form), type->file()->package());
  if (is_new) {
    json::object schema = Message(type, form, {});
    components_[name] = std::move(schema);
  }
  return Ref(name);
}

json::object Schemas::Of(const pb::EnumDescriptor* type) {
  if (type->full_name() == "google.protobuf.NullValue") return {{"type", "null"}};
  const bool is_new = !names_.contains(type->full_name());
  const std::string name = NameFor(type->full_name(), ShortName(type), type->file()->package());
  if (!is_new) return Ref(name);
  std::string text = comments_.Of(type);
  json::array values;
  for (int i = 0; i < type->value_count(); ++i) {
    const pb::EnumValueDescriptor* value = type->value(i);
    values.emplace_back(value->name());
    if (const std::string& comment = comments_.Of(value); !comment.empty())
      text += (text.empty() || text.find("\n- ") != std::string::npos ? "\n- `" : "\n\n- `") + value->name() +
              "`: " + comment;
  }
  json::object schema{{"type", "string"}, {"enum", std::move(values)}};
  if (!text.empty()) schema["description"] = text.starts_with('\n') ? text.substr(1) : text;
  components_[name] = std::move(schema);
  return Ref(name);
}

json::object Schemas::Body(const std::string& name, const pb::Descriptor* type, const FieldSet& without) {
  std::string free = name;
  for (int n = 2; components_.contains(free); ++n) free = name + std::to_string(n);
  components_[free];
  json::object schema = Message(type, Form::kInput, without);
  return Add(free, std::move(schema));
}

json::object Schemas::Message(const pb::Descriptor* type, Form form, const FieldSet& without) {
  json::object properties;
  json::array required;
  for (int i = 0; i < type->field_count(); ++i) {
    const Field* field = type->field(i);
    if (without.contains(field)) continue;
    properties[field->json_name()] = Of(field, form);
    if (IsRequired(field, form)) required.emplace_back(field->json_name());
  }
  json::object schema{{"type", "object"}};
  if (const std::string& comment = comments_.Of(type); !comment.empty()) schema["description"] = comment;
  if (!required.empty()) schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  if (form != Form::kOutput) schema["additionalProperties"] = false;  // the gateway refuses names it does not know
  AddOneofs(type, without, &schema);
  return schema;
}

json::object Schemas::Of(const Field* field, Form form) {
  json::object schema = field->is_map()        ? MapOf(field, form)
                        : field->is_repeated() ? ListOf(field, form)
                                               : Value(field, form);
  if (form == Form::kPatch && !RulesOf(field).required()) schema = WithNull(std::move(schema));
  Annotate(field, form, &schema);
  return schema;
}

json::object Schemas::Value(const Field* field, Form form) {
  if (field->message_type() != nullptr) {
    const bool whole = form == Form::kPatch && field->is_repeated();  // elements are replaced as a whole
    return Of(field->message_type(), whole ? Form::kInput : form);
  }
  if (field->enum_type() == nullptr) return ScalarSchema(field, form);
  json::object schema = Of(field->enum_type());
  if (form != Form::kOutput && RulesOf(field).required())
    schema["not"] = json::object{{"const", field->enum_type()->FindValueByNumber(0)->name()}};
  return schema;
}

json::object Schemas::MapOf(const Field* field, Form form) {
  const Field* key = field->message_type()->map_key();
  json::object schema{{"type", "object"}};
  if (key->cpp_type() == Field::CPPTYPE_BOOL)
    schema["propertyNames"] = json::object{{"enum", json::array{"true", "false"}}};
  else if (key->cpp_type() != Field::CPPTYPE_STRING)
    schema["propertyNames"] = json::object{{"pattern", "^-?[0-9]{1,20}$"}};
  const Form of_values = form == Form::kPatch ? Form::kInput : form;
  schema["additionalProperties"] = Value(field->message_type()->map_value(), of_values);
  const auto& rules = RulesOf(field);
  if (rules.min_items() > 0 && form != Form::kOutput) schema["minProperties"] = rules.min_items();
  if (form != Form::kOutput) schema["maxProperties"] = rules.max_items() > 0 ? rules.max_items() : kDefaultMaxItems;
  return schema;
}

json::object Schemas::ListOf(const Field* field, Form form) {
  json::object schema{{"type", "array"}, {"items", Value(field, form)}};
  const auto& rules = RulesOf(field);
  if (form == Form::kOutput || rules.output_only()) {
    if (rules.max_items() > 0) schema["maxItems"] = rules.max_items();
    return schema;
  }
  const auto least = std::max<std::uint32_t>(rules.min_items(), rules.required() ? 1 : 0);
  if (least > 0) schema["minItems"] = least;
  schema["maxItems"] = rules.max_items() > 0 ? rules.max_items() : kDefaultMaxItems;
  return schema;
}

void Schemas::Annotate(const Field* field, Form form, json::object* schema) const {
  const auto& rules = RulesOf(field);
  std::string text = comments_.Of(field);
  if (field->real_containing_oneof() != nullptr)
    AddSentence(&text, "At most one member of `" + field->containing_oneof()->name() + "` is set.");
  if (rules.output_only() && form != Form::kOutput) AddSentence(&text, "Set by Lanting; ignored when it is sent.");
  if (rules.immutable()) AddSentence(&text, "Set at creation only: a change is refused.");
  if (rules.pii()) AddSentence(&text, "Personal data.");
  if (!text.empty()) (*schema)["description"] = text;
  if (rules.output_only()) (*schema)["readOnly"] = true;
  if (rules.immutable()) (*schema)["x-immutable"] = true;
  if (rules.pii()) (*schema)["x-pii"] = true;
  if (!rules.resource().empty()) (*schema)["x-resource"] = rules.resource();
}

json::object Schemas::Take() {
  json::object all;
  for (auto& [name, schema] : components_) all[name] = std::move(schema);
  components_.clear();
  return all;
}

}  // namespace lanting::gateway::openapi
