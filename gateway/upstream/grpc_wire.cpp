#include "gateway/upstream/grpc_wire.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

#include "platform/base/error.h"
#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

// The bytes that are kept in advance for a message that says it is long: it may never come.
constexpr std::size_t kReserveMost = 1024 * 1024;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string GrpcTimeout(std::chrono::milliseconds left) {
  constexpr std::int64_t kEightDigits = 99'999'999;
  const std::int64_t ms = std::max<std::int64_t>(left.count(), 1);
  if (ms <= kEightDigits) return std::to_string(ms) + 'm';
  return std::to_string(std::min(ms / 1000, kEightDigits)) + 'S';
}

std::string DecodeGrpcMessage(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high << 4 | low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::optional<std::string> DecodeBinary(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string url(text);
  for (char& c : url) {
    if (c == '-' || c == '_') return std::nullopt;
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return Base64UrlDecode(url);
}

std::string EncodeBinary(std::string_view bytes) {
  std::string text = Base64UrlEncode(bytes);
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return text;
}

bool IsGrpcContentType(std::string_view value) {
  constexpr std::string_view kType = "application/grpc";
  if (!value.starts_with(kType)) return false;
  return value.size() == kType.size() || value[kType.size()] == '+' || value[kType.size()] == ';';
}

int CodeOfHttpStatus(int status) {
  switch (status) {
    case 400:
      return static_cast<int>(Code::kInternal);
    case 401:
      return static_cast<int>(Code::kUnauthenticated);
    case 403:
      return static_cast<int>(Code::kPermissionDenied);
    case 404:
      return static_cast<int>(Code::kUnimplemented);
    case 429:
    case 502:
    case 503:
    case 504:
      return static_cast<int>(Code::kUnavailable);
    default:
      return static_cast<int>(Code::kUnknown);
  }
}

int CodeOfReset(std::uint32_t http2_error) {
  switch (http2_error) {
    case NGHTTP2_REFUSED_STREAM:
      return static_cast<int>(Code::kUnavailable);
    case NGHTTP2_CANCEL:
      return static_cast<int>(Code::kCancelled);
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return static_cast<int>(Code::kResourceExhausted);
    case NGHTTP2_INADEQUATE_SECURITY:
      return static_cast<int>(Code::kPermissionDenied);
    case NGHTTP2_STREAM_CLOSED:
      return static_cast<int>(Code::kUnknown);
    default:
      return static_cast<int>(Code::kInternal);
  }
}

void WritePrefix(std::size_t message_bytes, std::uint8_t (&prefix)[kPrefixBytes]) {
  prefix[0] = 0;
  for (int i = 0; i < 4; ++i) prefix[1 + i] = static_cast<std::uint8_t>(message_bytes >> (8 * (3 - i)));
}

std::size_t MessageReader::Feed(std::string_view bytes) {
  if (state_ != State::kWant) return 0;
  std::size_t taken = 0;
  if (prefix_read_ < kPrefixBytes) {
    taken = std::min(bytes.size(), kPrefixBytes - prefix_read_);
    std::memcpy(prefix_ + prefix_read_, bytes.data(), taken);
    prefix_read_ += taken;
    if (prefix_read_ < kPrefixBytes) return taken;
    ReadPrefix();
    if (state_ != State::kWant) return taken;
  }
  const std::size_t part = std::min(bytes.size() - taken, length_ - message_.size());
  message_.append(bytes.data() + taken, part);
  if (message_.size() == length_) state_ = State::kWhole;
  return taken + part;
}

void MessageReader::ReadPrefix() {
  length_ = 0;
  for (std::size_t i = 1; i < kPrefixBytes; ++i) length_ = length_ << 8 | prefix_[i];
  if (prefix_[0] != 0)
    state_ = State::kCompressed;
  else if (length_ > max_bytes_)
    state_ = State::kTooLarge;
  else
    message_.reserve(std::min(length_, kReserveMost));
}

std::string MessageReader::Take() {
  std::string message = std::move(message_);
  message_.clear();
  prefix_read_ = length_ = 0;
  state_ = State::kWant;
  return message;
}

}  // namespace lanting::gateway
