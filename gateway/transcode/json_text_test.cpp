// Text in JSON: escapes, UTF-8, and strings that have broken other programs, through every field that holds text.
#include <google/protobuf/struct.pb.h>

#include "gateway/transcode/json_test_data.h"
#include "gateway/transcode/json_test_support.h"
#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using lanting::testing::v1::Kinds;

TEST(JsonText, EscapesAndUtf8) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"stringValue": "\"\\\/\b\f\n\r\t"})", R"(string_value: "\"\\/\b\f\n\r\t")"},
           {R"({"stringValue": "\u5170\u4EAD\u4eAd"})", "string_value: '兰亭亭'"},
           {R"({"stringValue": "\ud83c\udf8b\uD83C\uDFEE"})", "string_value: '🎋🏮'"},
           {"{\"stringValue\": \"兰亭🎋 \xf4\x8f\xbf\xbf \xc2\x80\"}",
            "string_value: '兰亭🎋 \xf4\x8f\xbf\xbf \xc2\x80'"},
           {"{\"stringValue\": \"\xef\xbb\xbf\x7f\xe2\x80\xa8\"}", "string_value: '\xef\xbb\xbf\x7f\xe2\x80\xa8'"},
           {R"({"stringValue": ""})", ""},
           {R"({"stringValue": "a\u0000b"})", "!stringValue INVALID_VALUE"},
           {R"({"stringList": ["a", "\u0000"]})", "!stringList[1] INVALID_VALUE"},
           {R"({"stringMap": {"a": "\u0000"}})", "!stringMap.a INVALID_VALUE"},
           {R"({"stringWrapper": "\u0000"})", "!stringWrapper INVALID_VALUE"},
           {R"({"value": "\u0000"})", "!value INVALID_VALUE"},
           {R"({"structValue": {"a": "\u0000"}})", "!structValue.a INVALID_VALUE"},
           {R"({"choiceText": "\u0000"})", "!choiceText INVALID_VALUE"},
           {R"({"stringValue": 5})", "!stringValue INVALID_VALUE"},
           {R"({"stringValue": true})", "!stringValue INVALID_VALUE"},
           {R"({"stringValue": ["a"]})", "!stringValue INVALID_VALUE"},
       })
    ExpectReading(row);
}

TEST(JsonText, WhatIsNoTextIsRefusedWhereverItStands) {
  const std::string broken[] = {R"(\ud83c)",
                                R"(\udf8b)",
                                R"(\ud83c\ud83c)",
                                R"(\ud83cx)",
                                R"(\ud83c\n)",
                                R"(\udf8b\ud83c)",  // surrogates
                                "\xff",
                                "\xc3",
                                "\xe5\x85",
                                "\xc0\xaf",
                                "\xe0\x80\xaf",
                                "\xed\xa0\x80",
                                "\xf5\x80\x80\x80",  // UTF-8
                                "\xf4\x90\x80\x80",
                                "\x80",
                                "\xf0\x9f\x8e",  //
                                "\n",
                                "\t",
                                std::string(1, '\0'),
                                "\x1f",
                                R"(\x41)",
                                R"(\u12)",
                                R"(\u12g4)",
                                R"(\a)",
                                R"(\')",
                                "\\"};
  for (const std::string& text : broken) {
    for (const std::string& json :
         {"{\"stringValue\": \"a" + text + "\"}", "{\"stringMap\": {\"" + text + "\": \"a\"}}",
          "{\"structValue\": {\"" + text + "\": 1}}", "{\"value\": [\"" + text + " and more\"]}",
          "{\"unknown\": \"" + text + "\"}", "{\"bytesValue\": \"" + text + "\"}",
          "{\"any\": {\"@type\": \"" + text + "\"}}", "{\"stringValue\": \"" + std::string(100, 'a') + text + "\"}"})
      ExpectReading({json, "!MALFORMED_JSON"});
  }
  ExpectReading({"\xef\xbb\xbf{}", "!MALFORMED_JSON"});
}

