#include "gateway/transcode/reply_writer.h"

#include <lanting/common/v1/raw_body.pb.h>

#include <algorithm>
#include <memory>

#include "gateway/transcode/json_writer.h"
#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// AIP-154: an etag carries its quotes. Anything else has no form as a header.
std::string EtagOf(const pb::Message& message) {
  const pb::FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("etag");
  if (field == nullptr || field->is_repeated() || field->type() != pb::FieldDescriptor::TYPE_STRING) return {};
  std::string etag = message.GetReflection()->GetString(message, field);
  const bool quoted = (etag.starts_with('"') || etag.starts_with("W/\"")) && etag.ends_with('"') && etag.size() > 2;
  return quoted && IsPrintable(etag) ? etag : std::string();
}

std::string_view Opaque(std::string_view etag) { return etag.starts_with("W/") ? etag.substr(2) : etag; }

// RFC 9110: a list of tags, compared weakly, or `*`.
bool Matches(std::string_view if_none_match, std::string_view etag) {
  if (Trim(if_none_match) == "*") return true;
  for (std::string_view tag : Split(if_none_match, ','))
    if (Opaque(Trim(tag)) == Opaque(etag)) return true;
  return false;
}

// What needs no quoting in any browser (RFC 6266).
bool IsFileName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

http::Response RawResponse(const common::v1::RawBody& raw) {
  http::Response response;
  const bool usable = !raw.content_type().empty() && IsPrintable(raw.content_type());
  response.content_type = usable ? raw.content_type() : "application/octet-stream";
  response.body = raw.data();
  if (IsFileName(raw.file_name()))
    response.headers.emplace_back("content-disposition", "attachment; filename=\"" + raw.file_name() + "\"");
  return response;
}

Result<std::unique_ptr<pb::Message>> ParseReply(const Route& route, const std::string& bytes) {
  const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(route.method->output_type());
  std::unique_ptr<pb::Message> reply(prototype->New());
  if (!reply->ParseFromString(bytes)) return errors::Internal("the reply is not a " + prototype->GetTypeName());
  return reply;
}

void AppendReply(const Route& route, const pb::Message& reply, std::string* out) {
  if (route.response_field != nullptr)
    AppendFieldJson(reply, route.response_field, out);
  else
    AppendJson(reply, out);
}

}  // namespace

Result<std::string> MessageJson(const Route& route, const std::string& bytes) {
  ASSIGN_OR_RETURN(const auto reply, ParseReply(route, bytes));
  std::string json;
  AppendReply(route, *reply, &json);
  return json;
}

bool IsRaw(const Route& route) { return route.method->output_type() == common::v1::RawBody::descriptor(); }

Result<http::Response> WriteRaw(const Route& route, const std::string& bytes) {
  ASSIGN_OR_RETURN(const auto reply, ParseReply(route, bytes));
  return RawResponse(static_cast<const common::v1::RawBody&>(*reply));
}

Result<http::Response> WriteReply(const Route& route, const std::string& bytes, std::string_view if_none_match) {
  if (IsRaw(route)) return WriteRaw(route, bytes);
  ASSIGN_OR_RETURN(const auto reply, ParseReply(route, bytes));
  http::Response response;
  const std::string etag = EtagOf(*reply);
  if (!etag.empty()) {
    response.headers.emplace_back("etag", etag);
    if (route.http_method == "GET" && !if_none_match.empty() && Matches(if_none_match, etag)) {
      response.status = 304;
      return response;
    }
  }
  response.body.reserve(bytes.size() * 2 + 256);
  AppendReply(route, *reply, &response.body);
  return response;
}

}  // namespace lanting::gateway
