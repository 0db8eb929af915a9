// A person's right to be forgotten. What is forgotten is listed in sql_erasure.h.
#pragma once

#include <optional>
#include <string>

#include "membership/domain/erasure.h"
#include "membership/store/join_store.h"
#include "membership/store/person_data.h"
#include "membership/store/reply_data.h"
#include "platform/base/result.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::erasure_store {

struct ErasureRecord {
  Id id, community, member;
  ErasureReason reason{};
  std::string actor;
  Time erase_time;
};

ErasureRecord Read(const pqxx::row& row);
std::optional<ErasureRecord> Get(pg::Tx& tx, const Id& community, const Id& erasure);

// Forgets the person in this transaction. Who is in leaves first, and the first of the waiting list take the place. The
// proof of the member, or of the one that it is part of; the older one if it was erased before, which is done all the
// same. MEMBER_NOT_FOUND, IMPORT_RUNNING.
Result<ErasureRecord> Erase(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                            const Id& member, ErasureReason reason, const std::string& actor);

// What to look for in remembered replies, and the bytes that find those.
reply_data::Subject SubjectOf(const person_data::Scope& scope);
std::vector<std::string> Needles(const reply_data::Subject& subject);

}  // namespace lanting::membership::erasure_store
