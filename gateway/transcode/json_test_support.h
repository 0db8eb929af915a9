// What the tests of the JSON codec share.
#pragma once

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <lanting/testing/v1/echo.pb.h>

#include <string>
#include <vector>

#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"

namespace lanting::gateway {

// "" if accepted, else "MALFORMED_JSON" or every violation as "path REASON", joined by ", ".
inline std::string Faults(const JsonInput& input) {
  std::vector<FieldViolation> violations;
  if (auto malformed = ReadJson(input, &violations)) return malformed->reason;
  std::string faults;
  for (const auto& v : violations) faults += (faults.empty() ? "" : ", ") + v.field + " " + v.reason;
  return faults;
}

inline std::string Faults(std::string_view text, google::protobuf::Message* message) {
  return Faults({.text = text, .message = message});
}

inline std::string Print(const google::protobuf::Message& message) {
  std::string text;
  AppendJson(message, &text);
  return text;
}

// A row of a table: what a JSON text makes of a Kinds.
struct Reading {
  std::string json;
  const char* expected;  // the message in protobuf's text format, or "!" and its Faults()
};

inline void ExpectReading(const Reading& row) {
  testing::v1::Kinds got, want;
  const std::string faults = Faults(row.json, &got);
  if (row.expected[0] == '!') {
    EXPECT_EQ(faults, row.expected + 1) << row.json;
    return;
  }
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(row.expected, &want)) << row.expected;
  EXPECT_EQ(faults, "") << row.json;
  google::protobuf::util::MessageDifferencer differ;
  differ.set_message_field_comparison(google::protobuf::util::MessageDifferencer::EQUAL);
  google::protobuf::util::DefaultFieldComparator nan_is_nan;
  nan_is_nan.set_treat_nan_as_equal(true);
  differ.set_field_comparator(&nan_is_nan);
  EXPECT_TRUE(differ.Compare(want, got)) << row.json << "\n" << got.DebugString();
}

}  // namespace lanting::gateway
