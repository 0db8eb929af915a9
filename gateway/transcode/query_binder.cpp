#include "gateway/transcode/query_binder.h"

#include <algorithm>
#include <set>

#include "gateway/transcode/field_parse.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/percent.h"
#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

class QueryBinder {
 public:
  QueryBinder(const Route& route, pb::Message* message, std::vector<FieldViolation>* violations)
      : route_(route), message_(message), violations_(violations) {}

  void Parameter(std::string_view pair) {
    const auto equals = pair.find('=');
    const auto name = PercentDecode(pair.substr(0, equals));
    std::string_view raw = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!name) return Violate("query", "INVALID_VALUE", "a parameter name is not valid percent-encoded UTF-8");
    const std::string shown = Shown(*name);
    if (route_.body == Route::Body::kWhole)
      return Violate(shown, "UNKNOWN_PARAMETER", "this call takes its fields from the body, none from the query");
    FieldPath path;
    if (const char* fault = Resolve(*name, &path)) return Violate(shown, "UNKNOWN_PARAMETER", fault);
    const auto value = PercentDecode(PlusIsItself(path.back()) ? std::string(raw) : SpacesFor(raw));
    if (!value) return Violate(shown, "INVALID_VALUE", "must be percent-encoded UTF-8 without NUL");
    if (!Free(path, shown)) return;
    Set(path, *value);
  }

 private:
  void Violate(std::string field, const char* reason, std::string description) {
    if (violations_->size() < kMaxViolations)
      violations_->push_back({std::move(field), reason, std::move(description)});
  }

  // Forms, curl and URLSearchParams write a space as `+`. Times and bytes have no spaces, but a `+` of their own.
  static bool PlusIsItself(const Field* field) {
    return field->type() == Field::TYPE_BYTES ||
           (field->message_type() != nullptr &&
            (field->message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP ||
             field->message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_BYTESVALUE));
  }
  static std::string SpacesFor(std::string_view text) {
    std::string out(text);
    std::replace(out.begin(), out.end(), '+', ' ');
    return out;
  }

  // A name as it may be shown: bounded, whole characters.
  static std::string Shown(const std::string& name) {
    std::size_t size = std::min<std::size_t>(name.size(), 128);
    while (size > 0 && size < name.size() && (name[size] & 0xc0) == 0x80) --size;
    return name.substr(0, size);
  }

  // What is wrong with the name, or nullptr.
  const char* Resolve(std::string_view name, FieldPath* path) const {
    const pb::Descriptor* type = message_->GetDescriptor();
    for (std::string_view part : Split(name, '.')) {
      if (!path->empty()) {
        if (path->back()->is_repeated()) return "a repeated or map field cannot be set by its parts";
        if (type == nullptr) return "goes into a field that is not a message";
      }
      const Field* found = nullptr;
      for (int i = 0; i < type->field_count() && found == nullptr; ++i)
        if (type->field(i)->json_name() == part || type->field(i)->name() == part) found = type->field(i);
      if (found == nullptr) return "is not a parameter of this call";
      path->push_back(found);
      type = found->message_type();
    }
    if (path->back()->is_map()) return "a map has no form in a query";
    return nullptr;
  }

  // Neither the path's nor the body's, and not given before.
  bool Free(const FieldPath& path, const std::string& shown) {
    if (route_.body_field == path.front()) {
      Violate(shown, "CONFLICTING_VALUES", "comes from the body, not from the query");
      return false;
    }
    for (const Route::Binding& binding : route_.bindings) {
      if (std::equal(binding.field.begin(), binding.field.end(), path.begin(), path.end())) {
        Violate(shown, "CONFLICTING_VALUES", "comes from the path, not from the query");
        return false;
      }
    }
    if (!path.back()->is_repeated() && !given_.insert(path).second) {
      Violate(shown, "DUPLICATE_FIELD", "is given twice");
      return false;
    }
    return true;
  }

  void Set(const FieldPath& path, const std::string& value) {
    pb::Message* message = message_;
    for (const Field* field : path) {
      const pb::OneofDescriptor* oneof = field->real_containing_oneof();
      const pb::Reflection* reflection = message->GetReflection();
      if (oneof != nullptr && reflection->HasOneof(*message, oneof) && !reflection->HasField(*message, field))
        return Violate(JsonPath(path), "CONFLICTING_VALUES", "only one member of " + oneof->name() + " may be given");
      if (field != path.back()) message = reflection->MutableMessage(message, field);
    }
    if (auto fault = PutScalar(message, path.back(), {Origin::kUrl, value}))
      Violate(JsonPath(path), fault->reason, std::move(fault->description));
  }

  const Route& route_;
  pb::Message* message_;
  std::vector<FieldViolation>* violations_;
  std::set<FieldPath> given_;
};

}  // namespace

std::string JsonPath(const FieldPath& path) {
  std::string out;
  for (const Field* field : path) {
    if (!out.empty()) out += '.';
    out += field->json_name();
  }
  return out;
}

void BindQuery(const Route& route, std::string_view query, pb::Message* message,
               std::vector<FieldViolation>* violations) {
  if (query.empty()) return;
  QueryBinder binder(route, message, violations);
  for (std::string_view pair : Split(query, '&'))
    if (!pair.empty()) binder.Parameter(pair);
}

}  // namespace lanting::gateway
