// What the fuzz targets share. A target is a function LLVMFuzzerTestOneInput: libFuzzer drives it in builds with
// LANTING_FUZZ, replay_main.cpp runs its corpus in all others.
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/message_differencer.h>
#include <lanting/testing/v1/echo.pb.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/transcode/error_writer.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/route_table.h"

// A finding: says what did not hold, and dies.
#define FUZZ_CHECK(condition, shown)                                                                       \
  do {                                                                                                     \
    if (!(condition)) {                                                                                    \
      std::fprintf(stderr, "%s:%d: %s\n%s\n", __FILE__, __LINE__, #condition, std::string(shown).c_str()); \
      std::abort();                                                                                        \
    }                                                                                                      \
  } while (false)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lanting::gateway {

// An input as an allocation of its own, so that reading past its end is noticed.
inline std::vector<char> Exactly(const std::uint8_t* data, std::size_t size) { return {data, data + size}; }
inline std::string_view View(const std::vector<char>& bytes) { return {bytes.data(), bytes.size()}; }

// The routes of the test service, which has every form of http rule.
inline const RouteTable& EchoRoutes() {
  static const RouteTable& table = *[] {
    std::vector<std::string> faults;
    const auto* file = testing::v1::EchoRequest::descriptor()->file();
    auto* made = new RouteTable({file->FindServiceByName("EchoService")}, &faults);
    FUZZ_CHECK(faults.empty(), faults.empty() ? "" : faults[0]);
    return made;
  }();
  return table;
}

inline std::string Bytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream to(&bytes);
    google::protobuf::io::CodedOutputStream coded(&to);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

inline bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  if (Bytes(a) == Bytes(b)) return true;  // nearly always; not with a map inside an Any
  google::protobuf::util::MessageDifferencer differ;
  google::protobuf::util::DefaultFieldComparator nan_is_nan;
  nan_is_nan.set_treat_nan_as_equal(true);
  differ.set_field_comparator(&nan_is_nan);
  return differ.Compare(a, b);
}

// What was read without a fault prints as JSON that reads the same, and can be sent to a service.
template <typename Message>
void CheckRoundTrip(const Message& message) {
  std::string text;
  AppendJson(message, &text);
  Message again, sent;
  std::vector<FieldViolation> violations;
  FUZZ_CHECK(!ReadJson({.text = text, .message = &again}, &violations), text);
  FUZZ_CHECK(violations.empty(), violations[0].field + " " + violations[0].description + "\n" + text);
  FUZZ_CHECK(Same(message, again), text);
  FUZZ_CHECK(sent.ParseFromString(message.SerializeAsString()), text);
}

// A refusal is the client's fault and its answer is JSON.
inline void CheckRefusal(const Error& error) {
  const auto response = ErrorResponse(error);
  FUZZ_CHECK(response.status >= 400 && response.status < 500, error.reason + " " + error.message);
  google::protobuf::Value value;
  std::vector<FieldViolation> violations;
  FUZZ_CHECK(!ReadJson({.text = response.body, .message = &value}, &violations), response.body);
}

}  // namespace lanting::gateway
