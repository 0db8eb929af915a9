#include "platform/rpc/validate.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <cmath>
#include <cstring>

#include "lanting/common/v1/options.pb.h"
#include "platform/base/id.h"
#include "platform/base/strings.h"
#include "platform/rpc/formats.h"
#include "platform/rpc/validation_plan.h"

namespace lanting::rpc {
namespace {

namespace pb = google::protobuf;

constexpr int kMaxDepth = 32;

// Which unset fields count as missing: all of them, or only those that an update touches.
struct Scope {
  bool whole = true;
  std::vector<std::string_view> touched;  // mask paths relative to the message; only if not whole

  bool Touches(const std::string& field) const {
    if (whole) return true;
    for (auto path : touched) {
      if (path == field) return true;
    }
    return false;
  }
  Scope Of(const std::string& field) const {
    if (Touches(field)) return {};
    Scope inner{.whole = false};
    for (auto path : touched) {
      if (path.size() > field.size() && path.starts_with(field) && path[field.size()] == '.') {
        inner.touched.push_back(path.substr(field.size() + 1));
      }
    }
    return inner;
  }
};

// Where we are; rendered only when something is wrong.
struct Frame {
  const Frame* parent;
  const FieldPlan* field;
  int index;  // -1: not an element of a list
};

std::string Render(const Frame* frame) {
  if (frame == nullptr) return {};
  std::string path = Render(frame->parent);
  if (!path.empty()) path += '.';
  path += frame->field->json;
  if (frame->index >= 0) path += '[' + std::to_string(frame->index) + ']';
  return path;
}

class Validator {
 public:
  std::vector<FieldViolation> Take() { return std::move(violations_); }

  void Message(pb::Message& message, const ValidationPlan& plan, const Scope& scope, const Frame* at, int depth,
               bool is_updated = false) {
    if (plan.special != ValidationPlan::Special::kNone) return Time(message, plan, at);
    if (depth > kMaxDepth) return Add(at, "OUT_OF_RANGE", "is nested too deeply");
    const pb::Reflection* reflection = message.GetReflection();
    for (const FieldPlan& field : plan.fields) {
      const bool identity = is_updated && field.field->name() == "name";
      if (field.output_only && !identity) {
        reflection->ClearField(&message, field.field);
        continue;
      }
      Frame frame{at, &field, -1};
      const bool required = identity || (field.required && scope.Touches(field.field->name()));
      if (field.repeated) {
        List(message, reflection, field, scope, required, frame, depth);
      } else if (!reflection->HasField(message, field.field)) {
        if (required) Add(&frame, "REQUIRED", "is required");
      } else if (field.kind == FieldPlan::Kind::kMessage) {
        pb::Message& inner = *reflection->MutableMessage(&message, field.field);
        const bool updated = field.field == plan.updated;
        Message(inner, *field.message, updated ? MaskScope(message, plan, inner, at) : scope.Of(field.field->name()),
                &frame, depth + 1, updated);
      } else {
        Single(message, reflection, field, frame);
      }
    }
  }

 private:
  void Add(const Frame* at, const char* reason, std::string description) {
    if (violations_.size() < kMaxViolations) violations_.push_back({Render(at), reason, std::move(description)});
  }

  void List(pb::Message& message, const pb::Reflection* reflection, const FieldPlan& plan, const Scope& scope,
            bool required, Frame frame, int depth) {
    const auto size = static_cast<std::uint32_t>(reflection->FieldSize(message, plan.field));
    if (size == 0 && required) return Add(&frame, "REQUIRED", "is required");
    if (size < plan.min_items && (size > 0 || scope.Touches(plan.field->name()))) {
      return Add(&frame, "TOO_FEW_ITEMS", "must have at least " + std::to_string(plan.min_items) + " items");
    }
    if (size > plan.max_items) {
      return Add(&frame, "TOO_MANY_ITEMS", "must have at most " + std::to_string(plan.max_items) + " items");
    }
    if (plan.alone_if != nullptr && reflection->GetBool(message, plan.alone_if)) return;
    std::string scratch;
    for (std::uint32_t i = 0; i < size; ++i) {
      frame.index = static_cast<int>(i);
      switch (plan.kind) {
        case FieldPlan::Kind::kString:
          Text(reflection->GetRepeatedStringReference(message, plan.field, frame.index, &scratch), plan, frame, true);
          break;
        case FieldPlan::Kind::kBytes:
          Bytes(reflection->GetRepeatedStringReference(message, plan.field, frame.index, &scratch), plan, frame);
          break;
        case FieldPlan::Kind::kEnum:
          Enum(reflection->GetRepeatedEnumValue(message, plan.field, frame.index), plan, frame);
          break;
        case FieldPlan::Kind::kMessage:  // an element is replaced as a whole, whatever the mask
          Message(*reflection->MutableRepeatedMessage(&message, plan.field, frame.index), *plan.message, {}, &frame,
                  depth + 1);
          break;
        case FieldPlan::Kind::kNumber:
          if (plan.min || plan.max) Number(message, reflection, plan, frame);
          break;
        case FieldPlan::Kind::kOther:
          return;
      }
    }
  }

