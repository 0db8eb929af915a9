// Duplicates: who may be the same person as whom.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "membership/domain/duplicate.h"
#include "platform/base/result.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::person_store {

struct Duplicate {
  PersonTraits member, other;
  DuplicateMatch match;
};

// Most members that one call of ListDuplicates looks at, and others it compares each with for one reason.
inline constexpr int kMembersPerCall = 1000;
inline constexpr int kOthersPerReason = 20;

// Likeliest first, at most `limit`. MEMBER_NOT_FOUND.
Result<std::vector<Duplicate>> FindDuplicates(pg::Tx& tx, const Id& community, const Id& member, std::size_t limit);

// Where a walk over the pairs of a community stands: after the pairs of `member`, or, with `other`, after that one.
struct DuplicateCursor {
  Id member, other;
};
struct DuplicatePage {
  std::vector<Duplicate> duplicates;
  std::optional<DuplicateCursor> next;
};
DuplicatePage ListDuplicates(pg::Tx& tx, const Id& community, const DuplicateCursor& after, std::size_t limit);

// Says the effect. MEMBER_NOT_FOUND for either.
Result<void> DismissDuplicate(pg::Tx& tx, idempotency::Work& work, const Id& community, const Id& member,
                              const Id& other, const std::string& actor, Time now);

}  // namespace lanting::membership::person_store
