// Numbers, bools and enums of the proto3 JSON mapping, one row a rule.
#include <cmath>
#include <cstring>

#include "gateway/transcode/json_test_support.h"
#include "gateway/transcode/number_text.h"

namespace lanting::gateway {
namespace {

using lanting::testing::v1::Kinds;

TEST(JsonNumber, IntegersInEveryIntegralForm) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"int32Value": 2147483647, "sint32Value": -2147483648})",
            "int32_value: 2147483647 sint32_value: -2147483648"},
           {R"({"int32Value": "2147483647"})", "int32_value: 2147483647"},
           {R"({"int32Value": 1.0})", "int32_value: 1"},
           {R"({"int32Value": "1.0"})", "int32_value: 1"},
           {R"({"int32Value": 1e5})", "int32_value: 100000"},
           {R"({"int32Value": "1e5"})", "int32_value: 100000"},
           {R"({"int32Value": 1.5e1})", "int32_value: 15"},
           {R"({"int32Value": 1200E-2})", "int32_value: 12"},
           {R"({"int32Value": -0, "uint32Value": -0})", ""},
           {R"({"int32Value": -2147483648.0})", "int32_value: -2147483648"},
           {R"({"uint32Value": 4294967295})", "uint32_value: 4294967295"},
           {R"({"int64Value": "9223372036854775807"})", "int64_value: 9223372036854775807"},
           {R"({"int64Value": -9223372036854775808})", "int64_value: -9223372036854775808"},
           {R"({"uint64Value": 18446744073709551615})", "uint64_value: 18446744073709551615"},
           // Beyond 2^53 a double would round.
           {R"({"int64Value": 9007199254740993.0})", "int64_value: 9007199254740993"},
           {R"({"uint64Value": 1.8446744073709551615e19})", "uint64_value: 18446744073709551615"},
           {R"({"uint64Value": "184467440737095516150e-1"})", "uint64_value: 18446744073709551615"},
           {R"({"int32Value": 0e999999999})", ""},
           {R"({"int32Value": )" + std::string(5000, '1') + "}", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": 1.)" + std::string(5000, '0') + "}", "int32_value: 1"},
           {R"({"int32Value": "0.)" + std::string(4999, '0') + "7e5000\"}", "int32_value: 7"},
           {R"({"int32Value": "1e99999999999999999999999"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "1e-99999999999999999999999"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": 2147483648})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": -2147483649})", "!int32Value INVALID_VALUE"},
           {R"({"uint32Value": 4294967296})", "!uint32Value INVALID_VALUE"},
           {R"({"uint32Value": -1})", "!uint32Value INVALID_VALUE"},
           {R"({"uint64Value": 18446744073709551616})", "!uint64Value INVALID_VALUE"},
           {R"({"int64Value": 9223372036854775808})", "!int64Value INVALID_VALUE"},
           {R"({"int32Value": 1.5})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "1.5"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": true})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": ""})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": " 1"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "1 "})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "+1"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "01"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "0x10"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "1."})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": ".5e1"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "1e"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "-"})", "!int32Value INVALID_VALUE"},
           {R"({"int32Value": "１"})", "!int32Value INVALID_VALUE"},
       })
    ExpectReading(row);
}

TEST(JsonNumber, FloatsAreRoundedButNotToInfinity) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"doubleValue": 1.7976931348623157e308})", "double_value: 1.7976931348623157e308"},
           {R"({"doubleValue": 5e-324})", "double_value: 5e-324"},
           {R"({"doubleValue": 2.2250738585072011e-308})", "double_value: 2.2250738585072011e-308"},
           {R"({"doubleValue": 1e-400})", ""},
           {R"({"doubleValue": 1})", "double_value: 1"},
           {R"({"doubleValue": "1.5"})", "double_value: 1.5"},
           {R"({"doubleValue": "NaN", "floatValue": "-Infinity"})", "double_value: nan float_value: -inf"},
           {R"({"doubleValue": "Infinity"})", "double_value: inf"},
           {R"({"floatValue": 3.4028235e38})", "float_value: 3.4028235e38"},
           {R"({"floatValue": 1e-45})", "float_value: 1e-45"},
           {R"({"floatValue": 1e-60})", ""},
           {R"({"floatValue": 0.1})", "float_value: 0.1"},
           {R"({"doubleValue": 1.8e308})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": "-1e999"})", "!doubleValue INVALID_VALUE"},
           {R"({"floatValue": 3.5e38})", "!floatValue INVALID_VALUE"},
           {R"({"floatValue": -1e39})", "!floatValue INVALID_VALUE"},
           {R"({"doubleValue": "nan"})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": "inf"})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": "+Infinity"})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": "1."})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": ".5"})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": "0x1p3"})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": ""})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": false})", "!doubleValue INVALID_VALUE"},
           {R"({"doubleValue": NaN})", "!MALFORMED_JSON"},
           {R"({"doubleValue": -Infinity})", "!MALFORMED_JSON"},
           {R"({"doubleValue": 01})", "!MALFORMED_JSON"},
       })
    ExpectReading(row);
  Kinds kinds;
  EXPECT_EQ(Faults(R"({"doubleValue": -0.0})", &kinds), "");
  EXPECT_TRUE(std::signbit(kinds.double_value()));
  EXPECT_NE(Print(kinds).find("\"doubleValue\":-0,"), std::string::npos);
}

