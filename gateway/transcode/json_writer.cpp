#include "gateway/transcode/json_writer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>

#include "gateway/transcode/any_types.h"
#include "gateway/transcode/shape.h"
#include "gateway/transcode/well_known.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

// protobuf reads at most 100 levels of messages, but starts anew in every Any. Deeper ones are not opened.
constexpr int kMaxAnyLevel = 100;

template <typename T>
void AppendNumber(T value, std::string* out) {
  char buffer[32];
  out->append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

template <typename T>
void AppendQuoted(T value, std::string* out) {
  char buffer[32];
  buffer[0] = '"';
  char* end = std::to_chars(buffer + 1, buffer + sizeof buffer, value).ptr;
  *end++ = '"';
  out->append(buffer, end);
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

// Values without a form in JSON (a time of year 10,000, a mask that would not come back as it was) become null: a reply
// is not lost for one of them.
template <typename T>
void AppendText(const T& value, bool (*append)(const T&, std::string*), std::string* out) {
  const std::size_t start = out->size();
  *out += '"';
  if (append(value, out)) {
    *out += '"';
  } else {
    out->resize(start);
    *out += "null";
  }
}

// The first byte from `i` on that a JSON string must escape, eight at a time; or the size.
std::size_t NextEscape(std::string_view text, std::size_t i) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = kOnes << 7;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    const std::uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
    const std::uint64_t low = (word - kOnes * 0x20) & ~word;
    if (((low | ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash)) & kHighs) != 0) break;
  }
  for (; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == '"' || c == '\\') break;
  }
  return i;
}

class Writer {
 public:
  explicit Writer(std::string* out) : out_(*out) {}

  // The casts hold: every message the gateway prints is of the generated pool.
  void Message(const pb::Message& message, const MessageShape& shape) {
    switch (shape.known) {
      case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
        return AppendText(static_cast<const pb::Timestamp&>(message), &AppendTimestamp, &out_);
      case pb::Descriptor::WELLKNOWNTYPE_DURATION:
        return AppendText(static_cast<const pb::Duration&>(message), &AppendDuration, &out_);
      case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
        return AppendText(static_cast<const pb::FieldMask&>(message), &AppendFieldMask, &out_);
      case pb::Descriptor::WELLKNOWNTYPE_ANY:
        return Any(static_cast<const pb::Any&>(message));
      case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
        return Struct(static_cast<const pb::Struct&>(message));
      case pb::Descriptor::WELLKNOWNTYPE_VALUE:
        return Value(static_cast<const pb::Value&>(message));
      case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
        return List(static_cast<const pb::ListValue&>(message));
      case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
        out_ += '{';
        Members(message, shape, true);
        out_ += '}';
        return;
      default:  // the wrappers
        return Element(message, shape.fields[0], -1);
    }
  }

  void FieldValue(const pb::Message& message, const FieldShape& field) {
    if (field.repeated)
      Repeated(message, field);
    else
      Element(message, field, -1);
  }

 private:
  // The members without braces; `first` says whether no comma is needed before the first.
  void Members(const pb::Message& message, const MessageShape& shape, bool first) {
    ++level_;
    for (const FieldShape& field : shape.fields) {
      if (field.presence && !field.reflection->HasField(message, field.field)) continue;
      if (!first) out_ += ',';
      first = false;
      out_ += field.key;
      FieldValue(message, field);
    }
    --level_;
  }

