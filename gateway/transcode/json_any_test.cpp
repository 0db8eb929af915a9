// google.protobuf.Any in JSON: what is read, what is refused and where, what is printed.
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <lanting/membership/v1/member.pb.h>

#include "gateway/transcode/any_types.h"
#include "gateway/transcode/json_test_support.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using lanting::testing::v1::Kinds;
using lanting::testing::v1::Thing;

std::string Any(const std::string& members) { return "{\"any\": {" + members + "}}"; }

constexpr char kThing[] = R"("@type": "type.googleapis.com/lanting.testing.v1.Thing")";
constexpr char kKinds[] = R"("@type": "type.googleapis.com/lanting.testing.v1.Kinds")";
constexpr char kDuration[] = R"("@type": "type.googleapis.com/google.protobuf.Duration")";
constexpr char kEmpty[] = R"("@type": "type.googleapis.com/google.protobuf.Empty")";
constexpr char kAny[] = R"("@type": "type.googleapis.com/google.protobuf.Any")";

TEST(JsonAny, IsFilledWhereverItsTypeStands) {
  const std::string thing =
      "any {[type.googleapis.com/lanting.testing.v1.Thing] {display_name: '兰亭' tags: ['a', 'b'] "
      "labels {key: 'k' value: 'v'}}}";
  const std::string fields = R"("displayName": "\u5170亭", "tags": ["a", "b"], "labels": {"k": "v"})";
  ExpectReading({Any(kThing + (", " + fields)), thing.c_str()});
  ExpectReading({Any(fields + ", " + kThing), thing.c_str()});
  ExpectReading(
      {Any(R"("display_name": "兰亭", )" + std::string(kThing) + R"(, "tags": ["a", "b"], "labels": {"k": "v"})"),
       thing.c_str()});
  ExpectReading({Any(kThing), "any {type_url: 'type.googleapis.com/lanting.testing.v1.Thing'}"});
  ExpectReading({Any(""), "any {}"});
  ExpectReading({R"({"any": null})", ""});
  ExpectReading({Any(kEmpty), "any {type_url: 'type.googleapis.com/google.protobuf.Empty'}"});
}

TEST(JsonAny, TypesWithAFormOfTheirOwnStandUnderValue) {
  ExpectReading({Any(kDuration + std::string(R"(, "value": "1.5s")")),
                 "any {[type.googleapis.com/google.protobuf.Duration] {seconds: 1 nanos: 500000000}}"});
  ExpectReading(
      {Any(R"("value": {"a": [1, null, {"b": "兰"}]}, "@type": "type.googleapis.com/google.protobuf.Struct")"),
       "any {[type.googleapis.com/google.protobuf.Struct] {fields {key: 'a' value {list_value {"
       "values {number_value: 1} values {null_value: NULL_VALUE} "
       "values {struct_value {fields {key: 'b' value {string_value: '兰'}}}}}}}}}"});
  ExpectReading({Any(R"("@type": "type.googleapis.com/google.protobuf.Value", "value": null)"),
                 "any {[type.googleapis.com/google.protobuf.Value] {null_value: NULL_VALUE}}"});
  ExpectReading({Any(R"("@type": "type.googleapis.com/google.protobuf.Int64Value", "value": "9007199254740993")"),
                 "any {[type.googleapis.com/google.protobuf.Int64Value] {value: 9007199254740993}}"});
  ExpectReading({Any(R"("@type": "type.googleapis.com/google.protobuf.ListValue", "value": [true])"),
                 "any {[type.googleapis.com/google.protobuf.ListValue] {values {bool_value: true}}}"});
  for (const Reading& row : std::initializer_list<Reading>{
           {Any(kDuration), "!any.value REQUIRED"},
           {Any(kDuration + std::string(R"(, "value": null)")), "!any.value INVALID_VALUE"},
           {Any(kDuration + std::string(R"(, "value": "1h")")), "!any.value INVALID_VALUE"},
           {Any(kDuration + std::string(R"(, "value": {})")), "!any.value INVALID_VALUE"},
           {Any(kDuration + std::string(R"(, "value": "1s", "value": "2s")")), "!any.value DUPLICATE_FIELD"},
           {Any(kDuration + std::string(R"(, "seconds": "1")")), "!any.seconds UNKNOWN_FIELD, any.value REQUIRED"},
           {Any(kThing + std::string(R"(, "value": {})")), "!any.value UNKNOWN_FIELD"},
       })
    ExpectReading(row);
}