  void Single(const pb::Message& message, const pb::Reflection* reflection, const FieldPlan& plan, const Frame& frame) {
    std::string scratch;
    switch (plan.kind) {
      case FieldPlan::Kind::kString:
        return Text(reflection->GetStringReference(message, plan.field, &scratch), plan, frame, plan.required);
      case FieldPlan::Kind::kBytes:
        return Bytes(reflection->GetStringReference(message, plan.field, &scratch), plan, frame);
      case FieldPlan::Kind::kEnum:
        return Enum(reflection->GetEnumValue(message, plan.field), plan, frame);
      case FieldPlan::Kind::kNumber:
        if (plan.min || plan.max) Number(message, reflection, plan, frame);
        return;
      default:
        return;
    }
  }

  void Text(const std::string& text, const FieldPlan& plan, const Frame& at, bool wanted) {
    auto length = Utf8Length(text);
    if (!length) return Add(&at, "INVALID_FORMAT", "must be well-formed UTF-8");
    if (std::memchr(text.data(), 0, text.size()) != nullptr) {
      return Add(&at, "INVALID_FORMAT", "must not contain the character NUL");
    }
    if (*length == 0) {  // an optional field set to "", or an element of a list
      if (wanted) Add(&at, plan.repeated ? "TOO_SHORT" : "REQUIRED", "must not be empty");
      return;
    }
    if (*length > plan.max_len) {
      return Add(&at, "TOO_LONG", "must have at most " + std::to_string(plan.max_len) + " characters");
    }
    if (*length < plan.min_len) {
      return Add(&at, "TOO_SHORT", "must have at least " + std::to_string(plan.min_len) + " characters");
    }
    if (plan.format != 0) Format(text, plan, at);
    if (!plan.resource.empty() && !MatchesResource(plan.resource, text)) {
      Add(&at, "INVALID_RESOURCE_NAME", "must be a resource name like " + plan.resource);
    }
  }

  void Format(const std::string& text, const FieldPlan& plan, const Frame& at) {
    switch (plan.format) {
      case common::v1::FORMAT_TOKEN:
        if (!IsToken(text)) Add(&at, "INVALID_FORMAT", "must be printable ASCII without a space at either end");
        return;
      case common::v1::FORMAT_TIME_ZONE:
        if (!IsTimeZone(text)) Add(&at, "INVALID_FORMAT", "must be an IANA time zone, e.g. Asia/Shanghai");
        return;
      case common::v1::FORMAT_LOCALE:
        if (!IsLocale(text)) Add(&at, "INVALID_FORMAT", "must be zh-CN or en");
        return;
      case common::v1::FORMAT_DISPLAY_NAME:
        if (!IsDisplayName(text)) {
          Add(&at, "INVALID_FORMAT",
              "must show something, and not begin or end with white space nor contain control characters or marks that "
              "turn the direction of text");
        }
        return;
      default:
        return;
    }
  }

  void Bytes(const std::string& bytes, const FieldPlan& plan, const Frame& at) {
    if (plan.max_len != 0 && bytes.size() > plan.max_len) {
      Add(&at, "TOO_LONG", "must have at most " + std::to_string(plan.max_len) + " bytes");
    } else if (bytes.size() < plan.min_len) {
      Add(&at, "TOO_SHORT", "must have at least " + std::to_string(plan.min_len) + " bytes");
    }
  }

  void Enum(int value, const FieldPlan& plan, const Frame& at) {
    if (plan.required && value == 0) return Add(&at, "REQUIRED", "is required");
    if (plan.defined_only && plan.field->enum_type()->FindValueByNumber(value) == nullptr) {
      Add(&at, "UNKNOWN_VALUE", "must be a value of " + plan.field->enum_type()->name());
    }
  }

  void Number(const pb::Message& message, const pb::Reflection* r, const FieldPlan& plan, const Frame& at) {
    const auto* f = plan.field;
    const int i = at.index;
    switch (f->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return Bounds<std::int64_t>(i < 0 ? r->GetInt32(message, f) : r->GetRepeatedInt32(message, f, i), plan, at);
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return Bounds<std::int64_t>(i < 0 ? r->GetInt64(message, f) : r->GetRepeatedInt64(message, f, i), plan, at);
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return Bounds<std::int64_t>(i < 0 ? r->GetUInt32(message, f) : r->GetRepeatedUInt32(message, f, i), plan, at);
      case pb::FieldDescriptor::CPPTYPE_UINT64: {
        auto value = i < 0 ? r->GetUInt64(message, f) : r->GetRepeatedUInt64(message, f, i);
        return Bounds<std::int64_t>(static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX)), plan, at,
                                    value > INT64_MAX);
      }
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return Bounds<double>(i < 0 ? r->GetFloat(message, f) : r->GetRepeatedFloat(message, f, i), plan, at);
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return Bounds<double>(i < 0 ? r->GetDouble(message, f) : r->GetRepeatedDouble(message, f, i), plan, at);
      default:
        return;
    }
  }

