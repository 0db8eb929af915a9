// The one way into a community: CreateMember, BatchCreateMembers, invite links, approved applications and imports all
// end here, so that capacity, the waiting list and uniqueness are decided in one place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/member.h"
#include "platform/base/result.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

// One person who wants in.
struct JoinItem {
  Id community;
  Person person;
  JoinSource source = JoinSource::kStaff;
  // Invite links only: the code presented. The link is found, checked and used up by Join.
  std::string invite_code;
  // The person must have accepted the house rules in force (gates: yes; staff and imports: no).
  bool rules_required = false;
  Id member_id;  // made by the caller
};

struct JoinContext {
  Time now;
  std::string traceparent;
};

// Loads what the items need (communities locked FOR NO KEY UPDATE in the order of their ids, so that batches cannot
// deadlock), lets domain/join decide item by item in order, and fills `work` with one effect, and the events, for the
// items that were let in or put on the waiting list. The result has one entry per item, in order; an item that is
// refused (duplicate, rules not accepted, unknown community, ...) has no effect and does not hurt the others. An Error
// of the whole call means that nothing may be applied.
Result<std::vector<Result<Member>>> Join(pg::Tx& tx, idempotency::Work& work, const JoinContext& context,
                                         const std::vector<JoinItem>& items);

}  // namespace lanting::membership