TEST(JsonAny, Nests) {
  const std::string inner = "{" + (kThing + std::string(R"(, "size": 7)")) + "}";
  ExpectReading({Any(kAny + (", \"value\": " + inner)),
                 "any {[type.googleapis.com/google.protobuf.Any] {[type.googleapis.com/lanting.testing.v1.Thing] "
                 "{size: 7}}}"});
  ExpectReading({Any("\"any\": " + inner + ", " + kKinds),
                 "any {[type.googleapis.com/lanting.testing.v1.Kinds] {any {"
                 "[type.googleapis.com/lanting.testing.v1.Thing] {size: 7}}}}"});
  ExpectReading({Any("\"nestedList\": [{\"any\": " + inner + "}, {\"any\": {" + kDuration + "}}], " + kKinds),
                 "!any.nestedList[1].any.value REQUIRED"});
  ExpectReading(
      {Any(kAny + std::string(", \"value\": {}")), "any {type_url: 'type.googleapis.com/google.protobuf.Any'}"});
}

TEST(JsonAny, WhatIsWrongIsNamedWithItsPath) {
  for (const Reading& row : std::initializer_list<Reading>{
           {Any(R"("size": 1)"), "!any.@type REQUIRED"},
           {Any(R"("@type": 5, "size": 1)"), "!any.@type INVALID_VALUE"},
           {Any(R"("@type": null)"), "!any.@type INVALID_VALUE"},
           {Any(R"("@type": {"@type": "x"})"), "!any.@type INVALID_VALUE"},
           {Any(kThing + (", " + std::string(kThing))), "!any.@type DUPLICATE_FIELD"},
           {Any(R"("@type": "")"), "!any.@type UNKNOWN_VALUE"},
           {Any(R"("@type": "lanting.testing.v1.Thing")"), "!any.@type UNKNOWN_VALUE"},
           {Any(R"("@type": "https://example.com/lanting.testing.v1.Thing")"), "!any.@type UNKNOWN_VALUE"},
           {Any(R"("@type": "type.googleapis.com/")"), "!any.@type UNKNOWN_VALUE"},
           {Any(R"("@type": "type.googleapis.com/lanting.testing.v1.Nothing")"), "!any.@type UNKNOWN_VALUE"},
           {Any(R"("@type": "type.googleapis.com/lanting.testing.v1.Color")"), "!any.@type UNKNOWN_VALUE"},
           {Any(R"("@type": "type.googleapis.com/lanting.testing.v1.Kinds.StringMapEntry")"),
            "!any.@type UNKNOWN_VALUE"},
           {Any(R"("@type": "type.googleapis.com/google.protobuf.FileDescriptorProto")"), "!any.@type UNKNOWN_VALUE"},
           {Any(kThing + std::string(R"(, "size": 1, "size": 2)")), "!any.size DUPLICATE_FIELD"},
           {Any(kThing + std::string(R"(, "size": "x", "tags": [1], "labels": {"a": null})")),
            "!any.size INVALID_VALUE, any.tags[0] INVALID_VALUE, any.labels.a INVALID_VALUE"},
           {Any(kThing + std::string(R"(, "colour": "red")")), "!any.colour UNKNOWN_FIELD"},
           {R"({"any": []})", "!any INVALID_VALUE"},
           {R"({"any": "type.googleapis.com/lanting.testing.v1.Thing"})", "!any INVALID_VALUE"},
           {"{\"any\": {" + std::string(kThing) + ",}}", "!MALFORMED_JSON"},
       })
    ExpectReading(row);
  Kinds kinds;
  std::vector<FieldViolation> violations;
  const std::string text = "{\n  \"any\": {\n    \"tags\": [\"a\",\n  5],\n    " + std::string(kThing) + "}}";
  EXPECT_FALSE(ReadJson({.text = text, .message = &kinds}, &violations));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_NE(violations[0].description.find("(line 4, column 3)"), std::string::npos) << violations[0].description;
}

TEST(JsonAny, OnlyWhatTheProtoImportsMayBeSent) {
  // The membership service's types are in this program, but no import of echo.proto.
  const std::string member =
      R"("@type": "type.googleapis.com/)" + membership::v1::Member::descriptor()->full_name() + '"';
  ExpectReading({Any(member), "!any.@type UNKNOWN_VALUE"});
  EXPECT_NE(FindAnyType("type.googleapis.com/" + membership::v1::Member::descriptor()->full_name()), nullptr);
  EXPECT_TRUE(MayCarry(Kinds::descriptor(), Thing::descriptor()));
  EXPECT_TRUE(MayCarry(Kinds::descriptor(), pb::Duration::descriptor()));
  EXPECT_FALSE(MayCarry(Kinds::descriptor(), membership::v1::Member::descriptor()));
}

TEST(JsonAny, IsBounded) {
  std::string deep = "{}";
  for (int i = 0; i < 48; ++i) deep = "{" + (kAny + (", \"value\": " + deep)) + "}";
  Kinds kinds;
  EXPECT_EQ(Faults("{\"any\": " + deep + "}", &kinds), "");
  for (int i = 0; i < 60; ++i) deep = "{" + (kAny + (", \"value\": " + deep)) + "}";
  EXPECT_EQ(Faults("{\"any\": " + deep + "}", &kinds), "MALFORMED_JSON");

  std::string wide = "\"int32List\": [0";
  for (int i = 0; i < 250'000; ++i) wide += ",1";
  EXPECT_EQ(Faults(Any(wide + "], " + kKinds), &kinds), "any INVALID_VALUE");
  EXPECT_EQ(Faults("{" + wide + "]}", &kinds), "") << "outside of an Any the text's size alone counts";
}

TEST(JsonAny, IsOneValueOfAnUpdateMask) {
  Kinds kinds;
  std::vector<std::string> mask;
  EXPECT_EQ(Faults({.text = "{\"nested\": {\"any\": {\"size\": 1, " + std::string(kThing) + "}}, \"boolValue\": true}",
                    .message = &kinds,
                    .mask = &mask}),
            "");
  EXPECT_EQ(mask, (std::vector<std::string>{"bool_value", "nested.any"}));
}

TEST(JsonAny, PrintedAndReadBack) {
  Kinds before, inner, after;
  Thing thing;
  thing.set_display_name("流觞曲水");
  inner.mutable_any()->PackFrom(thing);
  inner.set_uint64_value(UINT64_MAX);
  before.mutable_any()->PackFrom(inner);
  pb::StringValue text;
  text.set_value("a \"b\"");
  before.add_nested_list()->mutable_any()->PackFrom(text);
  before.add_nested_list()->mutable_any();
  const std::string json = Print(before);
  EXPECT_NE(json.find(R"("any":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"a \"b\""})"),
            std::string::npos)
      << json;
  EXPECT_EQ(Faults(json, &after), "");
  EXPECT_EQ(Print(after), json);
}

TEST(JsonAny, WhatCannotBeOpenedIsPrintedAsItsTypeAlone) {
  pb::Any any;
  EXPECT_EQ(Print(any), "{}");
  any.set_type_url("type.googleapis.com/nobody.Knows");
  any.set_value("\x08\x01");
  EXPECT_EQ(Print(any), R"({"@type":"type.googleapis.com/nobody.Knows"})");
  any.set_type_url("type.googleapis.com/lanting.testing.v1.Thing");
  any.set_value("\x0a\xff");  // a string longer than the bytes
  EXPECT_EQ(Print(any), R"({"@type":"type.googleapis.com/lanting.testing.v1.Thing"})");
  any.set_value("\x0a\x01\xff");  // no UTF-8
  EXPECT_EQ(Print(any), R"({"@type":"type.googleapis.com/lanting.testing.v1.Thing"})");
  any.set_type_url("");
  EXPECT_EQ(Print(any), "{}");
}

TEST(JsonAny, AnysInAnysEndTheStackLater) {
  pb::Any any;
  any.set_type_url("type.googleapis.com/google.protobuf.Any");
  for (int i = 0; i < 1000; ++i) {
    pb::Any outer;
    outer.set_type_url(any.type_url());
    any.SerializeToString(outer.mutable_value());
    any = outer;
  }
  const std::string json = Print(any);
  EXPECT_LT(json.size(), 10'000u);
  EXPECT_TRUE(json.ends_with("}}}}"));
}

}  // namespace
}  // namespace lanting::gateway
