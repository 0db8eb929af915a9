// Offers of the waiting list: a place that falls free is kept for the first who waits, until a time. Pure rules.
//
//   WAITING --a place is free--> OFFERED --accept in time--> ACTIVE
//                                        --decline---------> LEFT
//                                        --time runs out---> WAITING, at the end; the third time LEFT
#pragma once

#include <string>

#include "membership/domain/gate_answers.h"
#include "membership/domain/member.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Unanswered offers after which a person is no longer asked.
constexpr int kMaxMissedOffers = 3;

inline Time OfferUntil(Time now, int minutes) { return now + std::chrono::minutes(minutes); }

// Refused when no place is offered to the person.
Result<void> CheckOffered(const Member& member);
// Refused too when the time has run out, whether or not somebody noticed.
Result<void> CheckAccept(const Member& member, Time now);

// Whether who missed one offer more than `missed` before leaves.
constexpr bool LeavesAfter(int missed) { return missed + 1 >= kMaxMissedOffers; }

// Why they left, for staff, in the community's language.
std::string DeclinedReason(const std::string& locale);
std::string UnansweredReason(const std::string& locale);

}  // namespace lanting::membership
