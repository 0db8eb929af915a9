#include "gateway/openapi/constraints.h"

#include <lanting/common/v1/options.pb.h>

#include <boost/json/array.hpp>

#include "platform/base/strings.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
namespace v1 = lanting::common::v1;
using Field = pb::FieldDescriptor;
using WellKnown = pb::Descriptor;

// Regular expressions of rpc/formats.h, in the part of ECMA-262 that RE2 has too.
constexpr const char* kToken = "[!-~](?:[ -~]*[!-~])?";
constexpr const char* kTimeZone = "[A-Z][A-Za-z0-9_+/-]*";
constexpr const char* kLocale = "zh-CN|en";
#define LANTING_CONTROL R"(\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069)"
#define LANTING_SPACE R"( \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000)"
constexpr const char* kDisplayName =
    "[^" LANTING_SPACE LANTING_CONTROL "](?:[^" LANTING_CONTROL "]*[^" LANTING_SPACE LANTING_CONTROL "])?";

std::string FormatPattern(v1::Format format) {
  switch (format) {
    case v1::FORMAT_TOKEN:
      return kToken;
    case v1::FORMAT_TIME_ZONE:
      return kTimeZone;
    case v1::FORMAT_LOCALE:
      return kLocale;
    case v1::FORMAT_DISPLAY_NAME:
      return kDisplayName;
    default:
      return {};
  }
}

// An element of a list may never be empty; neither may what is required.
bool MayBeEmpty(const Field* field, const v1::FieldRules& rules, Form form) {
  return form == Form::kOutput || (!rules.required() && !field->is_repeated());
}

json::object TextSchema(const Field* field, Form form) {
  const auto& rules = field->options().GetExtension(v1::rules);
  const bool empty = MayBeEmpty(field, rules, form);
  json::object schema{{"type", "string"}};
  const bool bounded = form != Form::kOutput && !rules.output_only();
  if (!empty && rules.min_len() <= 1) schema["minLength"] = 1;
  if (rules.min_len() > 1 && form != Form::kOutput) {
    if (empty)
      schema["anyOf"] = json::array{json::object{{"maxLength", 0}}, json::object{{"minLength", rules.min_len()}}};
    else
      schema["minLength"] = rules.min_len();
  }
  if (rules.max_len() > 0)
    schema["maxLength"] = rules.max_len();
  else if (bounded)
    schema["maxLength"] = kDefaultMaxLength;
  std::string pattern = FormatPattern(rules.format());
  if (!rules.resource().empty())
    pattern = ResourcePattern(rules.resource(), rules.output_only() ? Form::kOutput : form);
  if (!pattern.empty()) schema["pattern"] = "^(?:" + pattern + (empty ? ")?$" : ")$");
  return schema;
}

json::object BytesSchema(const Field* field) {
  const auto& rules = field->options().GetExtension(v1::rules);
  json::object schema{{"type", "string"}, {"contentEncoding", "base64"}};
  auto encoded = [](std::uint64_t bytes) { return (bytes + 2) / 3 * 4; };
  if (rules.min_len() > 0) schema["minLength"] = encoded(rules.min_len());
  if (rules.max_len() > 0) schema["maxLength"] = encoded(rules.max_len());
  return schema;
}

// Bounds of what JSON carries as a string stand in text.
json::object LongSchema(const Field* field, bool is_signed) {
  const auto& rules = field->options().GetExtension(v1::rules);
  json::object schema{{"type", "string"},
                      {"format", is_signed ? "int64" : "uint64"},
                      {"pattern", is_signed ? "^-?[0-9]{1,19}$" : "^[0-9]{1,20}$"}};
  if (rules.has_min()) schema["x-minimum"] = rules.min();
  if (rules.has_max()) schema["x-maximum"] = rules.max();
  return schema;
}

json::object IntSchema(const Field* field, bool is_signed) {
  const auto& rules = field->options().GetExtension(v1::rules);
  json::object schema{{"type", "integer"}, {"format", is_signed ? "int32" : "uint32"}};
  if (rules.has_min() || !is_signed) schema["minimum"] = rules.has_min() ? rules.min() : 0;
  if (rules.has_max() || !is_signed) schema["maximum"] = rules.has_max() ? rules.max() : std::int64_t{4294967295};
  return schema;
}

