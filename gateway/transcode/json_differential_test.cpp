// The codec against protobuf's own JSON code on generated messages, and against noise.
//
// Where protobuf 3.21 differs and is not followed: it refuses to print the times, durations and masks without a JSON
// form and NaN in a Value (ours are null, see json_well_known_test.cpp), and it reads what JSON forbids (trailing
// commas, single quotes, repeated names). What is generated here has a form, so that both must agree on all of it.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <limits>
#include <random>

#include "gateway/transcode/json_test_support.h"

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
  bool Seldom() { return Below(12) == 0; }

  void Fill(v1::Kinds* k, int depth) {
    Numbers(k);
    if (Often()) k->set_string_value(Text());
    if (Often()) k->set_bytes_value(Text() + std::string("\0\xff", 2).substr(0, Below(3)));
    if (Often()) k->set_color(static_cast<v1::Color>(Seldom() ? 77 : Below(3)));
    for (int i = Below(3); i > 0; --i) k->add_string_list(Text());
    for (int i = Below(3); i > 0; --i) k->add_color_list(v1::COLOR_JADE);
    for (int i = Below(3); i > 0; --i) (*k->mutable_string_map())[Text()] = Text();
    for (int i = Below(3); i > 0; --i) (*k->mutable_flag_map())[Often()] = Integer();
    WellKnown(k);
    Wrappers(k);
    const int choice = Below(6);
    if (choice == 0) k->set_choice_text(Text());
    if (choice == 1) k->set_choice_number(Int32());
    if (depth == 0) return;
    if (choice == 2) Fill(k->mutable_choice_nested(), depth - 1);
    if (Often()) Fill(k->mutable_nested(), depth - 1);
    if (Seldom()) FillAny(k->mutable_any(), depth - 1);
    for (int i = Below(3); i > 0; --i) Fill(k->add_nested_list(), depth - 1);
    for (int i = Below(3); i > 0; --i) Fill(&(*k->mutable_nested_map())[Below(100) - 50], depth - 1);
  }

 private:
  std::int64_t Integer() {
    static constexpr std::int64_t kEdges[] = {0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 9007199254740993};
    return Often() ? kEdges[Below(8)] : static_cast<std::int64_t>(random_()) >> Below(63);
  }
  std::int32_t Int32() { return static_cast<std::int32_t>(Integer()); }
  double Floating() {
    if (Seldom()) return std::numeric_limits<double>::infinity() * (Often() ? 1 : -1);
    if (Seldom()) return Often() ? std::numeric_limits<double>::max() : std::numeric_limits<double>::min();
    return static_cast<double>(Integer()) / (1 + Below(9));
  }
  float Narrow() {
    if (Seldom()) return Often() ? std::numeric_limits<float>::max() : -std::numeric_limits<float>::infinity();
    return static_cast<float>(Integer()) / static_cast<float>(1 + Below(9));
  }
  std::string Text() {
    static const char* const kTexts[] = {"",
                                         "兰亭序",
                                         "a \"quoted\" \\ text",
                                         "line\nbreak\ttab",
                                         "🎋🏮",
                                         "\x01\x1f",
                                         "/</>&",
                                         "e\u0301",
                                         "\u2028",
                                         "plain",
                                         "@type",
                                         "永和九年，岁在癸丑，暮春之初，会于会稽山阴之兰亭",
                                         "\b\f\x7f"};
    return kTexts[Below(13)];
  }

  void Numbers(v1::Kinds* k) {
    if (Often()) k->set_int32_value(Int32());
    if (Often()) k->set_int64_value(Integer());
    if (Often()) k->set_uint32_value(static_cast<std::uint32_t>(Integer()));
    if (Often()) k->set_uint64_value(static_cast<std::uint64_t>(Integer()));
    if (Often()) k->set_sint32_value(Int32());
    if (Often()) k->set_sint64_value(Integer());
    if (Often()) k->set_fixed32_value(static_cast<std::uint32_t>(Integer()));
    if (Often()) k->set_fixed64_value(static_cast<std::uint64_t>(Integer()));
    if (Often()) k->set_sfixed32_value(Int32());
    if (Often()) k->set_sfixed64_value(Integer());
    if (Often()) k->set_float_value(Narrow());
    if (Often()) k->set_double_value(Floating());
    if (Often()) k->set_bool_value(true);
    if (Often()) k->set_optional_int32(Often() ? 0 : Int32());
    for (int i = Below(3); i > 0; --i) k->add_int32_list(Int32());
  }

  void Time(pb::Timestamp* t) {
    t->set_seconds(Integer() % 60'000'000'000);
    t->set_nanos(Often() ? Below(1000) * 1'000'000 : Often() ? Below(1'000'000) * 1000 : Below(1'000'000'000));
  }

  void WellKnown(v1::Kinds* k) {
    if (Often()) Time(k->mutable_timestamp());
    for (int i = Below(3); i > 0; --i) Time(k->add_timestamp_list());
    if (Often()) {
      const bool minus = Often();
      k->mutable_duration()->set_seconds(Below(1'000'000) * (minus ? -1 : 1));
      k->mutable_duration()->set_nanos(Below(1'000'000'000) * (minus ? -1 : 1));
    }
    for (int i = Below(3); i > 0; --i) k->mutable_field_mask()->add_paths(Often() ? "display_name.size" : "a1.b_c");
    if (Often()) FillValue(&(*k->mutable_struct_value()->mutable_fields())[Text()], 3);
    if (Often()) FillValue(k->mutable_value(), 3);
    if (Often()) FillValue(k->mutable_list_value()->add_values(), 3);
    if (Often()) k->mutable_empty();
    if (Often()) FillValue(k->add_value_list(), 2);
    if (Often()) FillValue(&(*k->mutable_value_map())[Text()], 2);
  }

  void Wrappers(v1::Kinds* k) {
    if (Often()) k->mutable_bool_wrapper()->set_value(Often());
    if (Often()) k->mutable_int32_wrapper()->set_value(Int32());
    if (Often()) k->mutable_int64_wrapper()->set_value(Integer());
    if (Often()) k->mutable_uint32_wrapper()->set_value(static_cast<std::uint32_t>(Integer()));
    if (Often()) k->mutable_uint64_wrapper()->set_value(static_cast<std::uint64_t>(Integer()));
    if (Often()) k->mutable_float_wrapper()->set_value(Narrow());
    if (Often()) k->mutable_double_wrapper()->set_value(Floating());
    if (Often()) k->mutable_string_wrapper()->set_value(Text());
    if (Often()) k->mutable_bytes_wrapper()->set_value(Text());
  }

  void FillAny(pb::Any* any, int depth) {
    v1::Kinds inner;
    switch (Below(4)) {
      case 0:
        any->PackFrom(pb::Empty());
        return;
      case 1: {
        pb::Timestamp time;
        Time(&time);
        any->PackFrom(time);
        return;
      }
      case 2: {
        pb::Int64Value number;
        number.set_value(Integer() | 1);  // protobuf prints no "value" of an Int64Value of 0 in an Any
        any->PackFrom(number);
        return;
      }
      default:
        // Serialized maps have no order of their own, and Anys are compared by their bytes.
        Numbers(&inner);
        inner.set_string_value(Text());
        if (depth > 0 && Often()) FillAny(inner.mutable_any(), depth - 1);
        any->PackFrom(inner);
    }
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
  Maker(seed).Fill(&kinds, static_cast<int>(seed % 3));
  return kinds;
}

TEST(JsonDifferential, WhatIsWrittenIsReadBack) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const v1::Kinds before = Random(seed);
    const std::string text = Print(before);
    v1::Kinds after;
    ASSERT_EQ(Faults(text, &after), "") << text;
    ASSERT_TRUE(pb::util::MessageDifferencer::Equals(before, after)) << text;
  }
}

TEST(JsonDifferential, ProtobufReadsWhatIsWrittenAndWritesWhatIsRead) {
  pb::util::JsonPrintOptions all;
  all.always_print_primitive_fields = true;
  for (unsigned seed = 10'000; seed < 11'000; ++seed) {
    const v1::Kinds before = Random(seed);
    const std::string ours = Print(before);
    v1::Kinds after;
    const auto read = pb::util::JsonStringToMessage(ours, &after);
    ASSERT_TRUE(read.ok()) << read.ToString() << "\n" << ours;
    ASSERT_TRUE(pb::util::MessageDifferencer::Equals(before, after)) << ours;
    std::string theirs;
    ASSERT_TRUE(
        pb::util::MessageToJsonString(before, &theirs, seed % 2 == 0 ? all : pb::util::JsonPrintOptions()).ok());
    after.Clear();
    ASSERT_EQ(Faults(theirs, &after), "") << theirs;
    ASSERT_TRUE(pb::util::MessageDifferencer::Equals(before, after)) << theirs;
  }
}

TEST(JsonDifferential, NoiseNeverCrashes) {
  std::mt19937 random(7);
  int refused = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const std::string text = Print(Random(seed));
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

}  // namespace
}  // namespace lanting::gateway
