// Times, masks, bytes, wrappers and dynamic values of the proto3 JSON mapping.
#include <google/protobuf/struct.pb.h>

#include <cmath>
#include <limits>

#include "gateway/transcode/json_test_support.h"
#include "gateway/transcode/well_known.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using lanting::testing::v1::Kinds;

TEST(JsonWellKnown, TimestampForms) {
  pb::Timestamp t;
  for (const char* bad : {"",
                          "2024-05-01",
                          "2024-05-01T09:30:00",
                          "2024-05-01t09:30:00Z",
                          "2024-05-01T09:30:00z",
                          "2024-02-30T00:00:00Z",
                          "2023-02-29T00:00:00Z",
                          "2024-05-01T24:00:00Z",
                          "2024-05-01T09:60:00Z",
                          "2024-05-01T09:30:60Z",
                          "2016-12-31T23:59:60Z",
                          "2024-05-01T09:30:00.Z",
                          "2024-05-01T09:30:00.1234567890Z",
                          "0000-12-31T23:59:59Z",
                          "0001-01-01T00:00:00+00:01",
                          "9999-12-31T23:59:59-00:01",
                          "10000-01-01T00:00:00Z",
                          "-001-01-01T00:00:00Z",
                          "2024-05-01T09:30:00+24:00",
                          "2024-05-01T09:30:00+0800",
                          "2024-05-01T09:30:00+08",
                          "2024-05-01T09:30:00Z ",
                          "2024-05-01 09:30:00Z",
                          "2024-5-1T09:30:00Z",
                          "2024-05-01T09:30:00,5Z",
                          "２024-05-01T09:30:00Z"})
    EXPECT_FALSE(ParseTimestamp(bad, &t)) << bad;
  for (const char* good : {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.500Z",
                           "2000-02-29T00:00:00.000001Z", "1970-01-01T00:00:00Z"}) {
    ASSERT_TRUE(ParseTimestamp(good, &t)) << good;
    std::string text;
    ASSERT_TRUE(AppendTimestamp(t, &text));
    EXPECT_EQ(text, good);
  }
  ASSERT_TRUE(ParseTimestamp("2024-05-01T09:30:00.120+08:00", &t));
  EXPECT_EQ(t.seconds(), 1714527000);
  EXPECT_EQ(t.nanos(), 120'000'000);
  ASSERT_TRUE(ParseTimestamp("2024-04-30T16:00:00-09:30", &t));
  EXPECT_EQ(t.seconds(), 1714527000);
}

TEST(JsonWellKnown, DurationForms) {
  pb::Duration d;
  for (const char* bad : {"", "s", "1", "1h", "1.s", ".5s", "--1s", "1.1234567890s", "315576000001s", "-315576000001s",
                          "315576000000.000000001s", "+1s", " 1s", "1 s", "1S", "1e3s", "99999999999999999999s"})
    EXPECT_FALSE(ParseDuration(bad, &d)) << bad;
  for (const char* good : {"0s", "-0.500s", "315576000000s", "-315576000000s", "1.000000001s", "-1.000001s"}) {
    ASSERT_TRUE(ParseDuration(good, &d)) << good;
    std::string text;
    ASSERT_TRUE(AppendDuration(d, &text));
    EXPECT_EQ(text, good);
  }
  ASSERT_TRUE(ParseDuration("-0s", &d));
  EXPECT_EQ(d.seconds() | d.nanos(), 0);
}

TEST(JsonWellKnown, Base64) {
  std::string bytes;
  for (const char* bad : {"A", "AA=", "A===", "AA=A", "A A=", "AAAA=", "!", "=", "====", "AA\n", "兰亭"})
    EXPECT_FALSE(DecodeBase64(bad, &bytes)) << bad;
  for (const char* good : {"", "AA", "AA==", "-_8", "-_8=", "+/8="}) EXPECT_TRUE(DecodeBase64(good, &bytes)) << good;
  EXPECT_EQ(bytes, "\xfb\xff");
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"bytesValue": "-_8", "bytesWrapper": "+/8="})",
            R"(bytes_value: "\373\377" bytes_wrapper {value: "\373\377"})"},
           {R"({"bytesValue": ""})", ""},
           {R"({"bytesValue": "AAE=", "stringValue": "AAE="})", R"(bytes_value: "\000\001" string_value: "AAE=")"},
           {R"({"bytesValue": "AAE==="})", "!bytesValue INVALID_VALUE"},
           {R"({"bytesValue": 5})", "!bytesValue INVALID_VALUE"},
           {R"({"bytesValue": [0, 1]})", "!bytesValue INVALID_VALUE"},
       })
    ExpectReading(row);
}

TEST(JsonWellKnown, ScalarsInJson) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"timestamp": "2024-05-01T09:30:00+02:00"})", "timestamp {seconds: 1714548600}"},
           {R"({"timestamp": {"seconds": 5}})", "!timestamp INVALID_VALUE"},
           {R"({"timestamp": 5})", "!timestamp INVALID_VALUE"},
           {R"({"timestamp": "now"})", "!timestamp INVALID_VALUE"},
           {R"({"timestampList": ["1970-01-01T00:00:01Z", null]})", "!timestampList[1] INVALID_VALUE"},
           {R"({"duration": "-1.5s"})", "duration {seconds: -1 nanos: -500000000}"},
           {R"({"duration": 5})", "!duration INVALID_VALUE"},
           {R"({"duration": {}})", "!duration INVALID_VALUE"},
           {R"({"int64Wrapper": "5", "uint64Wrapper": 6, "int32Wrapper": 0, "doubleWrapper": "NaN"})",
            "int64_wrapper {value: 5} uint64_wrapper {value: 6} int32_wrapper {} double_wrapper {value: nan}"},
           {R"({"boolWrapper": null, "stringWrapper": null, "bytesWrapper": null, "floatWrapper": null})", ""},
           {R"({"stringWrapper": ""})", "string_wrapper {}"},
           {R"({"stringWrapper": 5})", "!stringWrapper INVALID_VALUE"},
           {R"({"int32Wrapper": {"value": 5}})", "!int32Wrapper INVALID_VALUE"},
           {R"({"uint32Wrapper": -1})", "!uint32Wrapper INVALID_VALUE"},
           {R"({"floatWrapper": 1e39})", "!floatWrapper INVALID_VALUE"},
           {R"({"empty": {}})", "empty {}"},
           {R"({"empty": {"a": 1}})", "!empty.a UNKNOWN_FIELD"},
           {R"({"empty": []})", "!empty INVALID_VALUE"},
       })
    ExpectReading(row);
}

