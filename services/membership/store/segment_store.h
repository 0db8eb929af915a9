// Segments: rows in, rows out; and how many members a filter finds. Reads run in any transaction; writes say the effect
// of a Work.
#pragma once

#include <optional>
#include <vector>

#include "membership/domain/segment.h"
#include "platform/idempotency/write.h"
#include "platform/paging/filter.h"
#include "platform/pg/tx.h"

namespace lanting::membership::segment_store {

Segment Read(const pqxx::row& row);
std::optional<Segment> Get(pg::Tx& tx, const Id& community, const Id& segment);
// The same, locked until the end of the transaction.
std::optional<Segment> Lock(pg::Tx& tx, const Id& community, const Id& segment);
// In the order of creation. Of `ids`, those that the community has; all of them if there are no ids.
std::vector<Segment> GetMany(pg::Tx& tx, const Id& community, const std::vector<Id>& ids);

// How many there are, while nobody else makes one: holds the community until the end of the transaction. nullopt: no
// such community.
std::optional<int> CountForCreation(pg::Tx& tx, const Id& community);
void Create(idempotency::Work& work, const Id& tenant, const Segment& segment);
void Update(idempotency::Work& work, const Id& tenant, const Segment& segment);
void Delete(idempotency::Work& work, const Id& tenant, const Segment& segment);

// Members that the filter finds; without a state in it, of those who have not left.
std::int64_t CountMembers(pg::Tx& tx, const Id& community, const paging::Filter& filter);
// The first 10 of them, in the order of creation.
std::vector<Id> SampleMembers(pg::Tx& tx, const Id& community, const paging::Filter& filter);

}  // namespace lanting::membership::segment_store
