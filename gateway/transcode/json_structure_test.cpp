// Names, nulls, oneofs, depth, masks and positions of the JSON codec.
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/struct.pb.h>

#include <random>

#include "gateway/transcode/json_test_support.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using lanting::testing::v1::EchoRequest;
using lanting::testing::v1::Kinds;

TEST(JsonStructure, NamesNullsAndOneofs) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"stringValue": "a", "bool_value": true})", "string_value: 'a' bool_value: true"},
           {R"({"stringValue": "a", "stringValue": "a"})", "!stringValue DUPLICATE_FIELD"},
           {R"({"stringValue": "a", "string_value": "a"})", "!stringValue DUPLICATE_FIELD"},
           {R"({"stringValue": null, "stringValue": "a"})", "!stringValue DUPLICATE_FIELD"},
           {R"({"string\u0056alue": "a"})", "string_value: 'a'"},
           {R"({"StringValue": "a"})", "!StringValue UNKNOWN_FIELD"},
           {R"({"stringvalue": "a", "": 1})", "!stringvalue UNKNOWN_FIELD,  UNKNOWN_FIELD"},
           {R"({"stringValue ": "a"})", "!stringValue  UNKNOWN_FIELD"},
           {R"({"nested": {"unknown": {"deeper": [1, {"x": null}]}}})", "!nested.unknown UNKNOWN_FIELD"},
           {R"({"int32Value": null, "nested": null, "int32List": null, "stringMap": null, "color": null})", ""},
           {R"({"optionalInt32": null})", ""},
           {R"({"optionalInt32": 0})", "optional_int32: 0"},
           {R"({"choiceText": null, "choiceNumber": 1})", "choice_number: 1"},
           {R"({"choiceText": "", "choiceNumber": null})", "choice_text: ''"},
           {R"({"choiceText": "", "choiceNumber": 1})", "!choiceNumber CONFLICTING_VALUES"},
           {R"({"choiceNested": {"choiceText": "a"}, "choiceText": "a"})", "!choiceText CONFLICTING_VALUES"},
           {R"({"choiceText": "a", "choiceNested": {"unknown": 1}})", "!choiceNested CONFLICTING_VALUES"},
           {R"({"int32List": [1, null], "stringMap": {"a": null}})",
            "!int32List[1] INVALID_VALUE, stringMap.a INVALID_VALUE"},
           {R"({"nestedList": [{}, {"nestedList": [{}, 5]}]})", "!nestedList[1].nestedList[1] INVALID_VALUE"},
           {R"({"int32List": [[1]]})", "!int32List[0] INVALID_VALUE"},
           {R"({"int32List": 1})", "!int32List INVALID_VALUE"},
           {R"({"int32List": {}})", "!int32List INVALID_VALUE"},
           {R"({"stringMap": []})", "!stringMap INVALID_VALUE"},
           {R"({"stringMap": "a"})", "!stringMap INVALID_VALUE"},
           {R"({"stringMap": {"a": ["b"]}})", "!stringMap.a INVALID_VALUE"},
           {R"({"nested": []})", "!nested INVALID_VALUE"},
           {R"({"nested": "a"})", "!nested INVALID_VALUE"},
           {R"({"int32Value": {"a": 1}})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": [1]})", "!int32Value INVALID_VALUE"},
           {"[]", "! INVALID_VALUE"},
           {"5", "! INVALID_VALUE"},
           {"\"a\"", "! INVALID_VALUE"},
           {"null", ""},
           {" \t\r\n{ } \n", ""},
       })
    ExpectReading(row);
}

// A type of a pool of its own, since no proto of ours has such a field.
TEST(JsonStructure, NullValueIsAnEnumWhoseNameIsNull) {
  static const char* const kProto = R"(
    name: "null_test.proto" syntax: "proto3" dependency: "google/protobuf/struct.proto"
    message_type {
      name: "Nulls"
      field {name: "one" json_name: "one" number: 1 type: TYPE_ENUM type_name: ".google.protobuf.NullValue" oneof_index: 0}
      field {name: "text" json_name: "text" number: 2 type: TYPE_STRING oneof_index: 0}
      field {name: "list" json_name: "list" number: 3 type: TYPE_ENUM type_name: ".google.protobuf.NullValue" label: LABEL_REPEATED}
      oneof_decl {name: "choice"}
    })";
  // Made once and never freed: shapes are kept.
  static const pb::Descriptor* const type = [] {
    pb::FileDescriptorProto file;
    EXPECT_TRUE(pb::TextFormat::ParseFromString(kProto, &file));
    auto* pool = new pb::DescriptorPool(pb::DescriptorPool::generated_pool());
    return pool->BuildFile(file)->FindMessageTypeByName("Nulls");
  }();
  static auto* const factory = new pb::DynamicMessageFactory(type->file()->pool());
  std::unique_ptr<pb::Message> message(factory->GetPrototype(type)->New());
  EXPECT_EQ(Faults(R"({"one": null, "list": [null, "NULL_VALUE", 0]})", message.get()), "");
  EXPECT_EQ(Print(*message), R"({"one":null,"list":[null,null,null]})");
  message->Clear();
  EXPECT_EQ(Faults(R"({"one": null, "text": "a"})", message.get()), "text CONFLICTING_VALUES");
}