  template <typename T>
  void Bounds(T value, const FieldPlan& plan, const Frame& at, bool over = false) {
    bool low = plan.min && !(value >= static_cast<T>(*plan.min));  // NaN is outside
    bool high = plan.max && (over || !(value <= static_cast<T>(*plan.max)));
    if (!low && !high) return;
    std::string text = "must be ";
    if (plan.min) text += "at least " + std::to_string(*plan.min);
    if (plan.min && plan.max) text += " and ";
    if (plan.max) text += "at most " + std::to_string(*plan.max);
    Add(&at, "OUT_OF_RANGE", std::move(text));
  }

  void Time(const pb::Message& message, const ValidationPlan& plan, const Frame* at) {
    const pb::Reflection* reflection = message.GetReflection();
    const std::int64_t seconds = reflection->GetInt64(message, message.GetDescriptor()->field(0));
    const std::int32_t nanos = reflection->GetInt32(message, message.GetDescriptor()->field(1));
    constexpr std::int64_t kYear1 = -62135596800, kYear9999 = 253402300799, kTenThousandYears = 315576000000;
    if (plan.special == ValidationPlan::Special::kTimestamp) {
      if (seconds < kYear1 || seconds > kYear9999 || nanos < 0 || nanos > 999999999) {
        Add(at, "OUT_OF_RANGE", "must be a time in the years 1 to 9999");
      }
    } else if (std::abs(seconds) > kTenThousandYears || std::abs(std::int64_t{nanos}) > 999999999 ||
               (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
      Add(at, "OUT_OF_RANGE", "must be a duration within 10,000 years");
    }
  }

  // What of `resource` the update touches: by its mask, or what is populated if it has none (AIP-134).
  Scope MaskScope(const pb::Message& request, const ValidationPlan& plan, const pb::Message& resource,
                  const Frame* at) {
    const pb::Reflection* reflection = request.GetReflection();
    Scope scope{.whole = false};
    if (!reflection->HasField(request, plan.update_mask)) return scope;
    const auto& mask = static_cast<const pb::FieldMask&>(reflection->GetMessage(request, plan.update_mask));
    if (mask.paths_size() == 1 && mask.paths(0) == "*") return {};
    for (const std::string& path : mask.paths()) {
      if (KnownPath(resource.GetDescriptor(), path)) {
        scope.touched.push_back(path);
      } else {
        FieldPlan field;
        field.json = plan.update_mask->json_name();
        Frame frame{at, &field, -1};
        const bool readable = path.size() <= 100 && IsToken(path);
        Add(&frame, "INVALID_UPDATE_MASK", "names a field that does not exist" + (readable ? ": " + path : ""));
      }
    }
    return scope;
  }

  static bool KnownPath(const pb::Descriptor* type, std::string_view path) {
    const pb::FieldDescriptor* field = nullptr;
    for (auto name : Split(path, '.')) {
      if (field != nullptr) {
        if (field->is_repeated() || field->message_type() == nullptr) return false;
        type = field->message_type();
      }
      field = type->FindFieldByName(std::string(name));
      if (field == nullptr) return false;
    }
    return field != nullptr;
  }

  std::vector<FieldViolation> violations_;
};

bool MatchesOne(std::string_view pattern, std::string_view text) {
  for (;;) {
    auto pattern_end = pattern.find('/');
    auto piece = pattern.substr(0, pattern_end);
    if (piece == "**") return !text.empty() && text.front() != '/' && text.back() != '/';
    auto text_end = text.find('/');
    auto part = text.substr(0, text_end);
    // The nil id names nothing: handlers take it for "not given".
    if (piece == "*" ? Id::Parse(part).value_or(Id()).IsNil() : piece != part) return false;
    if (pattern_end == std::string_view::npos || text_end == std::string_view::npos) return pattern_end == text_end;
    pattern.remove_prefix(pattern_end + 1);
    text.remove_prefix(text_end + 1);
  }
}

}  // namespace

bool MatchesResource(std::string_view patterns, std::string_view text) {
  for (;;) {
    auto bar = patterns.find('|');
    if (MatchesOne(Trim(patterns.substr(0, bar)), text)) return true;
    if (bar == std::string_view::npos) return false;
    patterns.remove_prefix(bar + 1);
  }
}

std::vector<FieldViolation> Violations(pb::Message& message) {
  Validator validator;
  validator.Message(message, PlanOf(message.GetDescriptor()), {}, nullptr, 0);
  return validator.Take();
}

Result<void> Validate(pb::Message& message) {
  auto violations = Violations(message);
  if (violations.empty()) return {};
  return errors::InvalidFields(std::move(violations));
}

}  // namespace lanting::rpc
