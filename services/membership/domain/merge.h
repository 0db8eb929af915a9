// Two members that are one person become one, and two again. Pure: decides on what the store has loaded and locked.
//
//   target, source: ACTIVE, WAITING or OFFERED       source --merge--> MERGED --undo--> ACTIVE or WAITING
//
// What the target has wins; the source fills the gaps. An undo goes field by field: what still is as the merge left it
// goes back, what somebody changed meanwhile stays.
#pragma once

#include <string>
#include <vector>

#include "membership/domain/member.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Numbers of the proto enum; stored as such.
enum class MergeState : std::int16_t { kDone = 1, kUndone = 2, kErased = 3 };

// A field of the target that got another value, as text (FieldText).
struct FieldChange {
  std::string field, before, after;
  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

// What of the source goes where.
struct MergePlan {
  Member target, source;  // as they will be
  std::vector<FieldChange> fields;
  std::vector<ChannelIdentity> identities_moved;  // to the target
  std::vector<ChannelIdentity> identities_kept;   // with the source: the target has one on that channel
  std::vector<std::string> tags_moved, tags_dropped;
  std::vector<Id> places_moved, places_dropped;  // topic groups
  std::vector<Id> freed_groups;                  // first places that fall free
  int left_queue = 0;                            // how many of the two wait no longer
  bool target_joined = false;                    // came in from the waiting list, by the source's place
};

// MEMBER_GONE unless both are in or wait. They must be two of the same community. A target that waits takes the place
// of an ACTIVE source; of two who wait, it takes the better ticket.
Result<MergePlan> DecideMerge(const Member& target, const Member& source, Time now);

// Writes back what of `fields` still is as the merge left it; those that went back.
std::vector<FieldChange> UndoFields(Member& target, const std::vector<FieldChange>& fields);

// MERGE_NOT_UNDOABLE unless the source still is part of the target, which is in or waits.
Result<void> CheckUndo(MergeState state, const Member& target, const Member& source);

}  // namespace lanting::membership