TEST(JsonWellKnown, FieldMasks) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"fieldMask": "displayName,kinds.int32Value"})",
            "field_mask {paths: 'display_name' paths: 'kinds.int32_value'}"},
           {R"({"fieldMask": ""})", "field_mask {}"},
           {R"({"fieldMask": "*"})", "field_mask {paths: '*'}"},
           {R"({"fieldMask": "display_name"})", "!fieldMask INVALID_VALUE"},
           {R"({"fieldMask": "a,"})", "!fieldMask INVALID_VALUE"},
           {R"({"fieldMask": ",a"})", "!fieldMask INVALID_VALUE"},
           {R"({"fieldMask": "a b"})", "!fieldMask INVALID_VALUE"},
           {R"({"fieldMask": "a[0]"})", "!fieldMask INVALID_VALUE"},
           {R"({"fieldMask": "名"})", "!fieldMask INVALID_VALUE"},
           {R"({"fieldMask": ["a"]})", "!fieldMask INVALID_VALUE"},
       })
    ExpectReading(row);
  pb::FieldMask mask;
  EXPECT_TRUE(ParseFieldMask("display_name,kinds.int32Value", true, &mask));
  for (const char* no_camel : {"ba_", "a__b", "a_1", "a,b_"}) EXPECT_FALSE(ParseFieldMask(no_camel, true, &mask));
  mask.Clear();
  mask.add_paths("display_name");
  mask.add_paths("kinds.int32_value");
  EXPECT_EQ(Print(mask), "\"displayName,kinds.int32Value\"");
  for (const char* no_camel : {"a__b", "a_", "a_1", "aB", "a,b", "a\"b", ""}) {
    mask.set_paths(1, no_camel);
    EXPECT_EQ(Print(mask), "null") << no_camel;
  }
}

TEST(JsonWellKnown, DynamicValues) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"value": null})", "value {null_value: NULL_VALUE}"},
           {R"({"value": 1.5e3})", "value {number_value: 1500}"},
           {R"({"value": "NaN"})", "value {string_value: 'NaN'}"},
           {R"({"value": false})", "value {bool_value: false}"},
           {R"({"value": []})", "value {list_value {}}"},
           {R"({"value": {}})", "value {struct_value {}}"},
           {R"({"value": 1e400})", "!value INVALID_VALUE"},
           {R"({"value": 9007199254740993})", "value {number_value: 9007199254740992}"},
           {R"({"valueList": [null, [null], {"a": null}]})",
            "value_list {null_value: NULL_VALUE} value_list {list_value {values {null_value: NULL_VALUE}}} "
            "value_list {struct_value {fields {key: 'a' value {null_value: NULL_VALUE}}}}"},
           {R"({"valueMap": {"a": null, "b": [1]}})",
            "value_map {key: 'a' value {null_value: NULL_VALUE}} "
            "value_map {key: 'b' value {list_value {values {number_value: 1}}}}"},
           {R"({"structValue": null, "listValue": null})", ""},
           {R"({"structValue": {"a": 1, "a": 2}})", "!structValue.a DUPLICATE_FIELD"},
           {R"({"structValue": {"a": {"b": [0, {"c": 1, "c": 1}]}}})", "!structValue.a.b[1].c DUPLICATE_FIELD"},
           {R"({"structValue": []})", "!structValue INVALID_VALUE"},
           {R"({"structValue": "a"})", "!structValue INVALID_VALUE"},
           {R"({"listValue": {}})", "!listValue INVALID_VALUE"},
           {R"({"listValue": [1, "a", 1e999]})", "!listValue[2] INVALID_VALUE"},
           {R"({"value": NaN})", "!MALFORMED_JSON"},
       })
    ExpectReading(row);
}

TEST(JsonWellKnown, WhatHasNoFormIsNull) {
  Kinds kinds;
  kinds.mutable_timestamp()->set_seconds(253'402'300'800);
  kinds.mutable_duration()->set_seconds(1);
  kinds.mutable_duration()->set_nanos(-1);
  kinds.mutable_field_mask()->add_paths("a__b");
  kinds.mutable_value()->set_number_value(std::numeric_limits<double>::quiet_NaN());
  kinds.mutable_list_value()->add_values()->set_number_value(-std::numeric_limits<double>::infinity());
  (*kinds.mutable_struct_value()->mutable_fields())["空"];
  const std::string text = Print(kinds);
  EXPECT_NE(text.find(R"("timestamp":null,"duration":null,"fieldMask":null,"structValue":{"空":null},"value":null,)"
                      R"("listValue":[null])"),
            std::string::npos)
      << text;
  EXPECT_EQ(Faults(text, &kinds), "") << "still JSON";
}

}  // namespace
}  // namespace lanting::gateway
