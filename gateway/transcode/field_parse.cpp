#include "gateway/transcode/field_parse.h"

#include <google/protobuf/struct.pb.h>

#include "gateway/transcode/well_known.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

ValueFault Invalid(std::string description) { return {"INVALID_VALUE", std::move(description)}; }

// Set or add, whichever the field needs.
#define LANTING_PUT(Type, value)                                             \
  (shape.repeated ? shape.reflection->Add##Type(message, shape.field, value) \
                  : shape.reflection->Set##Type(message, shape.field, value))

template <typename T>
bool Integer(Scalar value, T* out) {
  const NumberForm form = value.origin == Origin::kUrl ? NumberForm::kPlain : NumberForm::kJson;
  return value.origin != Origin::kJsonBool && ParseInteger(value.text, form, out);
}

template <typename T>
bool Floating(Scalar value, bool (*parse)(std::string_view, T*), T* out) {
  if (value.origin == Origin::kJsonBool) return false;
  if (value.origin != Origin::kJsonNumber) {
    if (value.text == "NaN") return *out = std::numeric_limits<T>::quiet_NaN(), true;
    if (value.text == "Infinity") return *out = std::numeric_limits<T>::infinity(), true;
    if (value.text == "-Infinity") return *out = -std::numeric_limits<T>::infinity(), true;
  }
  return parse(value.text, out);
}

std::optional<ValueFault> PutText(pb::Message* message, const FieldShape& shape, Scalar value) {
  if (value.origin == Origin::kJsonNumber || value.origin == Origin::kJsonBool) return Invalid("must be a string");
  if (shape.bytes) {
    std::string bytes;
    if (!DecodeBase64(value.text, &bytes)) return Invalid("must be base64");
    LANTING_PUT(String, std::move(bytes));
    return std::nullopt;
  }
  if (value.text.find('\0') != std::string_view::npos) return Invalid("must not contain the character NUL");
  LANTING_PUT(String, std::string(value.text));
  return std::nullopt;
}

std::optional<ValueFault> PutEnum(pb::Message* message, const FieldShape& shape, Scalar value) {
  const pb::EnumDescriptor* type = shape.field->enum_type();
  int number = 0;
  const bool numeric = value.origin != Origin::kJsonString && Integer(value, &number);
  const pb::EnumValueDescriptor* known = numeric ? type->FindValueByNumber(number)
                                                 : (value.origin == Origin::kUrl || value.origin == Origin::kJsonString
                                                        ? type->FindValueByName(std::string(value.text))
                                                        : nullptr);
  // An unknown number in JSON may come from a client newer than this gateway; the service judges it.
  if (known == nullptr && !(numeric && value.origin == Origin::kJsonNumber))
    return ValueFault{"UNKNOWN_VALUE", "must be the name or number of a " + type->name()};
  LANTING_PUT(EnumValue, known != nullptr ? known->number() : number);
  return std::nullopt;
}

}  // namespace

std::optional<ValueFault> PutScalar(pb::Message* message, const Field* field, Scalar value) {
  return PutScalar(message, ShapeOf(*message).fields[field->index()], value);
}

std::optional<ValueFault> PutScalar(pb::Message* message, const FieldShape& shape, Scalar value) {
  switch (shape.type) {
    case Field::CPPTYPE_INT32: {
      std::int32_t v;
      if (!Integer(value, &v)) return Invalid("must be an integer from -2147483648 to 2147483647");
      LANTING_PUT(Int32, v);
      return std::nullopt;
    }
    case Field::CPPTYPE_UINT32: {
      std::uint32_t v;
      if (!Integer(value, &v)) return Invalid("must be an integer from 0 to 4294967295");
      LANTING_PUT(UInt32, v);
      return std::nullopt;
    }
    case Field::CPPTYPE_INT64: {
      std::int64_t v;
      if (!Integer(value, &v)) return Invalid("must be an integer of 64 bits");
      LANTING_PUT(Int64, v);
      return std::nullopt;
    }
    case Field::CPPTYPE_UINT64: {
      std::uint64_t v;
      if (!Integer(value, &v)) return Invalid("must be an unsigned integer of 64 bits");
      LANTING_PUT(UInt64, v);
      return std::nullopt;
    }
    case Field::CPPTYPE_DOUBLE: {
      double v;
      if (!Floating(value, &ParseDouble, &v)) return Invalid("must be a number in the range of a double");
      LANTING_PUT(Double, v);
      return std::nullopt;
    }
    case Field::CPPTYPE_FLOAT: {
      float v;
      if (!Floating(value, &ParseFloat, &v)) return Invalid("must be a number in the range of a float");
      LANTING_PUT(Float, v);
      return std::nullopt;
    }
    case Field::CPPTYPE_BOOL: {
      const bool typed = value.origin == Origin::kUrl || value.origin == Origin::kJsonBool;
      if (!typed || (value.text != "true" && value.text != "false")) return Invalid("must be true or false");
      LANTING_PUT(Bool, value.text == "true");
      return std::nullopt;
    }
    case Field::CPPTYPE_ENUM:
      return PutEnum(message, shape, value);
    case Field::CPPTYPE_STRING:
      return PutText(message, shape, value);
    case Field::CPPTYPE_MESSAGE: {
      pb::Message* held = shape.repeated ? shape.reflection->AddMessage(message, shape.field)
                                         : shape.reflection->MutableMessage(message, shape.field);
      return PutWellKnown(held, shape.Of(*held), value);
    }
  }
  return Invalid("has no scalar form");
}

// The casts hold: every message the gateway makes is of the generated pool.
std::optional<ValueFault> PutWellKnown(pb::Message* message, const MessageShape& shape, Scalar value) {
  const bool text = value.origin == Origin::kUrl || value.origin == Origin::kJsonString;
  const bool url = value.origin == Origin::kUrl;
  switch (shape.known) {
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      if (text && ParseTimestamp(value.text, static_cast<pb::Timestamp*>(message))) return std::nullopt;
      return Invalid("must be an RFC 3339 time like \"2024-05-01T09:30:00Z\"");
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      if (text && ParseDuration(value.text, static_cast<pb::Duration*>(message))) return std::nullopt;
      return Invalid("must be seconds like \"3.5s\"");
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
      if (text && ParseFieldMask(value.text, url, static_cast<pb::FieldMask*>(message))) return std::nullopt;
      return Invalid("must be field paths like \"displayName,size\"");
    case pb::Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case pb::Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case pb::Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      return PutScalar(message, shape.fields[0], value);
    case pb::Descriptor::WELLKNOWNTYPE_VALUE: {
      if (url) return Invalid("has no form in a URL");
      const int kind = value.origin == Origin::kJsonNumber ? pb::Value::kNumberValueFieldNumber
                       : value.origin == Origin::kJsonBool ? pb::Value::kBoolValueFieldNumber
                                                           : pb::Value::kStringValueFieldNumber;
      return PutScalar(message, shape.fields[shape.type->FindFieldByNumber(kind)->index()], value);
    }
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return Invalid(url ? "has no form in a URL" : "must be a list");
    default:
      return Invalid(url ? "is a message: name one of its fields" : "must be an object");
  }
}

}  // namespace lanting::gateway