TEST(JsonNumber, EveryFloatComesBack) {
  Kinds before, after;
  std::uint32_t bits = 1;
  for (int i = 0; i < 5000; ++i, bits = bits * 1'664'525 + 1'013'904'223) {
    float value;
    static_assert(sizeof value == sizeof bits);
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    before.set_float_value(value);
    before.set_double_value(static_cast<double>(value) / 3);
    ASSERT_EQ(Faults(Print(before), &after), "");
    ASSERT_EQ(before.float_value(), after.float_value());
    ASSERT_EQ(before.double_value(), after.double_value());
    after.Clear();
  }
}

TEST(JsonNumber, BoolsAreNoText) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"boolValue": true})", "bool_value: true"},
           {R"({"boolValue": false})", ""},
           {R"({"boolValue": "true"})", "!boolValue INVALID_VALUE"},
           {R"({"boolValue": 1})", "!boolValue INVALID_VALUE"},
           {R"({"boolValue": True})", "!MALFORMED_JSON"},
           {R"({"boolWrapper": "false"})", "!boolWrapper INVALID_VALUE"},
       })
    ExpectReading(row);
}

TEST(JsonNumber, EnumsByNameOrNumber) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"color": "COLOR_JADE"})", "color: COLOR_JADE"},
           {R"({"color": 2})", "color: COLOR_JADE"},
           {R"({"color": 2.0})", "color: COLOR_JADE"},
           {R"({"color": 77})", "color: 77"},
           {R"({"color": -2147483648})", "color: -2147483648"},
           {R"({"colorList": ["COLOR_RED", 0, 77]})", "color_list: [COLOR_RED, COLOR_UNSPECIFIED, 77]"},
           {R"({"color": 2147483648})", "!color UNKNOWN_VALUE"},
           {R"({"color": 1.5})", "!color UNKNOWN_VALUE"},
           {R"({"color": "2"})", "!color UNKNOWN_VALUE"},
           {R"({"color": "color_jade"})", "!color UNKNOWN_VALUE"},
           {R"({"color": "JADE"})", "!color UNKNOWN_VALUE"},
           {R"({"color": ""})", "!color UNKNOWN_VALUE"},
           {R"({"color": true})", "!color UNKNOWN_VALUE"},
           {R"({"color": ["COLOR_RED"]})", "!color INVALID_VALUE"},
       })
    ExpectReading(row);
}

TEST(JsonNumber, MapKeysHaveOneSpelling) {
  for (const Reading& row : std::initializer_list<Reading>{
           {R"({"nestedMap": {"-7": {}, "0": {}, "2147483647": {}}})",
            "nested_map {key: -7 value {}} nested_map {key: 0 value {}} nested_map {key: 2147483647 value {}}"},
           {R"({"flagMap": {"true": 1, "false": "2"}})",
            "flag_map {key: true value: 1} flag_map {key: false value: 2}"},
           {R"({"stringMap": {"": "a", "兰": "b"}})",
            "string_map {key: '' value: 'a'} string_map {key: '兰' value: 'b'}"},
           {R"({"nestedMap": {"1": {}, "1": {}}})", "!nestedMap.1 DUPLICATE_FIELD"},
           {R"({"nestedMap": {"1": {}, "\u0031": {}}})", "!nestedMap.1 DUPLICATE_FIELD"},
           {R"({"nestedMap": {"01": {}}})", "!nestedMap.01 INVALID_VALUE"},
           {R"({"nestedMap": {"-0": {}}})", "!nestedMap.-0 INVALID_VALUE"},
           {R"({"nestedMap": {"1.0": {}}})", "!nestedMap.1.0 INVALID_VALUE"},
           {R"({"nestedMap": {"1e0": {}}})", "!nestedMap.1e0 INVALID_VALUE"},
           {R"({"nestedMap": {"+1": {}}})", "!nestedMap.+1 INVALID_VALUE"},
           {R"({"nestedMap": {"2147483648": {}}})", "!nestedMap.2147483648 INVALID_VALUE"},
           {R"({"nestedMap": {"": {}}})", "!nestedMap. INVALID_VALUE"},
           {R"({"nestedMap": {1: {}}})", "!MALFORMED_JSON"},
           {R"({"flagMap": {"True": 1}})", "!flagMap.True INVALID_VALUE"},
           {R"({"flagMap": {"1": 1}})", "!flagMap.1 INVALID_VALUE"},
       })
    ExpectReading(row);
}

TEST(NumberText, PlainIsTheOneFormThatPrintsTheValue) {
  std::int32_t value;
  for (const char* good : {"0", "7", "-7", "2147483647", "-2147483648"})
    EXPECT_TRUE(ParseInteger(good, NumberForm::kPlain, &value)) << good;
  for (const char* bad : {"", "-", "-0", "00", "07", "+7", "7.0", "7e0", " 7", "7 ", "2147483648", "0x7"})
    EXPECT_FALSE(ParseInteger(bad, NumberForm::kPlain, &value)) << bad;
  std::uint64_t wide;
  EXPECT_FALSE(ParseInteger("-1", NumberForm::kPlain, &wide));
  EXPECT_TRUE(ParseInteger("18446744073709551615", NumberForm::kPlain, &wide));
}

}  // namespace
}  // namespace lanting::gateway
