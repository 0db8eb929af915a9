#include "gateway/transcode/json_writer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>

#include <charconv>
#include <cmath>

#include "gateway/transcode/well_known.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

template <typename T>
void AppendNumber(T value, std::string* out) {
  char buffer[32];
  out->append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

template <typename T>
void AppendQuoted(T value, std::string* out) {
  *out += '"';
  AppendNumber(value, out);
  *out += '"';
}

template <typename T>
void AppendFloating(T value, std::string* out) {
  if (std::isnan(value))
    *out += "\"NaN\"";
  else if (std::isinf(value))
    *out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  else
    AppendNumber(value, out);
}

void AppendEnum(const Field* field, int number, std::string* out) {
  if (field->enum_type() == pb::NullValue_descriptor()) {
    *out += "null";
  } else if (const auto* value = field->enum_type()->FindValueByNumber(number)) {
    *out += '"';
    *out += value->name();
    *out += '"';
  } else {
    AppendNumber(number, out);
  }
}

// One element: of a list if index >= 0.
void AppendElement(const pb::Message& message, const Field* field, int index, std::string* out) {
  const pb::Reflection* reflection = message.GetReflection();
#define LANTING_GET(Type) \
  (index < 0 ? reflection->Get##Type(message, field) : reflection->GetRepeated##Type(message, field, index))
  switch (field->cpp_type()) {
    case Field::CPPTYPE_INT32:
      return AppendNumber(LANTING_GET(Int32), out);
    case Field::CPPTYPE_UINT32:
      return AppendNumber(LANTING_GET(UInt32), out);
    case Field::CPPTYPE_INT64:
      return AppendQuoted(LANTING_GET(Int64), out);
    case Field::CPPTYPE_UINT64:
      return AppendQuoted(LANTING_GET(UInt64), out);
    case Field::CPPTYPE_DOUBLE:
      return AppendFloating(LANTING_GET(Double), out);
    case Field::CPPTYPE_FLOAT:
      return AppendFloating(LANTING_GET(Float), out);
    case Field::CPPTYPE_BOOL:
      *out += LANTING_GET(Bool) ? "true" : "false";
      return;
    case Field::CPPTYPE_ENUM:
      return AppendEnum(field, LANTING_GET(EnumValue), out);
    case Field::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text = index < 0 ? reflection->GetStringReference(message, field, &scratch)
                                          : reflection->GetRepeatedStringReference(message, field, index, &scratch);
      if (field->type() == Field::TYPE_STRING) return AppendJsonString(text, out);
      *out += '"';
      AppendBase64(text, out);
      *out += '"';
      return;
    }
    case Field::CPPTYPE_MESSAGE:
      return AppendJson(LANTING_GET(Message), out);
  }
#undef LANTING_GET
}

void AppendMapKey(const pb::Message& entry, const Field* key, std::string* out) {
  std::string text;
  AppendElement(entry, key, -1, &text);
  if (text.starts_with('"')) {
    *out += text;
  } else {
    *out += '"';
    *out += text;
    *out += '"';
  }
}

void AppendRepeated(const pb::Message& message, const Field* field, std::string* out) {
  const pb::Reflection* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field);
  const bool map = field->is_map();
  *out += map ? '{' : '[';
  for (int i = 0; i < size; ++i) {
    if (i > 0) *out += ',';
    if (map) {
      const pb::Message& entry = reflection->GetRepeatedMessage(message, field, i);
      AppendMapKey(entry, field->message_type()->map_key(), out);
      *out += ':';
      AppendElement(entry, field->message_type()->map_value(), -1, out);
    } else {
      AppendElement(message, field, i, out);
    }
  }
  *out += map ? '}' : ']';
}

// The members without braces; `first` says whether no comma is needed before the first.
void AppendMembers(const pb::Message& message, bool first, std::string* out) {
  const pb::Descriptor* type = message.GetDescriptor();
  const pb::Reflection* reflection = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const Field* field = type->field(i);
    if (field->has_presence() && !reflection->HasField(message, field)) continue;
    if (!first) *out += ',';
    first = false;
    *out += '"';
    *out += field->json_name();
    *out += "\":";
    if (field->is_repeated())
      AppendRepeated(message, field, out);
    else
      AppendElement(message, field, -1, out);
  }
}

