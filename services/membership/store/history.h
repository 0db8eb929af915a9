// What happened to members after they joined, for their timeline. Append only.
#pragma once

#include <map>
#include <string>

#include "platform/base/clock.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

// Numbers of lanting.membership.v1.TimelineKind that are stored; others are read from where they are kept.
enum class HistoryKind : std::int16_t {
  kMoved = 10,        // "from", "to": groups; to another first group
  kPlaced = 11,       // "group"
  kUnplaced = 12,     // "group"
  kOffered = 13,      // "group", "until"
  kOfferLapsed = 14,  // "declined": true | false
  kTagged = 15,       // "added", "removed"
  kUpdated = 16,      // "fields"
  kMerged = 17,       // "source": the member that became part of this one; "merge"
  kMergeUndone = 18,  // "source", "merge"
  kLeft = 19,         // "text": the reason
  kOnboarded = 20,    // "step"
  kErased = 21,       //
};

// Writes one line, now, in the transaction.
void AddHistory(pg::Tx& tx, const Id& community, const Id& member, HistoryKind kind,
                const std::map<std::string, std::string>& detail, const std::string& actor, Time at);

}  // namespace lanting::membership
