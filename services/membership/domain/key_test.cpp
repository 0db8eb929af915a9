#include "membership/domain/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/domain/names.h"

namespace lanting::membership {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Time kNow{std::chrono::seconds(1'790'000'000)};

Key Made(std::optional<Time> expire = {}) {
  Key key{.id = Id::New(),
          .display_name = "公众号后台",
          .scopes = {"members.*"},
          .expire_time = expire,
          .create_time = kNow - hours(24)};
  if (expire) key.lifetime = std::chrono::ceil<seconds>(*expire - key.create_time);
  return key;
}

std::string ReasonOf(const Result<Key>& r) { return r.ok() ? "" : r.error().reason; }

TEST(RotateTest, TheNewKeyDoesWhatTheOldOneDidAndTheOldOneEndsAfterTheOverlap) {
  auto old = Made();
  old.role = StaffRole::kModerator;
  const auto fresh = Rotate(old, {}, {}, {}, kNow);
  ASSERT_TRUE(fresh.ok());
  EXPECT_NE(fresh->id, old.id);
  EXPECT_EQ(fresh->display_name, old.display_name);
  EXPECT_EQ(fresh->scopes, old.scopes);
  EXPECT_EQ(fresh->role, old.role);
  EXPECT_EQ(fresh->rotated_from, old.id);
  EXPECT_EQ(fresh->expire_time, std::nullopt);
  EXPECT_EQ(old.expire_time, kNow + hours(24));
  EXPECT_EQ(old.replaced_by, fresh->id);
  EXPECT_EQ(old.version, 2);
}

TEST(RotateTest, NobodyLivesLongerByIt) {
  auto soon = Made(kNow + hours(1));
  ASSERT_TRUE(Rotate(soon, {}, {}, {.overlap = hours(48)}, kNow).ok());
  EXPECT_EQ(soon.expire_time, kNow + hours(1));

  auto at_once = Made();
  ASSERT_TRUE(Rotate(at_once, {}, {}, {.overlap = seconds(0)}, kNow).ok());
  EXPECT_FALSE(IsActive(at_once, kNow));
}

TEST(RotateTest, TheNewKeyLivesAsLongAsTheOldOneWasMadeFor) {
  auto old = Made(kNow + hours(24 * 6));  // made for a week
  const auto fresh = Rotate(old, {}, {}, {}, kNow);
  EXPECT_EQ(fresh->expire_time, kNow + hours(24 * 7));
  EXPECT_EQ(fresh->lifetime, hours(24 * 7));
  // Rotated again, since the first successor was revoked: still a week.
  auto revoked = *fresh;
  revoked.revoke_time = kNow;
  const auto again = Rotate(old, {}, revoked, {}, kNow + hours(1));
  EXPECT_EQ(again->expire_time, kNow + hours(1 + 24 * 7));
  auto other = Made();
  EXPECT_EQ(Rotate(other, {}, {}, {.expire_time = kNow + hours(2)}, kNow)->expire_time, kNow + hours(2));
}

TEST(RotateTest, AtMostTwoOfALineAreActive) {
  auto first = Made();
  auto second = *Rotate(first, {}, {}, {.overlap = hours(2)}, kNow);
  EXPECT_EQ(ReasonOf(Rotate(first, {}, second, {}, kNow)), "KEY_ALREADY_ROTATED") << "its successor is active";
  EXPECT_EQ(ReasonOf(Rotate(second, first, {}, {}, kNow)), "KEY_ALREADY_ROTATED") << "the one before is active";
  EXPECT_EQ(Rotate(second, first, {}, {}, kNow).error().metadata.at("other"), names::Key(first.id));
  EXPECT_TRUE(Rotate(second, first, {}, {}, kNow + hours(2)).ok()) << "the one before has expired";
  auto revoked = second;
  revoked.revoke_time = kNow;
  EXPECT_TRUE(Rotate(first, {}, revoked, {}, kNow).ok()) << "what replaced it was revoked";
}

TEST(RotateTest, WhatHasEndedIsNotRotated) {
  auto expired = Made(kNow);
  EXPECT_EQ(ReasonOf(Rotate(expired, {}, {}, {}, kNow)), "KEY_NOT_ACTIVE");
  auto revoked = Made();
  revoked.revoke_time = kNow - seconds(1);
  EXPECT_EQ(ReasonOf(Rotate(revoked, {}, {}, {}, kNow)), "KEY_NOT_ACTIVE");
  for (const auto overlap : {seconds(-1), seconds(30 * 86'400 + 1)}) {
    auto key = Made();
    EXPECT_EQ(ReasonOf(Rotate(key, {}, {}, {.overlap = overlap}, kNow)), "INVALID_FIELDS");
    EXPECT_EQ(key.version, 1);
  }
  auto key = Made();
  EXPECT_EQ(ReasonOf(Rotate(key, {}, {}, {.expire_time = kNow}, kNow)), "INVALID_FIELDS");
}

TEST(KeyTest, ARoleBringsItsScopes) {
  Key key{.id = Id::New(), .display_name = "小王", .role = StaffRole::kVolunteer};
  ASSERT_TRUE(CompleteNewKey(key, kNow).ok());
  EXPECT_THAT(key.scopes, ::testing::Contains("duties.complete"));
  Key narrower{.id = Id::New(), .display_name = "小王", .scopes = {"duties.read"}, .role = StaffRole::kVolunteer};
  ASSERT_TRUE(CompleteNewKey(narrower, kNow).ok());
  EXPECT_THAT(narrower.scopes, ::testing::ElementsAre("duties.read")) << "what is said wins";
  Key nothing{.id = Id::New(), .display_name = "小王"};
  EXPECT_EQ(CompleteNewKey(nothing, kNow).error().violations.front().reason, "REQUIRED");
}

TEST(KeyTest, State) {
  auto key = Made(kNow);
  EXPECT_EQ(StateOf(key, kNow - seconds(1)), KeyState::kActive);
  EXPECT_EQ(StateOf(key, kNow), KeyState::kExpired);
  key.revoke_time = kNow;
  EXPECT_EQ(StateOf(key, kNow), KeyState::kRevoked);
}

}  // namespace
}  // namespace lanting::membership
