// google.protobuf.Any: {"@type": "type.googleapis.com/x.Y", ...fields of x.Y}, or "value" beside "@type" if x.Y has a
// JSON form of its own. The object is taped whole, since "@type" may stand anywhere, and then read as an x.Y.
#include <google/protobuf/any.pb.h>

#include <memory>

#include "gateway/transcode/any_types.h"
#include "gateway/transcode/json_builder.h"

namespace lanting::gateway {

namespace pb = google::protobuf;

namespace {
constexpr std::string_view kType = "@type", kValue = "value";
}

void JsonBuilder::PlayAny(std::size_t from, std::size_t to) {
  if (from == to) return;  // {} holds nothing
  auto* any = static_cast<pb::Any*>(top().message);
  std::string_view url;
  const pb::Message* type = AnyType(from, to, &url);
  if (type == nullptr) return;
  std::unique_ptr<pb::Message> inner(type->New());
  if (HasOwnJsonForm(inner->GetDescriptor()))
    PlayValue(inner.get(), from, to);
  else
    PlayFields(inner.get(), from, to);
  any->set_type_url(std::string(url));
  inner->SerializeToString(any->mutable_value());
}

// nullptr: a violation was noted.
const pb::Message* JsonBuilder::AnyType(std::size_t from, std::size_t to, std::string_view* url) {
  const JsonToken* given = nullptr;
  top().key = kType;
  for (std::size_t i = from; i < to; i = tape_.After(i + 1)) {
    if (tape_[i].text != kType) continue;
    at_ = tape_[i].at;
    if (given != nullptr) return Violate("DUPLICATE_FIELD", "is given twice"), nullptr;
    given = &tape_[i + 1];
  }
  if (given == nullptr) {
    at_ = tape_[from].at;
    return Violate("REQUIRED", "must name the type"), nullptr;
  }
  if (given->kind != JsonToken::kScalar || given->origin != Origin::kJsonString) {
    Violate("INVALID_VALUE", "must be the URL of a type like \"type.googleapis.com/google.protobuf.Duration\"");
    return nullptr;
  }
  const pb::Message* type = FindAnyType(given->text);
  if (type == nullptr || !MayCarry(input_.message->GetDescriptor(), type->GetDescriptor()))
    return Violate("UNKNOWN_VALUE", "is not the URL of a type that may be sent here"), nullptr;
  top().key.clear();
  *url = given->text;
  return type;
}

void JsonBuilder::PlayFields(pb::Message* message, std::size_t from, std::size_t to) {
  Frame& frame = Push(Frame::kMessage, message);
  frame.shape = &ShapeOf(*message);
  frame.seen.assign(frame.shape->fields.size(), false);
  for (std::size_t i = from; i < to; i = tape_.After(i + 1))
    if (tape_[i].text != kType) Play(i, tape_.After(i + 1));
  Pop();
}

void JsonBuilder::PlayValue(pb::Message* message, std::size_t from, std::size_t to) {
  const MessageShape& shape = ShapeOf(*message);
  bool given = false;
  for (std::size_t i = from; i < to; i = tape_.After(i + 1)) {
    const JsonToken& name = tape_[i];
    if (name.text == kType) continue;
    at_ = name.at;
    if (name.text != kValue) {
      Violate("UNKNOWN_FIELD", "is not a field: the " + shape.type->name() + " stands under \"value\"", name.text);
      continue;
    }
    top().key = kValue;
    if (given)
      Violate("DUPLICATE_FIELD", "is given twice");
    else if (tape_[i + 1].kind == JsonToken::kNull && shape.known != pb::Descriptor::WELLKNOWNTYPE_VALUE)
      Violate("INVALID_VALUE", "must not be null");
    else
      Push(Frame::kRoot, message).shape = &shape, Play(i + 1, tape_.After(i + 1)), Pop();
    given = true;
    top().key.clear();
  }
  if (given) return;
  top().key = kValue;
  Violate("REQUIRED", "must be given");
}

void JsonBuilder::Play(std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    const JsonToken& token = tape_[i];
    at_ = token.at;
    switch (token.kind) {
      case JsonToken::kObject:
        Begin(true);
        if (top().kind != Frame::kAny) break;
        PlayAny(i + 1, token.next - 1);
        Pop();
        i = token.next - 1;
        break;
      case JsonToken::kList:
        Begin(false);
        break;
      case JsonToken::kEnd:
        Pop();
        break;
      case JsonToken::kKey:
        Key(token.text, token.at);
        break;
      case JsonToken::kScalar:
        Put({token.origin, token.text}, token.at);
        break;
      case JsonToken::kNull:
        Null(token.at);
        break;
    }
  }
}

}  // namespace lanting::gateway
