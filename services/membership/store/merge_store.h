// Merges of members, and their undo. Both hold the lock of the community, then those of the two members.
#pragma once

#include <optional>
#include <string>

#include "lanting/membership/v1/person.pb.h"
#include "membership/domain/merge.h"
#include "membership/store/join_store.h"
#include "platform/base/result.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::merge_store {

struct MergeRecord {
  Id id, community, target, source;
  std::string reason;
  v1::MergeSnapshot snapshot;  // empty once undone or erased
  MergeState state = MergeState::kDone;
  std::string actor;
  Time create_time;
  std::optional<Time> undo_time;
};

MergeRecord Read(const pqxx::row& row);
std::optional<MergeRecord> Get(pg::Tx& tx, const Id& community, const Id& merge);

// Who wants it, and why.
struct MergeRequest {
  Id community, target, source;
  std::string reason, actor;
};

// Makes `source` part of `target`; the first of the waiting list take what falls free. MEMBER_NOT_FOUND, MEMBER_GONE,
// INVALID_FIELDS if they are one member. May say the effect of `work`.
Result<MergeRecord> Merge(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const MergeRequest& request);

// MERGE_NOT_FOUND, MERGE_NOT_UNDOABLE. May say the effect of `work`.
Result<MergeRecord> Undo(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                         const Id& merge, const std::string& actor);

}  // namespace lanting::membership::merge_store
