#include "gateway/openapi/shared.h"

#include <lanting/common/v1/error_reason.pb.h>
#include <lanting/common/v1/options.pb.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "gateway/transcode/error_writer.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
namespace v1 = lanting::common::v1;

constexpr const char* kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr const char* kTraceId = "0af7651916cd43dd8448eb211c80319c";

json::object Text(const char* description) { return {{"type", "string"}, {"description", description}}; }

json::object Detail(const char* type, json::object properties, json::array required, const char* description) {
  json::object all{
      {"@type", json::object{{"type", "string"}, {"const", std::string("type.googleapis.com/google.rpc.") + type}}}};
  for (auto& [name, schema] : properties) all[name] = std::move(schema);
  required.insert(required.begin(), "@type");
  return {{"type", "object"},
          {"description", description},
          {"required", std::move(required)},
          {"properties", std::move(all)}};
}

json::object Header(const char* description, json::object schema, json::value example) {
  return {{"description", description}, {"schema", std::move(schema)}, {"example", std::move(example)}};
}

// Optional parameters have their examples in the schema: viewers fill a form with those that stand beside it.
json::object HeaderParameter(const char* name, const char* description, json::object schema, const char* example) {
  schema["examples"] = json::array{json::value(example)};
  return {{"name", name},
          {"in", "header"},
          {"required", false},
          {"description", description},
          {"schema", std::move(schema)}};
}

// One error response of the table below.
struct ErrorForm {
  int status;
  const char* name;  // of the component
  const char* description;
  Error example;
  bool by_server = false;  // refused before the call is known
};

std::vector<ErrorForm> ErrorForms() {
  const auto id = std::string(kTraceId);
  return {
      {400,
       "BadRequest",
       "The request cannot be carried out as it is: its form is wrong (`MALFORMED_REQUEST`, `MALFORMED_JSON`), fields "
       "are (`INVALID_FIELDS` names all of them at once), or the state of a resource does not allow it.",
       {.code = Code::kInvalidArgument,
        .reason = "INVALID_FIELDS",
        .message = "member.displayName: is required",
        .violations = {{"member.displayName", "REQUIRED", "is required"}}}},
      {401,
       "Unauthenticated",
       "No key, or one that is malformed, unknown, expired or revoked: one answer for all of them.",
       {.code = Code::kUnauthenticated,
        .reason = "UNAUTHENTICATED",
        .message = "The credential is missing or not accepted."}},
      {403,
       "PermissionDenied",
       "The key lacks the scope of the call (`SCOPE_MISSING`), or the tenant does not allow the page that calls "
       "(`ORIGIN_NOT_ALLOWED`). Checked before anything is looked up.",
       {.code = Code::kPermissionDenied,
        .reason = "SCOPE_MISSING",
        .message = "The credential lacks the scope members.write.",
        .metadata = {{"scope", "members.write"}}}},
      {404,
       "NotFound",
       "A resource that the call names is not there; `reason` says of which kind it is.",
       {.code = Code::kNotFound,
        .reason = "MEMBER_NOT_FOUND",
        .message = "There is no such member.",
        .metadata = {{"member", "communities/01kjkz5n8efz3t7q0v5w9x2y4a/members/01kjkz5n8efm6p8r1s3t5v7w9x"}}}},
      {408,
       "RequestTimeout",
       "The body took too long to arrive.",
       {.reason = "DEADLINE_EXCEEDED", .message = "The request took too long to arrive."},
       true},
      {409,
       "Conflict",
       "Somebody else was faster, or something is there already: `ETAG_MISMATCH` (read again, decide again; by AIP-154 "
       "it is 409, never 412), `CONCURRENT_WRITE` (do it again), `REQUEST_IN_PROGRESS` (the same key is at work), "
       "`..._TAKEN`.",
       {.code = Code::kAborted, .reason = "ETAG_MISMATCH", .message = "The resource has changed since it was read."}},
      {413,
       "BodyTooLarge",
       "The body is larger than the gateway takes.",
       {.reason = "BODY_TOO_LARGE", .message = "The body is too large."},
       true},
      {414,
       "TargetTooLong",
       "Path and query are longer than the gateway takes.",
       {.reason = "HEADER_TOO_LARGE", .message = "The request target is too long."},
       true},
      {415,
       "UnsupportedMediaType",
       "The body is not of the media type of this call, or not UTF-8.",
       {.code = Code::kInvalidArgument,
        .reason = "UNSUPPORTED_MEDIA_TYPE",
        .message = "The body must be JSON: send `Content-Type: application/json`."}},
      {422,
       "RequestIdReused",
       "The `Idempotency-Key` was used before, for another request.",
       {.code = Code::kInvalidArgument,
        .reason = "REQUEST_ID_REUSED",
        .message = "The request_id was used before with another request."}},
      {429,
       "TooManyRequests",
       "Too much at once: of this key or tenant (`RATE_LIMITED`, `TOO_MANY_IN_FLIGHT`), or of what the call needs "
       "(`RESOURCE_BUSY`, `OVERLOADED`). Retry after `Retry-After`.",
       {.code = Code::kResourceExhausted,
        .reason = "RATE_LIMITED",
        .message = "Too many requests.",
        .retry_after_ms = 1000}},
      {431,
       "HeadersTooLarge",
       "The header fields are more or larger than the gateway takes.",
       {.reason = "HEADER_TOO_LARGE", .message = "The header is too large."},
       true},
      {500,
       "Internal",
       "Our fault; nothing of the cause is shown. Report `RequestInfo.requestId`.",
       {.code = Code::kInternal,
        .reason = "INTERNAL",
        .message = "Something went wrong on our side.",
        .metadata = {{"error_id", id}}}},
      {503,
       "Unavailable",
       "Not now: `OVERLOADED`, `DEPENDENCY_UNAVAILABLE` or `SHUTTING_DOWN`. Retry after `Retry-After`, a write with "
       "its "
       "`Idempotency-Key`.",
       {.code = Code::kUnavailable,
        .reason = "DEPENDENCY_UNAVAILABLE",
        .message = "A service that this call needs cannot be reached.",
        .retry_after_ms = 1000}},
      {504,
       "DeadlineExceeded",
       "It took longer than `Grpc-Timeout`, or than the gateway waits. A write may have happened: retry it with its "
       "`Idempotency-Key`.",
       {.code = Code::kDeadlineExceeded, .reason = "DEADLINE_EXCEEDED", .message = "The call took too long."}},
  };
}