// Numbers that JSON has no form for are words; a bound excludes them.
json::object FloatSchema(const Field* field, const char* format) {
  const auto& rules = field->options().GetExtension(v1::rules);
  json::object number{{"type", "number"}, {"format", format}};
  if (!rules.has_min() && !rules.has_max())
    return {{"anyOf", json::array{number, json::object{{"type", "string"},
                                                       {"enum", json::array{"NaN", "Infinity", "-Infinity"}}}}}};
  if (rules.has_min()) number["minimum"] = rules.min();
  if (rules.has_max()) number["maximum"] = rules.max();
  return number;
}

json::object Nullable(json::object schema) {
  if (auto* type = schema.if_contains("type")) {
    *type = json::array{*type, "null"};
  } else if (auto* any = schema.if_contains("anyOf")) {
    any->as_array().push_back(json::object{{"type", "null"}});
  }
  return schema;
}

}  // namespace

const char* const kIdPattern = "[0-7][0-9a-hjkmnp-tv-z]{25}";

std::string ResourcePattern(std::string_view patterns, Form form) {
  std::string out;
  for (std::string_view pattern : Split(patterns, '|')) {
    if (!out.empty()) out += '|';
    bool first = true;
    for (std::string_view piece : Split(Trim(pattern), '/')) {
      if (!first) out += '/';
      first = false;
      if (piece == "**")
        out += "[^/](?:.*[^/])?";
      else if (piece == "*")
        out += form == Form::kOutput ? "[^/]+" : kIdPattern;
      else
        out += piece;
    }
  }
  return out;
}

json::object ScalarSchema(const Field* field, Form form) {
  switch (field->cpp_type()) {
    case Field::CPPTYPE_STRING:
      return field->type() == Field::TYPE_BYTES ? BytesSchema(field) : TextSchema(field, form);
    case Field::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case Field::CPPTYPE_INT32:
    case Field::CPPTYPE_UINT32:
      return IntSchema(field, field->cpp_type() == Field::CPPTYPE_INT32);
    case Field::CPPTYPE_INT64:
    case Field::CPPTYPE_UINT64:
      return LongSchema(field, field->cpp_type() == Field::CPPTYPE_INT64);
    case Field::CPPTYPE_FLOAT:
      return FloatSchema(field, "float");
    case Field::CPPTYPE_DOUBLE:
      return FloatSchema(field, "double");
    default:
      return {};
  }
}

bool IsWellKnown(const pb::Descriptor* type) {
  return type->well_known_type() != WellKnown::WELLKNOWNTYPE_UNSPECIFIED ||
         type->full_name() == "google.protobuf.Empty";
}

json::object WellKnownSchema(const pb::Descriptor* type) {
  switch (type->well_known_type()) {
    case WellKnown::WELLKNOWNTYPE_TIMESTAMP:
      return {{"type", "string"}, {"format", "date-time"}};
    case WellKnown::WELLKNOWNTYPE_DURATION:
      return {{"type", "string"}, {"pattern", R"(^-?[0-9]{1,12}(?:\.[0-9]{1,9})?s$)"}};
    case WellKnown::WELLKNOWNTYPE_FIELDMASK:
      return {{"type", "string"}, {"pattern", R"(^(?:\*|[A-Za-z0-9.]+(?:,[A-Za-z0-9.]+)*)?$)"}};
    case WellKnown::WELLKNOWNTYPE_STRUCT:
      return {{"type", "object"}, {"additionalProperties", true}};
    case WellKnown::WELLKNOWNTYPE_LISTVALUE:
      return {{"type", "array"}, {"items", json::object()}};
    case WellKnown::WELLKNOWNTYPE_VALUE:
      return {{"description", "Any JSON value."}};
    case WellKnown::WELLKNOWNTYPE_ANY:
      return {{"type", "object"},
              {"required", json::array{"@type"}},
              {"properties", json::object{{"@type", json::object{{"type", "string"}}}}},
              {"additionalProperties", true}};
    case WellKnown::WELLKNOWNTYPE_UNSPECIFIED:
      if (type->full_name() == "google.protobuf.Empty") return {{"type", "object"}, {"additionalProperties", false}};
      return {};
    default:  // a wrapper: its value, or null
      return Nullable(ScalarSchema(type->field(0), Form::kOutput));
  }
}

}  // namespace lanting::gateway::openapi
