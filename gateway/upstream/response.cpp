#include "gateway/upstream/response.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>

namespace lanting::gateway {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;

int Number(std::string_view text, int otherwise) {
  int n = 0;
  auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  return fault == std::errc() && stop == text.data() + text.size() ? n : otherwise;
}

Outcome Internal(std::string message) {
  return {.code = static_cast<int>(Code::kInternal), .message = std::move(message)};
}

}  // namespace

bool Response::OnHeader(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size();
  if (header_bytes_ > kMaxHeaderBytes) return false;
  if (name == ":status") {
    http_status_ = Number(value, 0);
  } else if (name == "content-type") {
    grpc_content_ = IsGrpcContentType(value);
  } else if (name == "grpc-status") {
    const int code = Number(value, -1);
    grpc_status_ = code >= 0 && code <= 16 ? code : static_cast<int>(Code::kUnknown);
  } else if (name == "grpc-message") {
    message_ = DecodeGrpcMessage(value);
  } else if (name == "grpc-status-details-bin") {
    details_ = DecodeBinary(value).value_or(std::string());
  } else if (!want_->empty() && std::find(want_->begin(), want_->end(), name) != want_->end()) {
    if (!name.ends_with("-bin"))
      metadata.emplace_back(name, value);
    else if (auto bytes = DecodeBinary(value))
      metadata.emplace_back(name, std::move(*bytes));
  }
  return true;
}

bool Response::OnHeadersEnd() {
  if (http_status_ < 200) return true;  // an interim response
  committed_ = true;
  return http_status_ == 200 && grpc_content_;
}

Outcome Response::AtEnd(bool unary, std::uint32_t http2_error) {
  if (grpc_status_) return OfStatus(unary);
  if (http2_error != NGHTTP2_NO_ERROR)
    return {.code = CodeOfReset(http2_error),
            .message = std::string("the stream was reset: ") + nghttp2_http2_strerror(http2_error),
            .reached = http2_error != NGHTTP2_REFUSED_STREAM};
  if (http_status_ == 0) return Internal("the stream ended without a response");
  if (http_status_ != 200)
    return {.code = CodeOfHttpStatus(http_status_), .message = "HTTP status " + std::to_string(http_status_)};
  if (!grpc_content_) return {.code = static_cast<int>(Code::kUnknown), .message = "the response is not gRPC"};
  return Internal("the stream ended without a status");
}

Outcome Response::OfStatus(bool unary) {
  if (*grpc_status_ != 0)
    return {.code = *grpc_status_, .message = std::move(message_), .details = std::move(details_)};
  if (http_status_ != 200 || !grpc_content_)
    return {.code = http_status_ == 200 ? static_cast<int>(Code::kUnknown) : CodeOfHttpStatus(http_status_),
            .message = "the response is not gRPC"};
  if (reader.partial()) return Internal("the stream ended within a message");
  if (unary && reader.state() != MessageReader::State::kWhole) return Internal("the stream ended without a message");
  return {};
}

}  // namespace lanting::gateway