json::object CallHeaders() {
  return {{"traceparent", RefTo("headers", "Traceparent")}, {"x-request-id", RefTo("headers", "XRequestId")}};
}

json::object ErrorResponseOf(const ErrorForm& form) {
  const http::Response written = form.by_server
                                     ? ServerErrorResponse(form.status, form.example.reason, form.example.message)
                                     : ErrorResponse(form.example);
  // Those of rates come with most errors; where they matter they are named.
  json::object headers = form.status == 429 ? ReplyHeaders(false) : CallHeaders();
  for (const auto& [name, value] : written.headers) {
    if (name == "retry-after") headers["retry-after"] = RefTo("headers", "RetryAfter");
    if (name == "www-authenticate") headers["www-authenticate"] = RefTo("headers", "WwwAuthenticate");
  }
  if (form.by_server) headers = json::object();  // there is no call yet to trace or to count
  json::object response{{"description", form.description}};
  if (!headers.empty()) response["headers"] = std::move(headers);
  response["content"] =
      json::object{{"application/json", json::object{{"schema", json::object{{"$ref", "#/components/schemas/Error"}}},
                                                     {"example", json::parse(written.body)}}}};
  return response;
}

}  // namespace

json::object RefTo(const char* kind, const std::string& name) {
  return {{"$ref", std::string("#/components/") + kind + '/' + name}};
}

json::object Holding(const char* name, json::object schema, const char* description) {
  json::object properties;
  properties[name] = std::move(schema);
  return {{"type", "object"},
          {"description", description},
          {"required", json::array{name}},
          {"properties", std::move(properties)}};
}

std::string ScopeOf(const Route& route) { return route.method->options().GetExtension(v1::required_scope); }
bool IsWrite(const Route& route) { return route.method->options().GetExtension(v1::write); }

