#include "membership/domain/offer.h"

#include "membership/domain/gate_errors.h"

namespace lanting::membership {
namespace {

const char* StateName(MemberState state) {
  switch (state) {
    case MemberState::kActive:
      return "ACTIVE";
    case MemberState::kWaiting:
      return "WAITING";
    case MemberState::kLeft:
      return "LEFT";
    case MemberState::kOffered:
      return "OFFERED";
    case MemberState::kMerged:
      return "MERGED";
  }
  return "";
}

}  // namespace

Result<void> CheckOffered(const Member& member) {
  if (member.state != MemberState::kOffered) return errors::NotOffered(StateName(member.state));
  return {};
}

Result<void> CheckAccept(const Member& member, Time now) {
  RETURN_IF_ERROR(CheckOffered(member));
  if (*member.offer_expire_time <= now) return errors::OfferExpired(InstantText(*member.offer_expire_time));
  return {};
}

std::string DeclinedReason(const std::string& locale) {
  return locale == "en" ? "Declined the place that was offered." : "谢绝了候补名额。";
}

std::string UnansweredReason(const std::string& locale) {
  return locale == "en" ? "Did not answer three offers of a place." : "三次未回应候补名额。";
}

}  // namespace lanting::membership
