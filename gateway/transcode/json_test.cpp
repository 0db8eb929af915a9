// Reader and writer against protobuf's own JSON code and against noise; single rules are in
// tests/conformance/g_json.json.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <lanting/testing/v1/echo.pb.h>

#include <random>

#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/well_known.h"

namespace lanting::gateway {
namespace {

namespace v1 = lanting::testing::v1;
namespace pb = google::protobuf;

// Random but reproducible content for every field type.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool Often() { return Below(3) == 0; }
  std::int64_t Integer() {
    static constexpr std::int64_t kEdges[] = {0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 9007199254740993};
    return Often() ? kEdges[Below(8)] : static_cast<std::int64_t>(random_()) >> Below(63);
  }
  std::string Text() {
    static const char* const kTexts[] = {
        "",       "兰亭序", "a \"quoted\" \\ text", "line\nbreak\ttab", "🎋🏮", "\x01\x1f", "/</>&", "e\u0301",
        "\u2028", "plain"};
    return kTexts[Below(10)];
  }

  void Fill(v1::Kinds* k, int depth) {
    if (Often()) k->set_int32_value(static_cast<std::int32_t>(Integer()));
    if (Often()) k->set_int64_value(Integer());
    if (Often()) k->set_uint32_value(static_cast<std::uint32_t>(Integer()));
    if (Often()) k->set_uint64_value(static_cast<std::uint64_t>(Integer()));
    if (Often()) k->set_sfixed64_value(Integer());
    if (Often()) k->set_float_value(static_cast<float>(Integer()) / 7);
    if (Often()) k->set_double_value(static_cast<double>(Integer()) / 3);
    if (Often()) k->set_double_value(std::numeric_limits<double>::infinity());
    if (Often()) k->set_bool_value(true);
    if (Often()) k->set_string_value(Text());
    if (Often()) k->set_bytes_value(Text() + std::string("\0\xff", 2));
    if (Often()) k->set_color(static_cast<v1::Color>(Below(3)));
    if (Often()) k->set_optional_int32(0);
    if (Often()) k->set_choice_text(Text());
    for (int i = Below(3); i > 0; --i) k->add_int32_list(static_cast<std::int32_t>(Integer()));
    for (int i = Below(3); i > 0; --i) k->add_string_list(Text());
    for (int i = Below(3); i > 0; --i) k->add_color_list(v1::COLOR_JADE);
    for (int i = Below(3); i > 0; --i) (*k->mutable_string_map())[Text()] = Text();
    for (int i = Below(3); i > 0; --i) (*k->mutable_flag_map())[Often()] = Integer();
    WellKnown(k);
    if (depth == 0) return;
    if (Often()) Fill(k->mutable_nested(), depth - 1);
    for (int i = Below(3); i > 0; --i) Fill(k->add_nested_list(), depth - 1);
    for (int i = Below(3); i > 0; --i) Fill(&(*k->mutable_nested_map())[Below(100) - 50], depth - 1);
  }

