#include "gateway/transcode/json_builder.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>

namespace lanting::gateway {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

namespace {

bool IsValue(const MessageShape& shape) { return shape.known == pb::Descriptor::WELLKNOWNTYPE_VALUE; }

// Whether null is a value of the field, not its absence.
bool HoldsNull(const Field* field) {
  const pb::Descriptor* type = field->message_type();
  return (type != nullptr && type->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_VALUE) ||
         (field->enum_type() != nullptr && field->enum_type()->full_name() == "google.protobuf.NullValue");
}

}  // namespace

JsonBuilder::JsonBuilder(const JsonInput& input, std::vector<FieldViolation>* violations)
    : input_(input), violations_(violations) {
  frames_.reserve(8);
  Frame& root = Push(Frame::kRoot, input.message);
  root.shape = &ShapeOf(*input.message);
  root.field = input.field == nullptr ? nullptr : &root.shape->fields[input.field->index()];
  root.masked = input.mask != nullptr;
}

JsonBuilder::Frame& JsonBuilder::Push(Frame::Kind kind, pb::Message* message) {
  if (frames_.size() == depth_) frames_.emplace_back();
  Frame& frame = frames_[depth_++];
  frame.kind = kind;
  frame.message = message;
  frame.shape = nullptr;
  frame.field = frame.last = nullptr;
  frame.index = -1;
  frame.masked = false;
  frame.key.clear();
  if (!frame.keys.empty()) frame.keys.clear();
  frame.mask_prefix.clear();
  return frame;
}

void JsonBuilder::Object(std::size_t at) {
  at_ = at;
  if (tape_.recording()) {
    tape_.Take({.kind = JsonToken::kObject, .at = static_cast<std::uint32_t>(at)});
    return;
  }
  Begin(true);
  if (top().kind == Frame::kAny) tape_.Start();
}

void JsonBuilder::List(std::size_t at) {
  at_ = at;
  if (tape_.recording())
    tape_.Take({.kind = JsonToken::kList, .at = static_cast<std::uint32_t>(at)});
  else
    Begin(false);
}

void JsonBuilder::End() {
  if (tape_.recording()) {
    if (tape_.Take({.kind = JsonToken::kEnd})) return;
    if (tape_.overflow())
      Violate("INVALID_VALUE", "holds too many values");
    else
      PlayAny(0, tape_.size());
  }
  Pop();
}

void JsonBuilder::Key(std::string_view name, std::size_t at) {
  at_ = at;
  if (tape_.recording()) {
    tape_.Take({.kind = JsonToken::kKey, .at = static_cast<std::uint32_t>(at), .text = name});
    return;
  }
  Frame& frame = top();
  if (frame.kind == Frame::kMessage) return MessageKey(frame, name);
  if (frame.kind == Frame::kMap || frame.kind == Frame::kStruct) MapKey(frame, name);
}

void JsonBuilder::MessageKey(Frame& frame, std::string_view name) {
  frame.field = frame.shape->Find(name, frame.last);
  if (frame.field == nullptr) return Violate("UNKNOWN_FIELD", "is not a field of " + frame.shape->type->name(), name);
  frame.last = frame.field;
  const auto place = static_cast<std::size_t>(frame.field - frame.shape->fields.data());
  if (frame.seen[place]) {
    Violate("DUPLICATE_FIELD", "is given twice");
    frame.field = nullptr;
    return;
  }
  frame.seen[place] = true;
}

void JsonBuilder::MapKey(Frame& frame, std::string_view name) {
  frame.key = name;
  skip_ = !frame.keys.insert(frame.key).second;
  if (skip_) return Violate("DUPLICATE_FIELD", "is given twice");
  if (frame.kind == Frame::kStruct && frame.key.find('\0') != std::string::npos) {
    skip_ = true;
    Violate("INVALID_VALUE", "must not contain the character NUL");
  }
}

void JsonBuilder::Null(std::size_t at) {
  at_ = at;
  if (tape_.recording()) {
    tape_.Take({.kind = JsonToken::kNull, .at = static_cast<std::uint32_t>(at)});
    return;
  }
  Next();
  Frame& frame = top();
  const bool named = frame.kind == Frame::kMessage || frame.kind == Frame::kRoot;
  if (frame.kind == Frame::kSkip || frame.kind == Frame::kAny || (frame.kind == Frame::kMessage && !frame.field))
    return;
  const Field* field = frame.field == nullptr      ? nullptr
                       : frame.kind == Frame::kMap ? frame.field->field->message_type()->map_value()
                                                   : frame.field->field;
  const bool held = field != nullptr             ? HoldsNull(field) && !(named && frame.field->repeated)
                    : frame.kind == Frame::kRoot ? IsValue(*frame.shape)
                                                 : true;
  if (!held) return named ? Mask() : Violate("INVALID_VALUE", "must not be null");
  if (field != nullptr && field->enum_type() != nullptr) return PutInto(frame, {Origin::kJsonNumber, "0"});
  Mask();
  if (named && field != nullptr && OneofTaken(frame)) return;
  if (pb::Message* element = Element()) static_cast<pb::Value*>(element)->set_null_value(pb::NULL_VALUE);
}

void JsonBuilder::Next() {
  Frame& frame = top();
  if (frame.kind == Frame::kList || frame.kind == Frame::kListValue) ++frame.index;
}

// A second member of a oneof is refused.
bool JsonBuilder::OneofTaken(const Frame& frame) {
  const pb::OneofDescriptor* oneof = frame.field->field->real_containing_oneof();
  if (oneof == nullptr || !frame.field->reflection->HasOneof(*frame.message, oneof)) return false;
  Violate("CONFLICTING_VALUES", "only one member of " + oneof->name() + " may be given");
  return true;
}

// Notes the current field for the update mask.
void JsonBuilder::Mask() {
  const Frame& frame = top();
  if (frame.masked && frame.kind == Frame::kMessage)
    input_.mask->push_back(frame.mask_prefix + frame.field->field->name());
}

// The entry of a map for the current key, with its key set; nullptr if the key is not one.
pb::Message* JsonBuilder::Entry(Frame& frame) {
  if (skip_) return nullptr;
  pb::Message* entry = frame.field->reflection->AddMessage(frame.message, frame.field->field);
  const FieldShape& key = frame.field->Of(*entry).fields[0];
  const Origin origin = key.type == Field::CPPTYPE_STRING ? Origin::kJsonString : Origin::kUrl;
  if (auto fault = PutScalar(entry, key, {origin, frame.key})) {
    Violate(fault->reason, "the key " + fault->description);
    return nullptr;
  }
  return entry;
}

// The message that the coming value fills, made on demand; nullptr: the value is skipped (a violation was noted, or
// the target is no message).
pb::Message* JsonBuilder::Element() {
  Frame& frame = top();
  switch (frame.kind) {
    case Frame::kRoot:
      if (frame.field == nullptr) return frame.message;
      [[fallthrough]];
    case Frame::kMessage:
      return frame.field->reflection->MutableMessage(frame.message, frame.field->field);
    case Frame::kList:
      return frame.field->reflection->AddMessage(frame.message, frame.field->field);
    case Frame::kMap: {
      pb::Message* entry = Entry(frame);
      if (entry == nullptr) return nullptr;
      const FieldShape& value = frame.field->Of(*entry).fields[1];
      return value.reflection->MutableMessage(entry, value.field);
    }
    case Frame::kStruct:
      return skip_ ? nullptr : &(*static_cast<pb::Struct*>(frame.message)->mutable_fields())[frame.key];
    case Frame::kListValue:
      return static_cast<pb::ListValue*>(frame.message)->add_values();
    case Frame::kAny:
    case Frame::kSkip:
      break;
  }
  return nullptr;
}

// `element` is what Element() made.
const MessageShape& JsonBuilder::ShapeOfElement(const Frame& frame, const pb::Message& element) const {
  if (frame.kind == Frame::kRoot && frame.field == nullptr) return *frame.shape;
  const bool direct = frame.kind == Frame::kRoot || frame.kind == Frame::kMessage || frame.kind == Frame::kList;
  return direct ? frame.field->Of(element) : ShapeOf(element);
}

void JsonBuilder::SkipBecause(const char* reason, std::string description) {
  Violate(reason, std::move(description));
  Skip();
}

void JsonBuilder::Begin(bool object) {
  Next();
  Frame& frame = top();
  const bool named = frame.kind == Frame::kMessage || (frame.kind == Frame::kRoot && frame.field != nullptr);
  if (frame.kind == Frame::kSkip || (frame.kind == Frame::kMessage && frame.field == nullptr)) return Skip();
  if (named && frame.field->repeated) {
    Mask();
    if (frame.field->map != object)
      return SkipBecause("INVALID_VALUE", frame.field->map ? "must be an object" : "must be a list");
    const FieldShape* field = frame.field;
    Push(object ? Frame::kMap : Frame::kList, frame.message).field = field;
    return;
  }
  const Field* scalar = named || frame.kind == Frame::kList ? frame.field->field
                        : frame.kind == Frame::kMap         ? frame.field->field->message_type()->map_value()
                                                            : nullptr;
  if (scalar != nullptr && scalar->message_type() == nullptr)
    return SkipBecause("INVALID_VALUE", object ? "must not be an object" : "must not be a list");
  if (named && OneofTaken(frame)) return Skip();
  pb::Message* element = Element();
  if (element == nullptr) return Skip();
  BeginMessage(element, ShapeOfElement(frame, *element), object);
}

// One level of JSON in a Struct is three of messages, and services read at most 100 of those.
bool JsonBuilder::TooDeep() const {
  std::size_t levels = 3;
  for (std::size_t i = 0; i < depth_; ++i) {
    const Frame::Kind kind = frames_[i].kind;
    levels += kind == Frame::kStruct || kind == Frame::kListValue ? 3 : 1;
  }
  return levels > kMaxJsonDepth;
}

void JsonBuilder::BeginMessage(pb::Message* message, const MessageShape& shape, bool object) {
  const bool dynamic = shape.known == pb::Descriptor::WELLKNOWNTYPE_VALUE ||
                       shape.known == pb::Descriptor::WELLKNOWNTYPE_STRUCT ||
                       shape.known == pb::Descriptor::WELLKNOWNTYPE_LISTVALUE;
  if (dynamic && TooDeep()) return SkipBecause("INVALID_VALUE", "is nested too deeply");
  switch (shape.known) {
    case pb::Descriptor::WELLKNOWNTYPE_VALUE: {
      Mask();
      auto* value = static_cast<pb::Value*>(message);
      if (object)
        Push(Frame::kStruct, value->mutable_struct_value());
      else
        Push(Frame::kListValue, value->mutable_list_value());
      return;
    }
    case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      Mask();
      if (!object) return SkipBecause("INVALID_VALUE", "must be an object");
      Push(Frame::kStruct, message);
      return;
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      Mask();
      if (object) return SkipBecause("INVALID_VALUE", "must be a list");
      Push(Frame::kListValue, message);
      return;
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
      Mask();
      if (!object) return SkipBecause("INVALID_VALUE", "must be an object");
      Push(Frame::kAny, message);
      return;
    case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED: {
      if (!object) return SkipBecause("INVALID_VALUE", "must be an object");
      const std::size_t parent = depth_ - 1;
      Frame& frame = Push(Frame::kMessage, message);
      const Frame& above = frames_[parent];
      frame.shape = &shape;
      frame.seen.assign(shape.fields.size(), false);
      frame.masked = above.masked;
      if (above.masked && above.kind == Frame::kMessage)
        frame.mask_prefix = above.mask_prefix + above.field->field->name() + ".";
      return;
    }
    default:  // Timestamp, Duration, FieldMask, wrappers: scalars in JSON
      return SkipBecause("INVALID_VALUE", object ? "must not be an object" : "must not be a list");
  }
}

void JsonBuilder::Put(Scalar value, std::size_t at) {
  at_ = at;
  if (tape_.recording()) {
    tape_.Take({JsonToken::kScalar, value.origin, static_cast<std::uint32_t>(at), 0, value.text});
    return;
  }
  Next();
  PutInto(top(), value);
}

void JsonBuilder::PutInto(Frame& frame, Scalar value) {
  std::optional<ValueFault> fault;
  switch (frame.kind) {
    case Frame::kSkip:
    case Frame::kAny:
      return;
    case Frame::kRoot:
    case Frame::kMessage:
      if (frame.field == nullptr) {
        if (frame.kind == Frame::kRoot) fault = PutWellKnown(frame.message, *frame.shape, value);
        break;
      }
      Mask();
      if (frame.field->repeated)
        fault = ValueFault{"INVALID_VALUE", frame.field->map ? "must be an object" : "must be a list"};
      else if (!OneofTaken(frame))
        fault = PutScalar(frame.message, *frame.field, value);
      break;
    case Frame::kList:
      fault = PutScalar(frame.message, *frame.field, value);
      break;
    case Frame::kMap:
      if (pb::Message* entry = Entry(frame)) fault = PutScalar(entry, frame.field->Of(*entry).fields[1], value);
      break;
    case Frame::kStruct:
    case Frame::kListValue:
      if (pb::Message* element = Element()) fault = PutWellKnown(element, ShapeOf(*element), value);
      break;
  }
  if (fault) Violate(fault->reason, std::move(fault->description));
}

// Reading goes on to find the other faults.
void JsonBuilder::Violate(const char* reason, std::string description, std::string_view unknown) {
  if (violations_->size() >= kMaxViolations) return;
  ruler_.MoveTo(at_);
  description += " (line " + ruler_.line() + ", column " + ruler_.column() + ")";
  violations_->push_back({Path(unknown), reason, std::move(description)});
}

std::string JsonBuilder::Path(std::string_view unknown) const {
  constexpr std::size_t kMaxShown = 64;
  std::string path;
  auto name = [&](std::string_view text) {
    if (!path.empty()) path += '.';
    std::size_t shown = std::min(kMaxShown, text.size());
    while (shown > 0 && shown < text.size() && (text[shown] & 0xc0) == 0x80) --shown;  // not inside a character
    path += text.substr(0, shown);
  };
  for (std::size_t i = 0; i < depth_; ++i) {
    const Frame& f = frames_[i];
    if ((f.kind == Frame::kRoot || f.kind == Frame::kMessage) && f.field != nullptr) name(f.field->json_name());
    if (f.kind == Frame::kList || f.kind == Frame::kListValue) path += "[" + std::to_string(std::max(f.index, 0)) + "]";
    if (f.kind == Frame::kMap || f.kind == Frame::kStruct || (f.kind == Frame::kAny && !f.key.empty())) name(f.key);
  }
  if (!unknown.empty()) name(unknown);
  return path;
}

}  // namespace lanting::gateway