void AppendAny(const pb::Any& any, std::string* out) {
  *out += "{\"@type\":";
  AppendJsonString(any.type_url(), out);
  const auto slash = any.type_url().rfind('/');
  const std::string name = slash == std::string::npos ? any.type_url() : any.type_url().substr(slash + 1);
  if (const pb::Descriptor* type = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(name)) {
    std::unique_ptr<pb::Message> inner(pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
    if (inner->ParseFromString(any.value())) {
      if (type->well_known_type() != pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED) {
        *out += ",\"value\":";
        AppendJson(*inner, out);
      } else {
        AppendMembers(*inner, false, out);
      }
    }
  }
  *out += '}';
}

void AppendValue(const pb::Value& value, std::string* out);

void AppendStruct(const pb::Struct& object, std::string* out) {
  *out += '{';
  bool first = true;
  for (const auto& [name, value] : object.fields()) {
    if (!first) *out += ',';
    first = false;
    AppendJsonString(name, out);
    *out += ':';
    AppendValue(value, out);
  }
  *out += '}';
}

void AppendList(const pb::ListValue& list, std::string* out) {
  *out += '[';
  for (int i = 0; i < list.values_size(); ++i) {
    if (i > 0) *out += ',';
    AppendValue(list.values(i), out);
  }
  *out += ']';
}

void AppendValue(const pb::Value& value, std::string* out) {
  switch (value.kind_case()) {
    case pb::Value::kNumberValue:
      return AppendFloating(value.number_value(), out);
    case pb::Value::kStringValue:
      return AppendJsonString(value.string_value(), out);
    case pb::Value::kBoolValue:
      *out += value.bool_value() ? "true" : "false";
      return;
    case pb::Value::kStructValue:
      return AppendStruct(value.struct_value(), out);
    case pb::Value::kListValue:
      return AppendList(value.list_value(), out);
    default:
      *out += "null";
  }
}

template <typename T>
void AppendText(const T& value, bool (*append)(const T&, std::string*), std::string* out) {
  const std::size_t start = out->size();
  *out += '"';
  if (append(value, out)) {
    *out += '"';
  } else {  // out of the range that has a text form
    out->resize(start);
    *out += "null";
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default: {
        static constexpr char kHex[] = "0123456789abcdef";
        *out += "\\u00";
        *out += kHex[c >> 4];
        *out += kHex[c & 15];
      }
    }
  }
  out->append(text, from);
  *out += '"';
}

// The casts hold: every message the gateway prints is of the generated pool.
void AppendJson(const pb::Message& message, std::string* out) {
  switch (message.GetDescriptor()->well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return AppendText(static_cast<const pb::Timestamp&>(message), &AppendTimestamp, out);
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      return AppendText(static_cast<const pb::Duration&>(message), &AppendDuration, out);
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK: {
      std::string mask;
      AppendFieldMask(static_cast<const pb::FieldMask&>(message), &mask);
      return AppendJsonString(mask, out);
    }
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
      return AppendAny(static_cast<const pb::Any&>(message), out);
    case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      return AppendStruct(static_cast<const pb::Struct&>(message), out);
    case pb::Descriptor::WELLKNOWNTYPE_VALUE:
      return AppendValue(static_cast<const pb::Value&>(message), out);
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return AppendList(static_cast<const pb::ListValue&>(message), out);
    case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      *out += '{';
      AppendMembers(message, true, out);
      *out += '}';
      return;
    default:  // the wrappers
      return AppendElement(message, message.GetDescriptor()->field(0), -1, out);
  }
}

void AppendFieldJson(const pb::Message& message, const Field* field, std::string* out) {
  if (field->is_repeated()) return AppendRepeated(message, field, out);
  if (field->has_presence() && !message.GetReflection()->HasField(message, field)) {
    *out += "null";
    return;
  }
  AppendElement(message, field, -1, out);
}

}  // namespace lanting::gateway
