#include "gateway/openapi/operation.h"

#include <lanting/common/v1/raw_body.pb.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "gateway/openapi/examples.h"
#include "gateway/openapi/parameters.h"
#include "gateway/openapi/shared.h"
#include "platform/base/strings.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

// "BatchCreateMembers" -> "Batch create members"
std::string InWords(const std::string& name) {
  std::string words;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !words.empty()) words += ' ';
    words += upper && !words.empty() ? static_cast<char>(c | 0x20) : c;
  }
  return words;
}

bool Creates(const pb::MethodDescriptor* method) {
  return method->name().starts_with("Create") || method->name().starts_with("BatchCreate");
}

json::object Content(json::object schema, json::value example) {
  return {{"schema", std::move(schema)}, {"example", std::move(example)}};
}

class Builder {
 public:
  Builder(const Route& route, const Comments& comments, Schemas* schemas)
      : route_(route), method_(route.method), comments_(comments), schemas_(schemas), examples_(Creates(method_)) {}

  json::object Build(const Path& path, const OperationNames& names) {
    json::object operation{{"operationId", names.id},
                           {"tags", json::array{json::value(names.tag)}},
                           {"summary", InWords(method_->name())},
                           {"description", Description()}};
    operation["parameters"] = ParametersOf(route_, path, comments_, schemas_);
    if (route_.body != Route::Body::kNone) operation["requestBody"] = RequestBody(names.id);
    operation["responses"] = Responses();
    Scope(&operation);
    if (IsPaged()) operation["x-pagination"] = Pagination();
    if (const auto* state = RunningState()) operation["x-long-running"] = LongRunning(state);
    return operation;
  }

 private:
  std::string Description() const {
    std::string text = comments_.Of(method_);
    const std::string& of_reply = comments_.Of(method_->output_type());
    if (text.empty()) text = of_reply.empty() ? InWords(method_->name()) + '.' : of_reply;
    if (const std::string scope = ScopeOf(route_); scope == "public")
      text += "\n\nNeeds no key.";
    else
      text += "\n\nNeeds the scope `" + scope + "`.";
    if (IsPaged())
      text +=
          "\n\nIn pages: repeat the call with `pageToken` set to the `nextPageToken` of the reply and everything else "
          "unchanged, until that is empty, which alone marks the end.";
    if (route_.update_mask != nullptr)
      text +=
          "\n\nChanges what the body names, or what `updateMask` names if it is given (`*`: everything); `null` "
          "clears.";
    if (RunningState() != nullptr)
      text +=
          "\n\nThe reply comes at once and the work goes on: poll the resource that it names until its `state` is no "
          "longer `" +
          RunningState()->name() + "`.";
    if (method_->server_streaming())
      text +=
          "\n\nA stream: messages as they come, one a line, until the call ends. An error after the first message is "
          "the last line. Empty lines (comments, in an event stream) say that the stream lives.";
    return text;
  }

  void Scope(json::object* operation) const {
    const std::string scope = ScopeOf(route_);
    if (scope == "public") {
      (*operation)["security"] = json::array();
      return;
    }
    json::object requirement;
    requirement["serviceKey"] = json::array{json::value(scope)};
    json::array security;
    security.push_back(std::move(requirement));
    (*operation)["security"] = std::move(security);
    (*operation)["x-required-scope"] = scope;
  }

  // --- request ---

  json::object RequestBody(const std::string& id) {
    json::object content;
    bool required = true;
    if (route_.body == Route::Body::kRaw) {
      const bool csv = route_.body_field->name() == "csv";
      json::object schema{{"type", "string"}, {"description", comments_.Of(route_.body_field)}};
      content[csv ? "text/csv" : "application/octet-stream"] =
          Content(std::move(schema), csv ? "display_name,external_id,expectation\n林晓雨,CRM-10482,认识同城的书友\n"
                                         : "任何字节 / any bytes");
    } else if (route_.body == Route::Body::kWhole) {
      const FieldSet of_path = FieldsOfPath(route_);
      const std::string name = id.substr(id.find('_') + 1) + "Body";
      json::object schema = schemas_->Body(name, method_->input_type(), of_path);
      required = HasRequired(of_path);
      content["application/json"] =
          Content(std::move(schema), examples_.Of(method_->input_type(), Form::kInput, of_path));
    } else {
      const Form form = route_.update_mask != nullptr ? Form::kPatch : Form::kInput;
      content["application/json"] = Content(BodyFieldSchema(form), examples_.Of(route_.body_field, form));
    }
    return {{"required", required}, {"content", std::move(content)}};
  }

  json::object BodyFieldSchema(Form form) {
    if (!route_.body_field->is_repeated() && route_.body_field->message_type() != nullptr)
      return schemas_->Of(route_.body_field->message_type(), form);
    return schemas_->Of(route_.body_field, form);
  }

