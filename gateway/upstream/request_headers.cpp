#include "gateway/upstream/request_headers.h"

namespace lanting::gateway::detail {
namespace {

// The text lives longer than the session: not copied, and the same in every call, so that HPACK's table makes it a
// byte.
constexpr int kConstant = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
// Differs from call to call, or is a secret: kept out of that table.
constexpr int kOfTheCall = NGHTTP2_NV_FLAG_NO_INDEX;

std::uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // nghttp2 does not write
}

bool IsTransports(std::string_view name) {
  for (const char* own : {"te", "content-type", "content-length", "connection", "host", "user-agent", "keep-alive",
                          "proxy-connection", "transfer-encoding", "upgrade", "authorization", "traceparent"})
    if (name == own) return true;
  return name.starts_with("grpc-");
}

}  // namespace

RequestHeaders::RequestHeaders(const Call& call, const std::string& authority) {
  const UpstreamCall& request = call.request;
  timeout_ = GrpcTimeout(Remaining(call.deadline));
  fields_.reserve(11 + request.metadata.size());
  Add(":method", "POST", kConstant);
  Add(":scheme", "http", kConstant);
  Add(":path", request.method, NGHTTP2_NV_FLAG_NO_COPY_NAME);
  Add(":authority", authority, kConstant);
  Add("te", "trailers", kConstant);
  Add("content-type", "application/grpc", kConstant);
  Add("user-agent", "lanting-gateway", kConstant);
  Add("grpc-accept-encoding", "identity", kConstant);
  Add("grpc-timeout", timeout_, NGHTTP2_NV_FLAG_NO_COPY_NAME | kOfTheCall);
  if (!request.authorization.empty())
    Add("authorization", request.authorization, NGHTTP2_NV_FLAG_NO_COPY_NAME | kOfTheCall);
  if (!request.traceparent.empty()) Add("traceparent", request.traceparent, NGHTTP2_NV_FLAG_NO_COPY_NAME | kOfTheCall);
  AddMetadata(request.metadata);
}

void RequestHeaders::AddMetadata(const Metadata& metadata) {
  encoded_.reserve(metadata.size());
  for (const auto& [name, value] : metadata) {
    if (nghttp2_check_header_name(Bytes(name), name.size()) == 0 || name.starts_with(':') || IsTransports(name))
      continue;
    if (name.ends_with("-bin"))
      Add(name, encoded_.emplace_back(EncodeBinary(value)), kOfTheCall);
    else
      Add(name, value, kOfTheCall);
  }
}

void RequestHeaders::Add(std::string_view name, std::string_view value, int flags) {
  if (nghttp2_check_header_value(Bytes(value), value.size()) == 0) return;
  fields_.push_back({Bytes(name), Bytes(value), name.size(), value.size(), static_cast<std::uint8_t>(flags)});
}

}  // namespace lanting::gateway::detail
