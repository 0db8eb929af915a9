#include "gateway/openapi/parameters.h"

#include <lanting/common/v1/options.pb.h>

#include <algorithm>

#include "gateway/openapi/examples.h"
#include "gateway/openapi/shared.h"
#include "gateway/transcode/query_binder.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
namespace v1 = lanting::common::v1;
using Field = pb::FieldDescriptor;

// Whether every `*` of the field's resource names is an id.
bool HoldsIds(const PathParameter& parameter) {
  if (parameter.field == nullptr || parameter.alone || parameter.rest) return false;
  const std::string& resource = parameter.field->options().GetExtension(v1::rules).resource();
  return !resource.empty() && resource.find("**") == std::string::npos;
}

json::object PathParameterOf(const PathParameter& parameter, Schemas* schemas) {
  json::object out{{"name", parameter.name}, {"in", "path"}, {"required", true}};
  json::object schema{{"type", "string"}, {"minLength", 1}};
  json::value example(parameter.rest ? "covers/2026/spring.png" : ExampleId(parameter.collection));
  std::string text;
  if (HoldsIds(parameter)) {
    schema = {{"type", "string"}, {"pattern", std::string("^") + kIdPattern + '$'}};
    text = "Id: what stands after `" + parameter.collection + "/` in a resource name.";
  } else if (parameter.field != nullptr && parameter.alone) {
    schema = schemas->Of(parameter.field, Form::kInput);
    if (const auto* comment = schema.if_contains("description")) text = comment->as_string();
    schema.erase("description");
    if (!parameter.rest) example = Examples(false).Of(parameter.field, Form::kInput);
  } else if (!parameter.collection.empty()) {
    text = "What stands after `" + parameter.collection + "/` in the path.";
  }
  if (parameter.rest) {
    text += (text.empty() ? "" : " ") + std::string("May hold `/`, which is sent as it is.");
    out["x-multi-segment"] = true;
  }
  if (!text.empty()) out["description"] = text;
  out["schema"] = std::move(schema);
  out["example"] = std::move(example);
  return out;
}

// Fields that neither path nor body fill, as query_binder.h takes them.
class Query {
 public:
  Query(const Route& route, const Comments& comments, Schemas* schemas, json::array* out)
      : route_(route), comments_(comments), schemas_(schemas), out_(out) {}

  void Fields(const pb::Descriptor* type) {
    around_.push_back(type);
    for (int i = 0; i < type->field_count(); ++i) {
      path_.push_back(type->field(i));
      Field_();
      path_.pop_back();
    }
    around_.pop_back();
  }

 private:
  bool IsBound() const {
    if (route_.body_field == path_.front()) return true;
    return std::any_of(route_.bindings.begin(), route_.bindings.end(),
                       [&](const Route::Binding& binding) { return binding.field == path_; });
  }

  // Messages that a text can stand for; a Struct or an Any has no form in a query.
  static bool HasText(const pb::Descriptor* type) {
    switch (type->well_known_type()) {
      case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      case pb::Descriptor::WELLKNOWNTYPE_VALUE:
      case pb::Descriptor::WELLKNOWNTYPE_ANY:
        return false;
      default:
        return true;
    }
  }

  void Field_() {
    const Field* field = path_.back();
    const auto& rules = field->options().GetExtension(v1::rules);
    if (IsBound() || field->is_map() || rules.output_only()) return;
    const pb::Descriptor* type = field->message_type();
    if (type == nullptr || HasText(type)) return Add(field, rules);
    const bool endless = std::find(around_.begin(), around_.end(), type) != around_.end();
    if (!field->is_repeated() && !IsWellKnown(type) && !endless) Fields(type);
  }

  void Add(const Field* field, const v1::FieldRules& rules) {
    json::object parameter{{"name", JsonPath(path_)}, {"in", "query"}};
    if (rules.required() && path_.size() == 1) parameter["required"] = true;
    json::object schema = schemas_->Of(field, Form::kInput);
    std::string text = comments_.Of(field);
    if (const std::string_view advice = Advice(field); !advice.empty()) (text += text.empty() ? "" : " ") += advice;
    if (!text.empty()) parameter["description"] = text;
    schema.erase("description");
    if (field->name() == "page_size") schema["default"] = 50;
    if (field->is_repeated()) {
      parameter["style"] = "form";
      parameter["explode"] = true;
    }
    json::value example = Examples(false).Of(field, Form::kInput);
    if (parameter.contains("required"))
      parameter["example"] = std::move(example);
    else  // viewers fill a form with an example that stands beside the schema
      schema["examples"] = json::array(1, example);
    parameter["schema"] = std::move(schema);
    out_->push_back(std::move(parameter));
  }

  // What is true of these names everywhere.
  std::string_view Advice(const Field* field) const {
    if (path_.size() > 1) return {};
    if (field == route_.request_id) return "The same as the header `Idempotency-Key`; give one of them.";
    if (route_.etag.size() == 1 && field == route_.etag[0]) return "The same as the header `If-Match`.";
    if (field == route_.update_mask) return "Left out: the fields that the body names.";
    if (field->name() == "page_size")
      return "A page may hold fewer, even none, and still not be the last. It may change from page to page.";
    if (field->name() == "page_token")
      return "Opaque. A token of another list or with other arguments is refused with `INVALID_PAGE_TOKEN`.";
    return {};
  }

  const Route& route_;
  const Comments& comments_;
  Schemas* schemas_;
  json::array* out_;
  FieldPath path_;
  std::vector<const pb::Descriptor*> around_;
};

bool HasEtag(const pb::Descriptor* type) {
  const Field* field = type->FindFieldByName("etag");
  return field != nullptr && !field->is_repeated() && field->type() == Field::TYPE_STRING;
}

}  // namespace

json::array ParametersOf(const Route& route, const Path& path, const Comments& comments, Schemas* schemas) {
  json::array parameters;
  for (const PathParameter& parameter : path.parameters) parameters.push_back(PathParameterOf(parameter, schemas));
  if (route.body != Route::Body::kWhole)
    Query(route, comments, schemas, &parameters).Fields(route.method->input_type());
  auto header = [&](const char* name) { parameters.push_back(RefTo("parameters", name)); };
  if (route.request_id != nullptr) header("IdempotencyKey");
  if (!route.etag.empty() && route.http_method != "GET") header("IfMatch");
  if (route.http_method == "GET" && HasEtag(route.method->output_type())) header("IfNoneMatch");
  header("GrpcTimeout");
  header("Traceparent");
  return parameters;
}

FieldSet FieldsOfPath(const Route& route) {
  FieldSet fields;
  for (const Route::Binding& binding : route.bindings)
    if (binding.field.size() == 1) fields.insert(binding.field[0]);
  return fields;
}

}  // namespace lanting::gateway::openapi
