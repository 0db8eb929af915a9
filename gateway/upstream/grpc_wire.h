// The forms of gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md, http-grpc-status-mapping.md), without any I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lanting::gateway {

inline constexpr std::size_t kPrefixBytes = 5;  // of a message: a flag "compressed", and the length

// "250m"; at least 1 ms, at most eight digits.
std::string GrpcTimeout(std::chrono::milliseconds left);
// grpc-message; what is not an escape stays as it is.
std::string DecodeGrpcMessage(std::string_view text);
// Values of "-bin" metadata: the standard alphabet, padded or not; encoded without padding.
std::optional<std::string> DecodeBinary(std::string_view text);
std::string EncodeBinary(std::string_view bytes);
// application/grpc, with a suffix (+proto) or parameters, or without.
bool IsGrpcContentType(std::string_view value);
// What a response without grpc-status means.
int CodeOfHttpStatus(int status);
// What the end of a stream by RST_STREAM means, when no status came.
int CodeOfReset(std::uint32_t http2_error);
void WritePrefix(std::size_t message_bytes, std::uint8_t (&prefix)[kPrefixBytes]);

// Puts one message after the other together from the bytes of a stream.
class MessageReader {
 public:
  enum class State { kWant, kWhole, kCompressed, kTooLarge };

  explicit MessageReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  // Takes bytes up to the end of the message at hand; says how many. After kWhole: Take() first.
  std::size_t Feed(std::string_view bytes);
  State state() const { return state_; }
  // Something of the next message has come, but not all of it.
  bool partial() const { return state_ == State::kWant && prefix_read_ > 0; }
  std::string Take();

 private:
  void ReadPrefix();

  const std::size_t max_bytes_;
  State state_ = State::kWant;
  std::uint8_t prefix_[kPrefixBytes] = {};
  std::size_t prefix_read_ = 0, length_ = 0;
  std::string message_;
};

}  // namespace lanting::gateway