std::string Nested(const std::string& open, const std::string& middle, const std::string& close, int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += open;
  text += middle;
  for (int i = 0; i < levels; ++i) text += close;
  return text;
}

TEST(JsonStructure, HundredLevelsAndWhatIsReadCanBeSent) {
  EchoRequest request, sent;
  const auto* thing = EchoRequest::descriptor()->FindFieldByName("thing");
  const std::string deepest = "{\"kinds\":" + Nested("{\"nested\":", "{}", "}", 98) + "}";
  EXPECT_EQ(Faults({.text = deepest, .message = &request, .field = thing}), "");
  EXPECT_TRUE(sent.ParseFromString(request.SerializeAsString())) << "services read 100 levels";
  EXPECT_EQ(Faults("{\"thing\":" + deepest + "}", &request), "MALFORMED_JSON");

  for (int levels = 1; levels < 110; ++levels) {
    Kinds kinds, read;
    for (const auto& [open, close] : {std::pair{"[", "]"}, {"{\"深\":", "}"}}) {
      kinds.Clear();
      const std::string text = "{\"value\":" + Nested(open, "1", close, levels) + "}";
      const std::string faults = Faults(text, &kinds);
      EXPECT_EQ(faults.empty(), levels <= 32) << levels << faults;
      if (faults.empty()) {
        EXPECT_TRUE(read.ParseFromString(kinds.SerializeAsString())) << levels;
        EXPECT_NE(Print(kinds).find(text.substr(1, text.size() - 2)), std::string::npos);
      }
    }
  }
  EXPECT_EQ(Faults(Nested("[", "", "]", 100'000), &request), "MALFORMED_JSON");
  EXPECT_EQ(Faults(std::string(100'000, '{'), &request), "MALFORMED_JSON");
}

TEST(JsonStructure, UpdateMaskNamesWhatTheTextNames) {
  EchoRequest request;
  std::vector<std::string> mask;
  EXPECT_EQ(Faults({.text = R"({"size": null, "displayName": "兰", "labels": {"a": "b"}, "tags": [],
                      "kinds": {"value": null, "timestamp": "2024-05-01T00:00:00Z", "structValue": {"a": {}},
                                "nestedList": [{"int32Value": 1}], "nested": {"boolValue": false, "nested": {}}}})",
                    .message = &request,
                    .field = EchoRequest::descriptor()->FindFieldByName("thing"),
                    .mask = &mask}),
            "");
  EXPECT_EQ(mask, (std::vector<std::string>{"display_name", "kinds.nested.bool_value", "kinds.nested_list",
                                            "kinds.struct_value", "kinds.timestamp", "kinds.value", "labels", "size",
                                            "tags"}));
}

TEST(JsonStructure, ViolationsAreBounded) {
  std::string text = "{";
  for (int i = 0; i < 10'000; ++i) text += "\"f" + std::to_string(i) + "\":1,";
  text += "\"boolValue\":true}";
  Kinds kinds;
  std::vector<FieldViolation> violations;
  EXPECT_FALSE(ReadJson({.text = text, .message = &kinds}, &violations));
  EXPECT_EQ(violations.size(), kMaxViolations);
}

TEST(JsonStructure, AFaultSaysWhereItStands) {
  EchoRequest request;
  std::vector<FieldViolation> violations;
  const std::string text =
      "{\n  \"displayName\": \"兰\",\n  \"kinds\": {\"int32List\": [1, 1.5], \"boolValue\":\n1}\n}";
  EXPECT_FALSE(ReadJson(
      {.text = text, .message = &request, .field = EchoRequest::descriptor()->FindFieldByName("thing")}, &violations));
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].field, "thing.kinds.int32List[1]");
  EXPECT_EQ(violations[0].reason, "INVALID_VALUE");
  EXPECT_NE(violations[0].description.find("(line 3, column 30)"), std::string::npos) << violations[0].description;
  EXPECT_NE(violations[1].description.find("(line 4, column 1)"), std::string::npos) << violations[1].description;
  EXPECT_EQ(request.thing().display_name(), "兰") << "what is right was read";

  const auto malformed = ReadJson({.text = "{\"a\":\n  tru}", .message = &request}, &violations);
  ASSERT_TRUE(malformed);
  EXPECT_EQ(malformed->metadata.at("line"), "2");
  EXPECT_EQ(malformed->metadata.at("column"), "3");
}

}  // namespace
}  // namespace lanting::gateway
