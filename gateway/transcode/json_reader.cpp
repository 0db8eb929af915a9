#include "gateway/transcode/json_reader.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <functional>
#include <unordered_set>

#include "gateway/transcode/field_parse.h"
#include "gateway/transcode/ruler.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
namespace json = boost::json;
using Field = pb::FieldDescriptor;

bool IsValue(const pb::Descriptor* type) {
  return type != nullptr && type->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_VALUE;
}

// An object or list that is being read.
struct Frame {
  enum Kind { kRoot, kMessage, kList, kMap, kStruct, kListValue, kSkip } kind;
  pb::Message* message = nullptr;  // what is filled; of kList and kMap the owner of `field`
  const Field* field = nullptr;    // kMessage: of the current name, nullptr if unknown; kList, kMap: the list itself
  std::string key{};               // kMap, kStruct: the current name
  int index = -1;                  // kList, kListValue: of the current element
  std::vector<bool> seen{};        // kMessage: by Field::index()
  std::unordered_set<std::string> keys{};  // kMap, kStruct
  // kRoot, kMessage: part of the update mask, under this prefix ("member." or "").
  bool masked = false;
  std::string mask_prefix{};
};

// The handler of Boost.JSON's push parser.
class Reader {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  Reader(const JsonInput& input, std::vector<FieldViolation>* violations) : input_(input), violations_(violations) {
    frames_.reserve(8);
    frames_.push_back(
        {.kind = Frame::kRoot, .message = input.message, .field = input.field, .masked = input.mask != nullptr});
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return Begin(true); }
  bool on_array_begin(json::error_code&) { return Begin(false); }
  bool on_object_end(std::size_t, json::error_code&) { return frames_.pop_back(), true; }
  bool on_array_end(std::size_t, json::error_code&) { return frames_.pop_back(), true; }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) { return Part(s); }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return Part(s); }
  bool on_number_part(json::string_view s, json::error_code&) { return Part(s); }
  bool on_string(json::string_view s, std::size_t, json::error_code&) { return Put({Origin::kJsonString, Whole(s)}); }
  bool on_int64(std::int64_t, json::string_view s, json::error_code&) { return Put({Origin::kJsonNumber, Whole(s)}); }
  bool on_uint64(std::uint64_t, json::string_view s, json::error_code&) { return Put({Origin::kJsonNumber, Whole(s)}); }
  bool on_double(double, json::string_view s, json::error_code&) { return Put({Origin::kJsonNumber, Whole(s)}); }
  bool on_bool(bool b, json::error_code&) { return Put({Origin::kJsonBool, b ? "true" : "false"}); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    Key(Whole(s));
    part_.clear();
    return true;
  }

  bool on_null(json::error_code&) {
    Frame& top = frames_.back();
    Next();
    switch (top.kind) {
      case Frame::kSkip:
        return true;
      case Frame::kList:
      case Frame::kMap:
        if (!IsValue(ElementType(top))) return Violate("INVALID_VALUE", "must not be null");
        break;
      case Frame::kMessage:
      case Frame::kRoot:
        if (top.field == nullptr) return true;
        Mask();
        if (top.field->is_repeated() || !IsValue(top.field->message_type())) return true;
        break;
      default:
        break;
    }
    // Only a google.protobuf.Value can hold a null.
    if (auto* value = static_cast<pb::Value*>(Element())) value->set_null_value(pb::NULL_VALUE);
    return true;
  }

 private:
  bool Part(std::string_view s) {
    part_.append(s);
    return true;
  }

  // The whole token, and where it stands if it lies unescaped in the text.
  std::string_view Whole(std::string_view last) {
    const std::less_equal<const char*> le;
    if (le(input_.text.data(), last.data()) && le(last.data(), input_.text.data() + input_.text.size()))
      at_ = last.data() - input_.text.data();
    if (part_.empty()) return last;
    part_.append(last);
    return part_;
  }

  static const pb::Descriptor* ElementType(const Frame& f) {
    return f.kind == Frame::kMap ? f.field->message_type()->map_value()->message_type() : f.field->message_type();
  }

  void Key(std::string_view name) {
    Frame& top = frames_.back();
    switch (top.kind) {
      case Frame::kMessage:
        return MessageKey(top, name);
      case Frame::kMap:
      case Frame::kStruct:
        top.key = name;
        top.field = top.kind == Frame::kMap ? top.field : nullptr;
        skip_ = !top.keys.insert(top.key).second;
        if (skip_) Violate("DUPLICATE_FIELD", "is given twice");
        if (!skip_ && top.kind == Frame::kStruct && top.key.find('\0') != std::string::npos) {
          skip_ = true;
          Violate("INVALID_VALUE", "must not contain the character NUL");
        }
        return;
      default:
        return;
    }
  }

  void MessageKey(Frame& top, std::string_view name) {
    const pb::Descriptor* type = top.message->GetDescriptor();
    // Clients mostly send names in the order of declaration: start after the last hit.
    const int n = type->field_count(), start = top.field == nullptr ? 0 : top.field->index() + 1;
    top.field = nullptr;
    for (int i = 0; i < n && top.field == nullptr; ++i) {
      const Field* field = type->field(start + i < n ? start + i : start + i - n);
      if (field->json_name() == name || field->name() == name) top.field = field;
    }
    if (top.field == nullptr) {
      Violate("UNKNOWN_FIELD", "is not a field of " + type->name(), name);
    } else if (top.seen[top.field->index()]) {
      Violate("DUPLICATE_FIELD", "is given twice");
      top.field = nullptr;
    } else {
      top.seen[top.field->index()] = true;
    }
  }

  void Next() {
    Frame& top = frames_.back();
    if (top.kind == Frame::kList || top.kind == Frame::kListValue) ++top.index;
  }

  // A second member of a oneof is refused.
  bool OneofTaken(const Frame& top) {
    const pb::OneofDescriptor* oneof = top.field->real_containing_oneof();
    if (oneof == nullptr || !top.message->GetReflection()->HasOneof(*top.message, oneof)) return false;
    Violate("CONFLICTING_VALUES", "only one member of " + oneof->name() + " may be given");
    return true;
  }

  // Notes the current field for the update mask.
  void Mask() {
    const Frame& top = frames_.back();
    if (top.masked && top.kind == Frame::kMessage) input_.mask->push_back(top.mask_prefix + top.field->name());
  }

  // The entry of a map for the current key, with its key set; nullptr if the key is not one.
  pb::Message* Entry(Frame& top) {
    if (skip_) return nullptr;
    pb::Message* entry = top.message->GetReflection()->AddMessage(top.message, top.field);
    const Field* key = top.field->message_type()->map_key();
    if (auto fault =
            PutScalar(entry, key, {key->type() == Field::TYPE_STRING ? Origin::kJsonString : Origin::kUrl, top.key})) {
      Violate(fault->reason, "the key " + fault->description);
      return nullptr;
    }
    return entry;
  }

  // The message that the coming value fills, made on demand; nullptr: the value is skipped (a violation was noted, or
  // the target is no message).
  pb::Message* Element() {
    Frame& top = frames_.back();
    if (top.kind == Frame::kSkip) return nullptr;
    const pb::Reflection* reflection = top.message->GetReflection();
    switch (top.kind) {
      case Frame::kRoot:
        return top.field == nullptr ? top.message : reflection->MutableMessage(top.message, top.field);
      case Frame::kMessage:
        return reflection->MutableMessage(top.message, top.field);
      case Frame::kList:
        return reflection->AddMessage(top.message, top.field);
      case Frame::kMap: {
        pb::Message* entry = Entry(top);
        return entry == nullptr ? nullptr
                                : entry->GetReflection()->MutableMessage(entry, top.field->message_type()->map_value());
      }
      case Frame::kStruct:
        return skip_ ? nullptr : &(*static_cast<pb::Struct*>(top.message)->mutable_fields())[top.key];
      case Frame::kListValue:
        return static_cast<pb::ListValue*>(top.message)->add_values();
      case Frame::kSkip:
        break;
    }
    return nullptr;
  }

  bool Skip() {
    frames_.push_back({.kind = Frame::kSkip});
    return true;
  }

  bool SkipBecause(const char* reason, std::string description) {
    Violate(reason, std::move(description));
    return Skip();
  }

  bool Begin(bool object) {
    Next();
    Frame& top = frames_.back();
    const bool named = top.kind == Frame::kMessage || (top.kind == Frame::kRoot && top.field != nullptr);
    if (top.kind == Frame::kSkip || (top.kind == Frame::kMessage && top.field == nullptr)) return Skip();
    if (named && top.field->is_repeated()) {
      Mask();
      const bool map = top.field->is_map();
      if (map != object) return SkipBecause("INVALID_VALUE", map ? "must be an object" : "must be a list");
      frames_.push_back({.kind = map ? Frame::kMap : Frame::kList, .message = top.message, .field = top.field});
      return true;
    }
    const Field* scalar = named || top.kind == Frame::kList ? top.field
                          : top.kind == Frame::kMap         ? top.field->message_type()->map_value()
                                                            : nullptr;
    if (scalar != nullptr && scalar->message_type() == nullptr)
      return SkipBecause("INVALID_VALUE", object ? "must not be an object" : "must not be a list");
    if (named && OneofTaken(top)) return Skip();
    pb::Message* element = Element();
    return element == nullptr ? Skip() : BeginMessage(element, object);
  }

  // One level of JSON in a Struct is three of messages, and services read at most 100 of those.
  bool TooDeep() const {
    std::size_t levels = 3;
    for (const Frame& f : frames_) levels += f.kind == Frame::kStruct || f.kind == Frame::kListValue ? 3 : 1;
    return levels > kMaxJsonDepth;
  }

  bool BeginMessage(pb::Message* message, bool object) {
    const Frame& top = frames_.back();
    const pb::Descriptor* type = message->GetDescriptor();
    const auto known = type->well_known_type();
    const bool dynamic = known == pb::Descriptor::WELLKNOWNTYPE_VALUE ||
                         known == pb::Descriptor::WELLKNOWNTYPE_STRUCT ||
                         known == pb::Descriptor::WELLKNOWNTYPE_LISTVALUE;
    if (dynamic && TooDeep()) return SkipBecause("INVALID_VALUE", "is nested too deeply");
    switch (known) {
      case pb::Descriptor::WELLKNOWNTYPE_VALUE: {
        Mask();
        auto* value = static_cast<pb::Value*>(message);
        if (object)
          frames_.push_back({.kind = Frame::kStruct, .message = value->mutable_struct_value()});
        else
          frames_.push_back({.kind = Frame::kListValue, .message = value->mutable_list_value()});
        return true;
      }
      case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
        Mask();
        if (!object) return SkipBecause("INVALID_VALUE", "must be an object");
        frames_.push_back({.kind = Frame::kStruct, .message = message});
        return true;
      case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
        Mask();
        if (object) return SkipBecause("INVALID_VALUE", "must be a list");
        frames_.push_back({.kind = Frame::kListValue, .message = message});
        return true;
      case pb::Descriptor::WELLKNOWNTYPE_ANY:
        return SkipBecause("INVALID_VALUE", "google.protobuf.Any cannot be sent as JSON");
      case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED: {
        if (!object) return SkipBecause("INVALID_VALUE", "must be an object");
        Frame frame{.kind = Frame::kMessage, .message = message, .seen = std::vector<bool>(type->field_count())};
        frame.masked = top.masked;
        if (top.masked && top.kind == Frame::kMessage) frame.mask_prefix = top.mask_prefix + top.field->name() + ".";
        frames_.push_back(std::move(frame));
        return true;
      }
      default:  // Timestamp, Duration, FieldMask, wrappers: scalars in JSON
        return SkipBecause("INVALID_VALUE", object ? "must not be an object" : "must not be a list");
    }
  }

  bool Put(Scalar value) {
    Next();
    PutInto(frames_.back(), value);
    part_.clear();
    return true;
  }

  void PutInto(Frame& top, Scalar value) {
    std::optional<ValueFault> fault;
    switch (top.kind) {
      case Frame::kSkip:
        return;
      case Frame::kRoot:
      case Frame::kMessage:
        if (top.field == nullptr) {
          if (top.kind == Frame::kRoot) fault = PutWellKnown(top.message, value);
          break;
        }
        Mask();
        if (top.field->is_repeated())
          fault = ValueFault{"INVALID_VALUE", top.field->is_map() ? "must be an object" : "must be a list"};
        else if (!OneofTaken(top))
          fault = PutScalar(top.message, top.field, value);
        break;
      case Frame::kList:
        fault = PutScalar(top.message, top.field, value);
        break;
      case Frame::kMap:
        if (pb::Message* entry = Entry(top)) fault = PutScalar(entry, top.field->message_type()->map_value(), value);
        break;
      case Frame::kStruct:
      case Frame::kListValue:
        if (pb::Message* element = Element()) fault = PutWellKnown(element, value);
        break;
    }
    if (fault) Violate(fault->reason, std::move(fault->description));
  }

  // Always true: reading goes on to find the other faults.
  bool Violate(const char* reason, std::string description, std::string_view unknown = {}) {
    if (violations_->size() >= kMaxViolations) return true;
    ruler_.MoveTo(at_);
    description += " (line " + ruler_.line() + ", column " + ruler_.column() + ")";
    violations_->push_back({Path(unknown), reason, std::move(description)});
    return true;
  }

  std::string Path(std::string_view unknown) const {
    constexpr std::size_t kMaxShown = 64;
    std::string path;
    auto name = [&](std::string_view text) {
      if (!path.empty()) path += '.';
      std::size_t shown = std::min(kMaxShown, text.size());
      while (shown > 0 && shown < text.size() && (text[shown] & 0xc0) == 0x80) --shown;  // not inside a character
      path += text.substr(0, shown);
    };
    for (const Frame& f : frames_) {
      if ((f.kind == Frame::kRoot || f.kind == Frame::kMessage) && f.field != nullptr) name(f.field->json_name());
      if (f.kind == Frame::kList || f.kind == Frame::kListValue)
        path += "[" + std::to_string(std::max(f.index, 0)) + "]";
      if (f.kind == Frame::kMap || f.kind == Frame::kStruct) name(f.key);
    }
    if (!unknown.empty()) name(unknown);
    return path;
  }

  const JsonInput input_;
  std::vector<FieldViolation>* violations_;
  Ruler ruler_{input_.text};
  std::vector<Frame> frames_;
  std::string part_;    // the beginning of a token that comes in pieces
  std::size_t at_ = 0;  // offset of the last token
  bool skip_ = false;   // the current name of a map or struct is at fault
};

Error Malformed(std::string_view text, std::size_t offset, std::string what) {
  Ruler ruler(text);
  ruler.MoveTo(offset);
  const std::string line = ruler.line(), column = ruler.column();
  return {.code = Code::kInvalidArgument,
          .reason = "MALFORMED_JSON",
          .message = "The body is not valid JSON: " + what + " at line " + line + ", column " + column + ".",
          .metadata = {{"line", line}, {"column", column}}};
}

}  // namespace

std::optional<Error> ReadJson(const JsonInput& input, std::vector<FieldViolation>* violations) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<Reader> parser(options, input, violations);
  json::error_code ec;
  const std::size_t read = parser.write_some(false, input.text.data(), input.text.size(), ec);
  if (ec) return Malformed(input.text, read, ec.message());
  if (read < input.text.size()) return Malformed(input.text, read, "text after the end of the value");
  if (input.mask != nullptr) std::sort(input.mask->begin(), input.mask->end());
  return std::nullopt;
}

}  // namespace lanting::gateway
