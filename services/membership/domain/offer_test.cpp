#include "membership/domain/offer.h"

#include <gtest/gtest.h>

namespace lanting::membership {
namespace {

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 5 / 1}};

std::string Reason(const Result<void>& result) { return result.ok() ? "" : result.error().reason; }

TEST(Offer, OnlyWhatIsOfferedIsAcceptedOrDeclinedAndInTimeOnly) {
  for (auto state : {MemberState::kActive, MemberState::kWaiting, MemberState::kLeft, MemberState::kMerged}) {
    Member member{.state = state};
    EXPECT_EQ(Reason(CheckOffered(member)), "NOT_OFFERED");
    EXPECT_EQ(Reason(CheckAccept(member, kNow)), "NOT_OFFERED");
  }
  Member member{.state = MemberState::kOffered, .offer_expire_time = OfferUntil(kNow, 30)};
  EXPECT_EQ(Reason(CheckOffered(member)), "");
  EXPECT_EQ(Reason(CheckAccept(member, kNow + std::chrono::minutes(30) - std::chrono::microseconds(1))), "");
  EXPECT_EQ(Reason(CheckAccept(member, kNow + std::chrono::minutes(30))), "OFFER_EXPIRED");
  EXPECT_EQ(CheckAccept(member, kNow + std::chrono::minutes(31)).error().metadata.at("offer_expire_time"),
            "2026-05-01T00:30:00Z");
}

TEST(Offer, TheThirdUnansweredIsTheLast) {
  EXPECT_FALSE(LeavesAfter(0));
  EXPECT_FALSE(LeavesAfter(1));
  EXPECT_TRUE(LeavesAfter(2));
  for (auto locale : {"zh-CN", "en"}) {
    EXPECT_FALSE(DeclinedReason(locale).empty());
    EXPECT_NE(DeclinedReason(locale), UnansweredReason(locale));
  }
}

}  // namespace
}  // namespace lanting::membership