TEST(JsonText, EveryByteIsEscapedWhereItMustBe) {
  // Long enough for the words of eight bytes, with the byte at each place of one.
  for (int place = 0; place < 20; ++place) {
    for (int c = 1; c < 128; ++c) {
      Kinds before, after;
      std::string text = "兰abcdefghijklmnopq";
      text.insert(text.size() - static_cast<std::size_t>(place % 17), 1, static_cast<char>(c));
      before.set_string_value(text);
      ASSERT_EQ(Faults(Print(before), &after), "") << c;
      ASSERT_EQ(after.string_value(), text);
    }
  }
  std::string out;
  AppendJsonString(std::string("\"\\/\b\x1f\0é\x7f", 9), &out);
  EXPECT_EQ(out, "\"\\\"\\\\/\\u0008\\u001f\\u0000é\x7f\"");
}

// What each text field makes of `text`: the same text, or a refusal that a client can understand.
void ExpectKeptOrRefused(const std::string& text) {
  std::string quoted;
  AppendJsonString(text, &quoted);
  const std::string json = "{\"stringValue\":" + quoted + ",\"stringList\":[" + quoted + "],\"stringMap\":{" + quoted +
                           ":" + quoted + "},\"choiceText\":" + quoted + ",\"structValue\":{" + quoted + ":[" + quoted +
                           "]},\"value\":" + quoted + ",\"listValue\":[" + quoted + "],\"stringWrapper\":" + quoted +
                           ",\"valueMap\":{" + quoted + ":" + quoted + "},\"any\":{\"value\":" + quoted +
                           ",\"@type\":\"type.googleapis.com/google.protobuf.StringValue\"}}";
  Kinds kinds, again;
  const std::string faults = Faults(json, &kinds);
  if (!Utf8Length(text)) {
    EXPECT_EQ(faults, "MALFORMED_JSON") << json;
    return;
  }
  if (text.find('\0') != std::string::npos) {
    EXPECT_NE(faults, "") << json;
    return;
  }
  ASSERT_EQ(faults, "") << json;
  pb::StringValue in_any;
  ASSERT_TRUE(kinds.any().UnpackTo(&in_any));
  for (const std::string& kept :
       {kinds.string_value(), kinds.string_list(0), kinds.string_map().at(text), kinds.choice_text(),
        kinds.struct_value().fields().at(text).list_value().values(0).string_value(), kinds.value().string_value(),
        kinds.list_value().values(0).string_value(), kinds.string_wrapper().value(),
        kinds.value_map().at(text).string_value(), in_any.value()})
    EXPECT_EQ(kept, text);
  ASSERT_EQ(Faults(Print(kinds), &again), "");
  EXPECT_TRUE(pb::util::MessageDifferencer::Equals(kinds, again)) << json;
}

TEST(JsonText, NaughtyStringsComeBackByteForByte) {
  for (const char* text : {"",
                           "undefined",
                           "null",
                           "true",
                           "NaN",
                           "1e500",
                           "-0",
                           "0x0",
                           "1;DROP TABLE users",
                           "' OR 1=1 --",
                           "<script>alert('兰亭')</script>",
                           "\"'\\/",
                           "../../../etc/passwd",
                           "${jndi:ldap://x}",
                           "%s%n%d",
                           "田中さんにあげて下さい",
                           "사회과학원",
                           "الكل في المجمو عة",
                           "Ṱ̺̺̕o͞ ̷i̲̬͇̪n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺",
                           "👾 🙇 💁🏽 👨‍👩‍👧‍👦",
                           "\u200b\u202e\ufeff\u2066",
                           "\x01\x02\x1f\x7f",
                           "@type",
                           "value",
                           "\xed\xa0\x80",
                           "\xff\xfe",
                           "￾",
                           "１２３",
                           "ﬀ",
                           "İıßẞ",
                           "\r\n\r\nHTTP/1.1 200 OK"})
    ExpectKeptOrRefused(text);
  ExpectKeptOrRefused(std::string("a\0b", 3));
  ExpectKeptOrRefused(std::string(100'000, '\\'));

  const auto path = TestData("api/naughty-strings/blns.json");
  if (path.empty()) return;
  pb::ListValue list;
  ASSERT_EQ(Faults(ReadFile(path), &list), "");
  EXPECT_GT(list.values_size(), 400);
  for (const pb::Value& value : list.values()) ExpectKeptOrRefused(value.string_value());
}

}  // namespace
}  // namespace lanting::gateway
