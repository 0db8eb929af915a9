#include "webhooks/domain/event_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::webhooks {
namespace {

using ::testing::ElementsAre;

TEST(EventTypes, ComeFromTheNamesOfMessages) {
  const std::pair<const char*, const char*> table[] = {
      {"lanting.membership.v1.MemberJoined", "membership.member_joined"},
      {"lanting.membership.v1.GroupFull", "membership.group_full"},
      {"lanting.content.v2.PostPublished", "content.v2.post_published"},
      {"lanting.content.v1.URLChanged", "content.url_changed"},
      {"lanting.content.v1.RSVPGiven2Late", "content.rsvp_given2_late"},
      {"lanting.common.v1.EventEnvelope", ""},
      {"lanting.testing.v1.Echo", ""},
      {"google.protobuf.Empty", ""},
      {"lanting.membership.v1", ""},
      {"", ""}};
  for (const auto& [message, type] : table) EXPECT_EQ(EventTypeOf(message), type) << message;
}

TEST(EventTypes, AreMatchedByThemselvesTheirServiceAndAll) {
  EXPECT_THAT(PatternsOf("membership.member_joined"), ElementsAre("membership.member_joined", "membership.*", "*"));
  EXPECT_THAT(PatternsOf("content.v2.post_published"), ElementsAre("content.v2.post_published", "content.*", "*"));
}

TEST(EventTypes, PatternsAreOfKnownTypes) {
  const std::set<std::string> known = {"membership.member_joined", "content.v2.post_published"};
  for (const char* good : {"*", "membership.*", "content.*", "membership.member_joined", "content.v2.post_published"})
    EXPECT_TRUE(CheckPatterns({good}, known, "webhook.eventTypes").ok()) << good;
  for (const char* bad : {"", "member*", "membership", "membership.", "membership.member_*", "meetups.*", "**", "*.*",
                          "membership.member_left", "Membership.*", "content.v2.*"})
    EXPECT_FALSE(CheckPatterns({bad}, known, "webhook.eventTypes").ok()) << bad;
  const auto refused = CheckPatterns({"*", "membership.x", "*"}, known, "webhook.eventTypes");
  ASSERT_EQ(refused.error().violations.size(), 2u);
  EXPECT_EQ(refused.error().violations[0].field, "webhook.eventTypes[1]");
  EXPECT_EQ(refused.error().violations[0].reason, "UNKNOWN_VALUE");
  EXPECT_EQ(refused.error().violations[1].reason, "DUPLICATE_VALUE");
}

}  // namespace
}  // namespace lanting::webhooks
