// What happened to a member, in order, and in words. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "platform/base/clock.h"

namespace lanting::membership {

// Numbers of lanting.membership.v1.TimelineKind; those from 10 on are written down by store/history.h.
enum class TimelineKind : std::int16_t {
  kApplied = 1,
  kApplicationApproved = 2,
  kWaitlisted = 3,
  kJoined = 4,
  kHouseRulesAccepted = 5,
  kNoted = 6,
  kMoved = 10,
  kPlaced = 11,
  kUnplaced = 12,
  kOffered = 13,
  kOfferLapsed = 14,
  kTagged = 15,
  kUpdated = 16,
  kMerged = 17,
  kMergeUndone = 18,
  kLeft = 19,
  kOnboarded = 20,
  kErased = 21,
};

struct TimelineEntry {
  TimelineKind kind{};
  Time time;
  std::string actor;
  std::map<std::string, std::string> details;
  std::string key;  // unique among the entries of one time; later ones have a greater key
};

// One line for people to read; Simplified Chinese unless the locale is "en". Without the ids in the details.
std::string TimelineText(const TimelineEntry& entry, std::string_view locale);

}  // namespace lanting::membership
