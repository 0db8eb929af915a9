#include "gateway/transcode/error_writer.h"

#include <array>
#include <string_view>

#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/well_known.h"

namespace lanting::gateway {
namespace {

struct CodeForm {
  const char* name;
  int http;
};

// By google.rpc.Code.
constexpr std::array<CodeForm, 17> kCodes{{{"OK", 200},
                                           {"CANCELLED", 499},
                                           {"UNKNOWN", 500},
                                           {"INVALID_ARGUMENT", 400},
                                           {"DEADLINE_EXCEEDED", 504},
                                           {"NOT_FOUND", 404},
                                           {"ALREADY_EXISTS", 409},
                                           {"PERMISSION_DENIED", 403},
                                           {"RESOURCE_EXHAUSTED", 429},
                                           {"FAILED_PRECONDITION", 400},
                                           {"ABORTED", 409},
                                           {"OUT_OF_RANGE", 400},
                                           {"UNIMPLEMENTED", 501},
                                           {"INTERNAL", 500},
                                           {"UNAVAILABLE", 503},
                                           {"DATA_LOSS", 500},
                                           {"UNAUTHENTICATED", 401}}};

struct ReasonForm {
  std::string_view reason;
  int http;
};
constexpr ReasonForm kReasons[] = {
    {"REQUEST_ID_REUSED", 422}, {"METHOD_NOT_ALLOWED", 405}, {"BODY_TOO_LARGE", 413}, {"UNSUPPORTED_MEDIA_TYPE", 415}};

const CodeForm& FormOf(Code code) {
  const auto i = static_cast<std::size_t>(code);
  return kCodes[i < kCodes.size() && i > 0 ? i : 2];
}

// Members of one object: Member("a", ...) writes the comma and the name.
void Member(std::string* out, std::string_view name) {
  if (out->back() != '{') *out += ',';
  AppendJsonString(name, out);
  *out += ':';
}

void StringMember(std::string* out, std::string_view name, std::string_view value) {
  Member(out, name);
  AppendJsonString(value, out);
}

void AppendErrorInfo(const Error& error, std::string* out) {
  *out += R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo")";
  StringMember(out, "reason", error.reason);
  StringMember(out, "domain", "lanting");
  Member(out, "metadata");
  *out += '{';
  for (const auto& [name, value] : error.metadata) StringMember(out, name, value);
  for (const auto& v : error.violations)
    if (!error.metadata.contains(v.field)) StringMember(out, v.field, v.reason);
  *out += "}}";
}

void AppendBadRequest(const Error& error, std::string* out) {
  *out += R"(,{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[)";
  for (std::size_t i = 0; i < error.violations.size(); ++i) {
    *out += i > 0 ? ",{" : "{";
    StringMember(out, "field", error.violations[i].field);
    StringMember(out, "description", error.violations[i].description);
    *out += '}';
  }
  *out += "]}";
}

void AppendRetryInfo(int delay_ms, std::string* out) {
  google::protobuf::Duration delay;
  delay.set_seconds(delay_ms / 1000);
  delay.set_nanos(delay_ms % 1000 * 1'000'000);
  *out += R"(,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")";
  AppendDuration(delay, out);
  *out += "\"}";
}

std::string Body(const Error& error, int http_status) {
  std::string out = R"({"error":{"code":)" + std::to_string(http_status);
  StringMember(&out, "message", error.message);
  StringMember(&out, "status", FormOf(error.code).name);
  out += R"(,"details":[)";
  AppendErrorInfo(error, &out);
  if (!error.violations.empty()) AppendBadRequest(error, &out);
  if (error.retry_after_ms) AppendRetryInfo(*error.retry_after_ms, &out);
  if (auto id = error.metadata.find("error_id"); id != error.metadata.end()) {
    out += R"(,{"@type":"type.googleapis.com/google.rpc.RequestInfo")";
    StringMember(&out, "requestId", id->second);
    out += '}';
  }
  out += "]}}";
  return out;
}

Code CodeOfHttp(int status) {
  switch (status) {
    case 408:
      return Code::kDeadlineExceeded;
    case 500:
      return Code::kInternal;
    case 501:
    case 505:
      return Code::kUnimplemented;
    case 503:
      return Code::kUnavailable;
    default:
      return Code::kInvalidArgument;
  }
}

}  // namespace

int HttpStatus(const Error& error) {
  for (const ReasonForm& form : kReasons)
    if (form.reason == error.reason) return form.http;
  return FormOf(error.code).http;
}

http::Response ErrorResponse(const Error& error) {
  http::Response response{.status = HttpStatus(error)};
  response.body = Body(error, response.status);
  if (error.retry_after_ms)
    response.headers.emplace_back("retry-after", std::to_string((*error.retry_after_ms + 999) / 1000));
  if (response.status == 401) response.headers.emplace_back("www-authenticate", "Bearer realm=\"lanting\"");
  return response;
}

http::Response ServerErrorResponse(int status, std::string_view reason, std::string_view message) {
  Error error{.code = CodeOfHttp(status), .reason = std::string(reason), .message = std::string(message)};
  if (status == 503) error.retry_after_ms = 1000;
  http::Response response = ErrorResponse(error);
  response.status = status;
  response.body = Body(error, status);
  return response;
}

}  // namespace lanting::gateway