  // An empty body is an empty message.
  bool HasRequired(const FieldSet& of_path) const {
    for (int i = 0; i < method_->input_type()->field_count(); ++i) {
      const Field* field = method_->input_type()->field(i);
      if (!of_path.contains(field) && IsRequired(field, Form::kInput)) return true;
    }
    return false;
  }

  // --- responses ---

  json::object Responses() {
    json::object responses;
    responses["200"] = Reply();
    if (route_.http_method == "GET" && HasEtag())
      responses["304"] =
          json::object{{"description", "It still has an etag of `If-None-Match`."}, {"headers", ReplyHeaders(true)}};
    for (auto& [status, response] : ErrorsOf(route_)) responses[status] = std::move(response);
    return responses;
  }

  bool HasEtag() const {
    const Field* field = method_->output_type()->FindFieldByName("etag");
    return field != nullptr && !field->is_repeated() && field->type() == Field::TYPE_STRING;
  }

  json::object Reply() {
    const pb::Descriptor* type = method_->output_type();
    std::string description = comments_.Of(type);
    if (description.empty() && IsPaged()) description = "One page.";
    if (description.empty())
      description = type->field_count() == 0 ? "Done; nothing to say." : InWords(type->name()) + '.';
    json::object content;
    if (type == common::v1::RawBody::descriptor()) {
      content["*/*"] = json::object{{"schema", json::object{{"description", "Bytes of the media type they have."}}}};
    } else if (method_->server_streaming()) {
      content = StreamContent(type);
    } else if (route_.response_field != nullptr) {
      content["application/json"] = Content(schemas_->Of(route_.response_field, Form::kOutput),
                                            examples_.Of(route_.response_field, Form::kOutput));
    } else {
      content["application/json"] =
          Content(schemas_->Of(type, Form::kOutput),
                  IsWellKnown(type) ? json::value(json::object()) : examples_.Of(type, Form::kOutput));
    }
    return {{"description", description}, {"headers", ReplyHeaders(HasEtag())}, {"content", std::move(content)}};
  }

  // OpenAPI 3.1 has no schema for a sequence: it is that of one line, and of the whole text of an event stream.
  json::object StreamContent(const pb::Descriptor* type) {
    const json::value message = examples_.Of(type, Form::kOutput);
    json::array either;
    either.push_back(Holding("result", schemas_->Of(type, Form::kOutput), "A message."));
    either.push_back(Holding("error", RefTo("schemas", "ErrorStatus"), "What ended the stream, as its last line."));
    json::object line{{"description", "One line of the stream."}, {"oneOf", std::move(either)}};
    json::object content;
    content["application/x-ndjson"] = Content(std::move(line), json::object{{"result", message}});
    content["text/event-stream"] =
        Content({{"type", "string"},
                 {"description",
                  "Server-sent events, when `Accept` asks for them: the JSON of a message as `data`; an "
                  "error as the event `error`."}},
                json::value("data: " + json::serialize(message) + "\n\n: heartbeat\n\n"));
    return content;
  }

  // --- what a reader of the document cannot see in the fields alone ---

  bool IsPaged() const {
    return method_->input_type()->FindFieldByName("page_token") != nullptr &&
           method_->output_type()->FindFieldByName("next_page_token") != nullptr;
  }

  json::object Pagination() const {
    json::object out{{"pageSize", "pageSize"}, {"pageToken", "pageToken"}, {"nextPageToken", "nextPageToken"}};
    for (int i = 0; i < method_->output_type()->field_count(); ++i)
      if (method_->output_type()->field(i)->is_repeated()) {
        out["items"] = method_->output_type()->field(i)->json_name();
        break;
      }
    return out;
  }

  // A write that answers with a resource which may still be at work: its state then.
  const pb::EnumValueDescriptor* RunningState() const {
    if (route_.http_method != "POST") return nullptr;
    const Field* state = method_->output_type()->FindFieldByName("state");
    if (state == nullptr || state->enum_type() == nullptr) return nullptr;
    for (int i = 0; i < state->enum_type()->value_count(); ++i)
      if (state->enum_type()->value(i)->name().ends_with("_RUNNING")) return state->enum_type()->value(i);
    return nullptr;
  }

  json::object LongRunning(const pb::EnumValueDescriptor* running) const {
    json::object out{{"stateField", "state"}, {"runningState", running->name()}};
    if (const auto* get = method_->service()->FindMethodByName("Get" + method_->output_type()->name()))
      out["poll"] = OperationId(get, 1);
    return out;
  }

  const Route& route_;
  const pb::MethodDescriptor* method_;
  const Comments& comments_;
  Schemas* schemas_;
  Examples examples_;
};

}  // namespace

std::string OperationId(const pb::MethodDescriptor* method, int n) {
  std::string id = method->service()->name() + '_' + method->name();
  return n > 1 ? id + '_' + std::to_string(n) : id;
}

json::object OperationOf(const Route& route, const Path& path, const OperationNames& names, const Comments& comments,
                         Schemas* schemas) {
  return Builder(route, comments, schemas).Build(path, names);
}

}  // namespace lanting::gateway::openapi