void AddErrorSchemas(const Comments& comments, Schemas* schemas) {
  std::string reasons = "Why, for programs: stable, never renamed. Be ready for one that is not listed here.";
  const pb::EnumDescriptor* type = v1::ErrorReason_descriptor();
  json::array names;
  for (int i = 1; i < type->value_count(); ++i) {
    const std::string name = type->value(i)->name().substr(std::string_view("ERROR_REASON_").size());
    names.emplace_back(name);
    if (const std::string& comment = comments.Of(type->value(i)); !comment.empty())
      reasons += (reasons.find("\n- ") == std::string::npos ? "\n\n- `" : "\n- `") + name + "`: " + comment;
  }
  schemas->Add("ErrorReason", {{"type", "string"},
                               {"pattern", "^[A-Z][A-Z0-9_]*$"},
                               {"description", reasons},
                               {"x-extensible-enum", std::move(names)}});
  schemas->Add("ErrorInfo",
               Detail("ErrorInfo",
                      {{"reason", RefTo("schemas", "ErrorReason")},
                       {"domain", Text("\"lanting\".")},
                       {"metadata", json::object{{"type", "object"},
                                                 {"additionalProperties", json::object{{"type", "string"}}},
                                                 {"description",
                                                  "What is dynamic in the message; of "
                                                  "`INVALID_FIELDS` the reason of each field."}}}},
                      {"reason", "domain", "metadata"}, "Decide by its `reason`. Every error has exactly one."));
  json::object violation{{"type", "object"},
                         {"required", json::array{"field", "description"}},
                         {"properties", json::object{{"field", Text("JSON path: `member.identities[0].channel`.")},
                                                     {"description", Text("What is allowed, in English.")}}}};
  schemas->Add(
      "BadRequest",
      Detail("BadRequest", {{"fieldViolations", json::object{{"type", "array"}, {"items", std::move(violation)}}}},
             {"fieldViolations"}, "Every field at fault."));
  schemas->Add("RetryInfo", Detail("RetryInfo", {{"retryDelay", Text("Seconds, like `1.5s`.")}}, {"retryDelay"},
                                   "How long to wait; the header `Retry-After` says it too."));
  schemas->Add("RequestInfo", Detail("RequestInfo", {{"requestId", Text("Give it when you report the problem.")}},
                                     {"requestId"}, "What to report."));
  json::array details;
  json::object mapping;
  for (const char* name : {"ErrorInfo", "BadRequest", "RetryInfo", "RequestInfo"}) {
    details.push_back(RefTo("schemas", name));
    mapping[std::string("type.googleapis.com/google.rpc.") + name] = std::string("#/components/schemas/") + name;
  }
  json::object detail{{"oneOf", std::move(details)},
                      {"discriminator", json::object{{"propertyName", "@type"}, {"mapping", std::move(mapping)}}}};
  schemas->Add(
      "ErrorStatus",
      {{"type", "object"},
       {"description", "A google.rpc.Status, with the HTTP status as its code."},
       {"required", json::array{"code", "message", "status", "details"}},
       {"properties", json::object{{"code", json::object{{"type", "integer"}, {"description", "The HTTP status."}}},
                                   {"message", Text("English, for a developer; it may change.")},
                                   {"status", Text("Name of the google.rpc.Code: `NOT_FOUND`.")},
                                   {"details", json::object{{"type", "array"}, {"items", std::move(detail)}}}}}});
  schemas->Add("Error", Holding("error", RefTo("schemas", "ErrorStatus"), "The form of every error (AIP-193)."));
}

json::object SharedHeaders() {
  const json::object count{{"type", "integer"}, {"minimum", 0}};
  return {
      {"Traceparent", Header("W3C trace context of the call: the one that was sent, or made here.",
                             {{"type", "string"}}, kTraceparent)},
      {"XRequestId", Header("Id of the call, in our log too; the id of its trace.", {{"type", "string"}}, kTraceId)},
      {"ETag", Header("The `etag` of the resource, with its quotes; for `If-Match` and `If-None-Match`.",
                      {{"type", "string"}}, "\"5-12\"")},
      {"RetryAfter", Header("Seconds to wait.", count, 1)},
      {"WwwAuthenticate", Header("Which credential is expected.", {{"type", "string"}}, "Bearer realm=\"lanting\"")},
      {"RateLimitLimit", Header("Requests that may come at once, of the key or its tenant, whichever is nearer to its "
                                "end. Absent where no limit is set.",
                                count, 200)},
      {"RateLimitRemaining", Header("How many of them are left.", count, 187)},
      {"RateLimitPolicy", Header("The rates in force: of the key and of its tenant.", {{"type", "string"}},
                                 "100;w=1;burst=200;policy=\"key\", 500;w=1;burst=1000;policy=\"tenant\"")},
      {"RateLimitReset", Header("Seconds until all of them are there again.", count, 1)},
  };
}

