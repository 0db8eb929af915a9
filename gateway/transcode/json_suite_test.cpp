// What is JSON and what is not: the verdicts of JSONTestSuite, on its files where they are and on samples of our own
// always. A text is accepted if it becomes a google.protobuf.Value.
#include <google/protobuf/struct.pb.h>

#include <map>

#include "gateway/transcode/json_test_data.h"
#include "gateway/transcode/json_test_support.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;

std::string FaultsOfValue(const std::string& text) {
  pb::Value value, again;
  std::string faults = Faults(text, &value);
  if (!faults.empty()) return faults;
  EXPECT_EQ(Faults(Print(value), &again), "") << text;
  EXPECT_TRUE(pb::util::MessageDifferencer::Equals(value, again)) << text;
  return faults;
}

TEST(JsonSuite, WhatIsJson) {
  for (const std::string& text : {std::string("{}"),
                                  std::string("[]"),
                                  std::string("\"\""),
                                  std::string("0"),
                                  std::string("-0"),
                                  std::string("-1.5E+3"),
                                  std::string("1e5"),
                                  std::string("0.1e-7"),
                                  std::string("123456789012345678901234567890"),
                                  std::string("true"),
                                  std::string("false"),
                                  std::string("null"),
                                  std::string(" [1 , 2] "),
                                  std::string("\t\r\n{\"a\" : 1}\n"),
                                  std::string("{\"\":0}"),
                                  std::string("{\"a\":{\"b\":[null,true,\"x\"]}}"),
                                  std::string("[[[[[]]]]]"),
                                  std::string("\"\\u0061\\u30af\\u30EA\\u30b9\""),
                                  std::string("\"\\uD801\\udc37\""),
                                  std::string("\"\xef\xbf\xbf\""),
                                  std::string("\"\x7f\""),
                                  std::string("\"\\\\u0000\""),
                                  std::string("\"/&<>\""),
                                  std::string("\"兰亭🎋\""),
                                  std::string("[1,null,null,2]")})
    EXPECT_EQ(FaultsOfValue(text), "") << text;
}

TEST(JsonSuite, WhatIsNot) {
  for (const std::string& text : {std::string(),
                                  std::string(" "),
                                  std::string("{"),
                                  std::string("}"),
                                  std::string("["),
                                  std::string("]"),
                                  std::string("[1,]"),
                                  std::string("[,1]"),
                                  std::string("[1,,2]"),
                                  std::string("[1 2]"),
                                  std::string("[1}"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{,}"),
                                  std::string("{\"a\"}"),
                                  std::string("{\"a\":}"),
                                  std::string("{\"a\" 1}"),
                                  std::string("{\"a\"::1}"),
                                  std::string("{a:1}"),
                                  std::string("{'a':1}"),
                                  std::string("{1:1}"),
                                  std::string("{\"a\":1 \"b\":2}"),
                                  std::string("[]]"),
                                  std::string("{}{}"),
                                  std::string("1 2"),
                                  std::string("[1]x"),
                                  std::string("/* a */ 1"),
                                  std::string("1 // a"),
                                  std::string("# 1"),
                                  std::string("+1"),
                                  std::string("01"),
                                  std::string("-01"),
                                  std::string("-"),
                                  std::string("1."),
                                  std::string(".5"),
                                  std::string("-.5"),
                                  std::string("1e"),
                                  std::string("1e+"),
                                  std::string("1.e1"),
                                  std::string("0x1"),
                                  std::string("1_000"),
                                  std::string("１"),
                                  std::string("NaN"),
                                  std::string("nan"),
                                  std::string("Infinity"),
                                  std::string("-Infinity"),
                                  std::string("True"),
                                  std::string("nul"),
                                  std::string("truth"),
                                  std::string("undefined"),
                                  std::string("\"a"),
                                  std::string("'a'"),
                                  std::string("a"),
                                  std::string("\"\\x41\""),
                                  std::string("\"\\u00G0\""),
                                  std::string("\"\\u00\""),
                                  std::string("\"\\\""),
                                  std::string("\"\n\""),
                                  std::string("\"\t\""),
                                  std::string("\"\0\"", 3),
                                  std::string("\"\xff\""),
                                  std::string("\"\xc0\xaf\""),
                                  std::string("\"\\ud800\""),
                                  std::string("\"\\udc00\""),
                                  std::string("\"\\ud800\\u0041\""),
                                  std::string("\xef\xbb\xbf[]"),
                                  std::string("[\f]"),
                                  std::string("\xc2\xa0[]"),
                                  std::string("\0", 1),
                                  std::string("[1]\0", 4),
                                  std::string("<a>")})
    EXPECT_EQ(FaultsOfValue(text), "MALFORMED_JSON") << text;
}

// Files whose verdict is ours to choose ("i_"), and the accepted ones that a message cannot hold. All others must
// be as their name says.
const std::map<std::string, std::string>& Decided() {
  static const std::string refused = "MALFORMED_JSON", range = " INVALID_VALUE";
  static const std::map<std::string, std::string> decided = {
      // JSON, but a Struct has one value a name.
      {"y_object_duplicated_key.json", "a DUPLICATE_FIELD"},
      {"y_object_duplicated_key_and_value.json", "a DUPLICATE_FIELD"},
      // JSON, but no text field holds a NUL.
      {"y_object_escaped_null_in_key.json", std::string("foo\0bar INVALID_VALUE", 21)},
      {"y_string_null_escape.json", "[0] INVALID_VALUE"},
      // Numbers are rounded to a double: down to 0, not up to infinity.
      {"i_number_double_huge_neg_exp.json", ""},
      {"i_number_real_underflow.json", ""},
      {"i_number_huge_exp.json", refused},  // an exponent of more than nine digits
      {"i_number_neg_int_huge_exp.json", "[0]" + range},
      {"i_number_pos_double_huge_exp.json", "[0]" + range},
      {"i_number_real_neg_overflow.json", "[0]" + range},
      {"i_number_real_pos_overflow.json", "[0]" + range},
      {"i_number_too_big_neg_int.json", ""},
      {"i_number_too_big_pos_int.json", ""},
      {"i_number_very_big_negative_int.json", ""},
      // Text is UTF-8 without a byte order mark, and whole characters.
      {"i_structure_UTF-8_BOM_empty_object.json", refused},
      // At most 100 levels.
      {"i_structure_500_nested_arrays.json", refused},
  };
  return decided;
}

TEST(JsonSuite, TheFilesOfJsonTestSuite) {
  const auto directory = TestData("api/JSONTestSuite/test_parsing");
  if (directory.empty()) return;  // the samples above are of the same kinds
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    ++files;
    const std::string faults = FaultsOfValue(ReadFile(entry.path()));
    const auto decided = Decided().find(name);
    if (decided != Decided().end())
      EXPECT_EQ(faults, decided->second) << name;
    else if (name.starts_with("y_"))
      EXPECT_EQ(faults, "") << name;
    else  // also the i_ files of broken UTF-8, UTF-16 and lone surrogates
      EXPECT_EQ(faults, "MALFORMED_JSON") << name;
  }
  EXPECT_GE(files, 318);
}

}  // namespace
}  // namespace lanting::gateway