 private:
  void WellKnown(v1::Kinds* k) {
    if (Often()) {
      k->mutable_timestamp()->set_seconds(Integer() % 60'000'000'000);
      k->mutable_timestamp()->set_nanos(Often() ? 120'000'000 : Below(1'000'000'000));
    }
    if (Often()) {
      const bool minus = Often();
      k->mutable_duration()->set_seconds(Below(1'000'000) * (minus ? -1 : 1));
      k->mutable_duration()->set_nanos(Below(1'000'000'000) * (minus ? -1 : 1));
    }
    if (Often()) k->mutable_field_mask()->add_paths("display_name.size");
    if (Often()) FillValue(&(*k->mutable_struct_value()->mutable_fields())[Text()], 3);
    if (Often()) FillValue(k->mutable_value(), 3);
    if (Often()) FillValue(k->mutable_list_value()->add_values(), 3);
    if (Often()) k->mutable_empty();
    if (Often()) k->mutable_bool_wrapper()->set_value(Often());
    if (Often()) k->mutable_int64_wrapper()->set_value(Integer());
    if (Often()) k->mutable_string_wrapper()->set_value(Text());
    if (Often()) k->mutable_bytes_wrapper()->set_value(Text());
    if (Often()) FillValue(k->add_value_list(), 2);
    if (Often()) FillValue(&(*k->mutable_value_map())[Text()], 2);
  }

  void FillValue(pb::Value* value, int depth) {
    switch (Below(depth > 0 ? 6 : 4)) {
      case 0:
        return value->set_null_value(pb::NULL_VALUE);
      case 1:
        return value->set_bool_value(Often());
      case 2:
        return value->set_number_value(static_cast<double>(Integer()) / 8);
      case 3:
        return value->set_string_value(Text());
      case 4:
        return FillValue(&(*value->mutable_struct_value()->mutable_fields())[Text()], depth - 1);
      default:
        return FillValue(value->mutable_list_value()->add_values(), depth - 1);
    }
  }

  std::mt19937_64 random_;
};

v1::Kinds Random(unsigned seed) {
  v1::Kinds kinds;
  Maker(seed).Fill(&kinds, 2);
  return kinds;
}

TEST(Json, WhatIsWrittenIsReadBack) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    const v1::Kinds before = Random(seed);
    std::string text;
    AppendJson(before, &text);
    v1::Kinds after;
    std::vector<FieldViolation> violations;
    ASSERT_FALSE(ReadJson({.text = text, .message = &after}, &violations)) << text;
    ASSERT_TRUE(violations.empty()) << violations[0].field << " " << violations[0].description << "\n" << text;
    ASSERT_TRUE(pb::util::MessageDifferencer::Equals(before, after)) << text;
  }
}

TEST(Json, ProtobufReadsWhatIsWrittenAndWritesWhatIsRead) {
  for (unsigned seed = 1000; seed < 1300; ++seed) {
    const v1::Kinds before = Random(seed);
    std::string ours, theirs;
    AppendJson(before, &ours);
    v1::Kinds after;
    const auto read = pb::util::JsonStringToMessage(ours, &after);
    ASSERT_TRUE(read.ok()) << read.ToString() << "\n" << ours;
    ASSERT_TRUE(pb::util::MessageDifferencer::Equals(before, after)) << ours;
    ASSERT_TRUE(pb::util::MessageToJsonString(before, &theirs).ok());
    after.Clear();
    std::vector<FieldViolation> violations;
    ASSERT_FALSE(ReadJson({.text = theirs, .message = &after}, &violations)) << theirs;
    ASSERT_TRUE(violations.empty()) << violations[0].field << " " << violations[0].description << "\n" << theirs;
    ASSERT_TRUE(pb::util::MessageDifferencer::Equals(before, after)) << theirs;
  }
}

TEST(Json, NoiseNeverCrashes) {
  std::mt19937 random(7);
  int refused = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::string text;
    AppendJson(Random(seed), &text);
    for (int round = 0; round < 10; ++round) {
      std::string noisy = text;
      for (unsigned i = 1 + random() % 4; i > 0; --i) {
        const std::size_t at = random() % noisy.size();
        switch (random() % 4) {
          case 0:
            noisy[at] = static_cast<char>(random());
            break;
          case 1:
            noisy.erase(at, 1 + random() % 8);
            break;
          case 2:
            noisy.insert(at, 1, "{}[],:\"\\0n"[random() % 10]);
            break;
          default:
            noisy.insert(at, noisy.substr(random() % noisy.size(), random() % 40));
        }
        if (noisy.empty()) noisy = "x";
      }
      v1::Kinds kinds;
      std::vector<FieldViolation> violations;
      std::vector<std::string> mask;
      const auto malformed = ReadJson({.text = noisy, .message = &kinds, .mask = &mask}, &violations);
      refused += malformed || !violations.empty();
      EXPECT_LE(violations.size(), kMaxViolations);
    }
  }
  EXPECT_GT(refused, 2000) << "noise is mostly refused";
}

TEST(Json, ViolationsAreBounded) {
  std::string text = "{";
  for (int i = 0; i < 10'000; ++i) text += "\"f" + std::to_string(i) + "\":1,";
  text += "\"boolValue\":true}";
  v1::Kinds kinds;
  std::vector<FieldViolation> violations;
  EXPECT_FALSE(ReadJson({.text = text, .message = &kinds}, &violations));
  EXPECT_EQ(violations.size(), kMaxViolations);
}

TEST(Json, AFaultSaysWhereItStands) {
  v1::EchoRequest request;
  std::vector<FieldViolation> violations;
  const std::string text = "{\n  \"displayName\": \"兰\",\n  \"kinds\": {\"int32List\": [1, \"x\"]}\n}";
  EXPECT_FALSE(
      ReadJson({.text = text, .message = &request, .field = v1::EchoRequest::descriptor()->FindFieldByName("thing")},
               &violations));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "thing.kinds.int32List[1]");
  EXPECT_EQ(violations[0].reason, "INVALID_VALUE");
  EXPECT_NE(violations[0].description.find("line 3"), std::string::npos) << violations[0].description;
  EXPECT_EQ(request.thing().display_name(), "兰") << "what is right was read";
}

TEST(WellKnown, TimestampForms) {
  pb::Timestamp t;
  for (const char* bad :
       {"", "2024-05-01", "2024-05-01T09:30:00", "2024-05-01t09:30:00Z", "2024-05-01T09:30:00z", "2024-02-30T00:00:00Z",
        "2024-05-01T24:00:00Z", "2024-05-01T09:30:60Z", "2024-05-01T09:30:00.Z", "2024-05-01T09:30:00.1234567890Z",
        "0000-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "10000-01-01T00:00:00Z", "2024-05-01T09:30:00+24:00",
        "2024-05-01T09:30:00Z "})
    EXPECT_FALSE(ParseTimestamp(bad, &t)) << bad;
  for (const char* good : {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.500Z",
                           "2000-02-29T00:00:00.000001Z"}) {
    ASSERT_TRUE(ParseTimestamp(good, &t)) << good;
    std::string text;
    ASSERT_TRUE(AppendTimestamp(t, &text));
    EXPECT_EQ(text, good);
  }
}

TEST(WellKnown, DurationForms) {
  pb::Duration d;
  for (const char* bad : {"", "s", "1", "1h", "1.s", ".5s", "--1s", "1.1234567890s", "315576000001s", "+1s", " 1s"})
    EXPECT_FALSE(ParseDuration(bad, &d)) << bad;
  for (const char* good : {"0s", "-0.500s", "315576000000s", "1.000000001s"}) {
    ASSERT_TRUE(ParseDuration(good, &d)) << good;
    std::string text;
    ASSERT_TRUE(AppendDuration(d, &text));
    EXPECT_EQ(text, good);
  }
}

TEST(WellKnown, Base64) {
  std::string bytes;
  for (const char* bad : {"A", "AA=", "A===", "AA=A", "A A=", "AAAA=", "!"})
    EXPECT_FALSE(DecodeBase64(bad, &bytes)) << bad;
  for (const char* good : {"", "AA", "AA==", "-_8", "+/8="}) EXPECT_TRUE(DecodeBase64(good, &bytes)) << good;
  EXPECT_EQ(bytes, "\xfb\xff");
}

}  // namespace
}  // namespace lanting::gateway