  // One value: an element of a list if index >= 0.
  void Element(const pb::Message& message, const FieldShape& field, int index) {
#define LANTING_GET(Type)                                        \
  (index < 0 ? field.reflection->Get##Type(message, field.field) \
             : field.reflection->GetRepeated##Type(message, field.field, index))
    switch (field.type) {
      case Field::CPPTYPE_INT32:
        return AppendNumber(LANTING_GET(Int32), &out_);
      case Field::CPPTYPE_UINT32:
        return AppendNumber(LANTING_GET(UInt32), &out_);
      case Field::CPPTYPE_INT64:
        return AppendQuoted(LANTING_GET(Int64), &out_);
      case Field::CPPTYPE_UINT64:
        return AppendQuoted(LANTING_GET(UInt64), &out_);
      case Field::CPPTYPE_DOUBLE:
        return AppendFloating(LANTING_GET(Double), &out_);
      case Field::CPPTYPE_FLOAT:
        return AppendFloating(LANTING_GET(Float), &out_);
      case Field::CPPTYPE_BOOL:
        out_ += LANTING_GET(Bool) ? "true" : "false";
        return;
      case Field::CPPTYPE_ENUM:
        return Enum(field, LANTING_GET(EnumValue));
      case Field::CPPTYPE_STRING: {
        std::string scratch;
        return Text(field, index < 0
                               ? field.reflection->GetStringReference(message, field.field, &scratch)
                               : field.reflection->GetRepeatedStringReference(message, field.field, index, &scratch));
      }
      case Field::CPPTYPE_MESSAGE: {
        const pb::Message& held = LANTING_GET(Message);
        return Message(held, field.Of(held));
      }
    }
#undef LANTING_GET
  }

  void Text(const FieldShape& field, const std::string& text) {
    if (!field.bytes) return AppendJsonString(text, &out_);
    out_ += '"';
    AppendBase64(text, &out_);
    out_ += '"';
  }

  void Enum(const FieldShape& field, int number) {
    if (field.null_enum) {
      out_ += "null";
    } else if (const auto* value = field.field->enum_type()->FindValueByNumber(number)) {
      out_ += '"';
      out_ += value->name();
      out_ += '"';
    } else {
      AppendNumber(number, &out_);
    }
  }

  void Repeated(const pb::Message& message, const FieldShape& field) {
    const int size = field.reflection->FieldSize(message, field.field);
    out_ += field.map ? '{' : '[';
    for (int i = 0; i < size; ++i) {
      if (i > 0) out_ += ',';
      if (field.map)
        Entry(field.reflection->GetRepeatedMessage(message, field.field, i), field);
      else
        Element(message, field, i);
    }
    out_ += field.map ? '}' : ']';
  }

  void Entry(const pb::Message& entry, const FieldShape& field) {
    const MessageShape& shape = field.Of(entry);
    const std::size_t start = out_.size();
    Element(entry, shape.fields[0], -1);
    if (out_[start] != '"') {  // numbers and bools become strings as keys
      out_.insert(start, 1, '"');
      out_ += '"';
    }
    out_ += ':';
    Element(entry, shape.fields[1], -1);
  }

  void Any(const pb::Any& any) {
    out_ += '{';
    if (!any.type_url().empty()) {
      out_ += "\"@type\":";
      AppendJsonString(any.type_url(), &out_);
      if (const pb::Message* type = level_ < kMaxAnyLevel ? FindAnyType(any.type_url()) : nullptr)
        AnyValue(any, std::unique_ptr<pb::Message>(type->New()).get());
    }
    out_ += '}';
  }

  void AnyValue(const pb::Any& any, pb::Message* inner) {
    if (!inner->ParseFromString(any.value())) return;
    const MessageShape& shape = ShapeOf(*inner);
    if (!HasOwnJsonForm(shape.type)) return Members(*inner, shape, false);
    out_ += ",\"value\":";
    ++level_;
    Message(*inner, shape);
    --level_;
  }

  void Struct(const pb::Struct& object) {
    char separator = '{';
    for (const auto& [name, value] : object.fields()) {
      out_ += separator;
      separator = ',';
      AppendJsonString(name, &out_);
      out_ += ':';
      Value(value);
    }
    out_ += separator == '{' ? "{}" : "}";
  }

  void List(const pb::ListValue& list) {
    out_ += '[';
    for (int i = 0; i < list.values_size(); ++i) {
      if (i > 0) out_ += ',';
      Value(list.values(i));
    }
    out_ += ']';
  }

  void Value(const pb::Value& value) {
    switch (value.kind_case()) {
      case pb::Value::kNumberValue:
        // Quoted like a field's, a number that is none would come back as a string.
        if (!std::isfinite(value.number_value())) break;
        return AppendNumber(value.number_value(), &out_);
      case pb::Value::kStringValue:
        return AppendJsonString(value.string_value(), &out_);
      case pb::Value::kBoolValue:
        out_ += value.bool_value() ? "true" : "false";
        return;
      case pb::Value::kStructValue:
        return Struct(value.struct_value());
      case pb::Value::kListValue:
        return List(value.list_value());
      default:
        break;
    }
    out_ += "null";
  }

  std::string& out_;
  int level_ = 0;  // of messages, across Anys
};

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  for (std::size_t from = 0;; ++from) {
    const std::size_t escape = NextEscape(text, from);
    out->append(text, from, escape - from);
    if ((from = escape) == text.size()) break;
    const auto c = static_cast<unsigned char>(text[from]);
    *out += '\\';
    switch (c) {
      case '"':
      case '\\':
        *out += static_cast<char>(c);
        break;
      case '\n':
        *out += 'n';
        break;
      case '\r':
        *out += 'r';
        break;
      case '\t':
        *out += 't';
        break;
      default: {
        static constexpr char kHex[] = "0123456789abcdef";
        *out += "u00";
        *out += kHex[c >> 4];
        *out += kHex[c & 15];
      }
    }
  }
  *out += '"';
}

void AppendJson(const pb::Message& message, std::string* out) { Writer(out).Message(message, ShapeOf(message)); }

void AppendFieldJson(const pb::Message& message, const Field* field, std::string* out) {
  const FieldShape& shape = ShapeOf(message).fields[field->index()];
  if (shape.presence && !shape.reflection->HasField(message, field)) {
    *out += "null";
    return;
  }
  Writer(out).FieldValue(message, shape);
}

}  // namespace lanting::gateway