json::object SharedParameters() {
  return {
      {"IdempotencyKey",
       HeaderParameter(
           "Idempotency-Key",
           "Makes a retry safe: for 24 hours the same key with the same call and content gets the first "
           "reply, and nothing happens twice. With other content it is 422. Failures are not remembered.",
           {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}, {"pattern", "^[!-~](?:[ -~]*[!-~])?$"}},
           "4b6e2f0a-6c1d-4f5e-9a57-3f0c2d1b8e94")},
      {"IfMatch", HeaderParameter(
                      "If-Match",
                      "The `etag` that was read, with its quotes: the write is refused with 409 `ETAG_MISMATCH` if the "
                      "resource has changed since. `*`, or nothing: whatever it is now.",
                      {{"type", "string"}, {"pattern", R"(^(?:\*|"[!#-~ ]*")$)"}}, "\"5-12\"")},
      {"IfNoneMatch",
       HeaderParameter("If-None-Match", "Etags that the caller has: 304 without a body if the resource still has one.",
                       {{"type", "string"}}, "\"5-12\"")},
      {"GrpcTimeout",
       HeaderParameter("Grpc-Timeout",
                       "How long the caller waits: digits and a unit of H, M, S, m, u, n (`500m` is half a second); "
                       "capped by the gateway's own limit.",
                       {{"type", "string"}, {"pattern", "^[0-9]{1,8}[HMSmun]$"}}, "2S")},
      {"Traceparent", HeaderParameter("traceparent", "W3C trace context of the caller; made if it is absent.",
                                      {{"type", "string"}}, kTraceparent)},
  };
}

json::object SecuritySchemes() {
  return {{"serviceKey",
           json::object{{"type", "http"},
                        {"scheme", "bearer"},
                        {"bearerFormat", "lt_<tenant>_<secret>"},
                        {"description",
                         "A service key of a tenant: `Authorization: Bearer lt_...`. It has scopes: one call's "
                         "(`members.read`), a whole room's (`members.*`) or all (`*`). The scope that a call needs "
                         "stands with it, in `security` and in `x-required-scope`."}}}};
}

json::object ReplyHeaders(bool with_etag) {
  json::object headers = CallHeaders();
  if (with_etag) headers["etag"] = RefTo("headers", "ETag");
  headers["ratelimit-limit"] = RefTo("headers", "RateLimitLimit");
  headers["ratelimit-remaining"] = RefTo("headers", "RateLimitRemaining");
  headers["ratelimit-reset"] = RefTo("headers", "RateLimitReset");
  headers["ratelimit-policy"] = RefTo("headers", "RateLimitPolicy");
  return headers;
}

json::object SharedResponses() {
  json::object responses;
  for (const ErrorForm& form : ErrorForms()) responses[form.name] = ErrorResponseOf(form);
  responses["OtherError"] = json::object{
      {"description", "Any other error has the same form."},
      {"content", json::object{{"application/json",
                                json::object{{"schema", RefTo("schemas", "Error")},
                                             {"example", json::parse(ErrorResponse({.code = Code::kUnimplemented,
                                                                                    .reason = "UNIMPLEMENTED",
                                                                                    .message = "Not offered."})
                                                                         .body)}}}}}};
  return responses;
}

json::object ErrorsOf(const Route& route) {
  const bool body = route.body != Route::Body::kNone;
  const bool open = ScopeOf(route) == "public";
  auto applies = [&](int status) {
    switch (status) {
      case 401:
      case 403:
        return !open;
      case 404:
        return !route.bindings.empty() || body;
      case 408:
      case 413:
      case 415:
        return body;
      case 409:
        return route.http_method != "GET";
      case 422:
        return route.request_id != nullptr;
      default:
        return true;
    }
  };
  static const std::vector<ErrorForm> forms = ErrorForms();
  json::object responses;
  for (const ErrorForm& form : forms)
    if (applies(form.status)) responses[std::to_string(form.status)] = RefTo("responses", form.name);
  responses["default"] = RefTo("responses", "OtherError");
  return responses;
}

}  // namespace lanting::gateway::openapi
