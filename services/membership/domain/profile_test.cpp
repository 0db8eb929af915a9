#include "membership/domain/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/domain/timeline.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Time kNow = Time(std::chrono::hours(480'000));

TEST(DecideTagsTest, AddsAndRemovesWhatIsMissingAndThere) {
  auto change = DecideTags({"绘画", "手帐"}, {"手帐", "写作"}, {"绘画", "围观"});
  ASSERT_TRUE(change.ok());
  EXPECT_THAT(change->added, ElementsAre("写作"));
  EXPECT_THAT(change->removed, ElementsAre("绘画"));
  EXPECT_TRUE(DecideTags({"绘画"}, {"绘画"}, {"围观"})->empty());
}

TEST(DecideTagsTest, FiftyAreEnough) {
  std::vector<std::string> tags;
  for (int i = 0; i < kMaxTags; ++i) tags.push_back("t" + std::to_string(i));
  EXPECT_EQ(DecideTags(tags, {"more"}, {}).error().reason, "TOO_MANY_TAGS");
  EXPECT_TRUE(DecideTags(tags, {"more"}, {"t0"}).ok());
  EXPECT_TRUE(DecideTags(tags, {"t1"}, {}).ok());
  tags.push_back("given by a group");
  EXPECT_TRUE(DecideTags(tags, {}, {"t0"}).ok()) << "too many already: fewer are welcome";
}

TEST(DecideUpdateTest, OneVersionAFact) {
  Member member{.person = {.display_name = "阿杰", .tags = {"绘画", "围观"}}, .version = 3};
  auto wanted = member.person;
  EXPECT_TRUE(DecideUpdate(member, wanted, kNow)->empty());
  EXPECT_EQ(member.version, 3);
  wanted.tags = {"手帐", "绘画"};
  EXPECT_FALSE(DecideUpdate(member, wanted, kNow)->empty());
  EXPECT_EQ(member.version, 4);
  EXPECT_THAT(member.person.tags, ElementsAre("绘画", "手帐"));
  wanted.staff.fan_score = 5;
  wanted.consent.statement = "同意";
  wanted.tags = {};
  auto change = DecideUpdate(member, wanted, kNow);
  EXPECT_EQ(member.version, 6);
  EXPECT_THAT(change->fields, ElementsAre("consent", "staff.fan_score"));
  EXPECT_EQ(member.person.consent.time, kNow);
}

TEST(DecideUpdateTest, CustomerAndFanAreTwoThings) {
  for (int c = 0; c <= 4; ++c) {
    Member member{.person = {.display_name = "阿杰", .staff = {.fan_score = 40}}};
    auto wanted = member.person;
    wanted.staff.customer_class = static_cast<CustomerClass>(c);
    ASSERT_TRUE(DecideUpdate(member, wanted, kNow).ok());
    EXPECT_EQ(member.person.staff.fan_score, 40);
  }
}

TEST(CheckAttributesTest, KeysAndValues) {
  auto faults = [](const std::string& key, const std::string& value) {
    return CheckAttributes({.attributes = {{key, value}}}, "s").size();
  };
  EXPECT_EQ(faults("city_2", "上海"), 0u);
  EXPECT_EQ(faults(std::string(64, 'k'), ""), 0u);
  for (const char* key : {"", "a b", "城市", "a-b", "a.b"}) EXPECT_EQ(faults(key, "x"), 1u) << key;
  EXPECT_EQ(faults(std::string(65, 'k'), ""), 1u);
  EXPECT_EQ(faults("k", std::string(1001, 'x')), 1u);
  EXPECT_EQ(faults("k", std::string("a\0b", 3)), 1u);
  EXPECT_EQ(faults("k", "\xff"), 1u);
}

TEST(TimelineTextTest, InBothLanguages) {
  const TimelineEntry tagged{.kind = TimelineKind::kTagged, .details = {{"added", "绘画"}, {"removed", "围观"}}};
  EXPECT_EQ(TimelineText(tagged, "zh-CN"), "标签 +绘画 -围观");
  EXPECT_EQ(TimelineText(tagged, "en"), "Tags: +绘画 -围观");
  const TimelineEntry declined{.kind = TimelineKind::kOfferLapsed, .details = {{"declined", "true"}}};
  EXPECT_EQ(TimelineText(declined, "en"), "Declined the offer");
  for (int kind = 1; kind <= 21; ++kind) {
    if (kind > 6 && kind < 10) continue;
    const TimelineEntry entry{.kind = static_cast<TimelineKind>(kind)};
    EXPECT_NE(TimelineText(entry, "en"), "Something else") << kind;
    EXPECT_NE(TimelineText(entry, "en"), TimelineText(entry, "zh-CN")) << kind;
  }
}

}  // namespace
}  // namespace lanting::membership
