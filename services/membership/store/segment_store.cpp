#include "membership/store/segment_store.h"

#include "membership/store/join_store.h"
#include "membership/store/sql_segment.h"

namespace lanting::membership::segment_store {
namespace {

std::optional<Segment> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

pqxx::result RunFiltered(pg::Tx& tx, const Id& community, const paging::Filter& filter, const char* select,
                         const char* not_left, const char* tail) {
  std::vector<paging::Param> params{tx.tenant().ToUuid(), community.ToUuid()};
  std::string sql = select;
  if (!filter.Uses("state")) sql += not_left;
  sql += filter.ToSql(params);
  return tx.RunDynamic(sql + tail, {params.begin(), params.end()});
}

}  // namespace

Segment Read(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .community = pg::GetId(row["community_id"]),
          .display_name = pg::GetString(row["display_name"]),
          .filter = pg::GetString(row["filter"]),
          .description = pg::GetString(row["description"]),
          .create_time = pg::GetTime(row["create_time"]),
          .update_time = pg::GetTime(row["update_time"]),
          .version = pg::GetInt(row["version"])};
}

std::optional<Segment> Get(pg::Tx& tx, const Id& community, const Id& segment) {
  return First(tx.Run(sql::kGetSegment, tx.tenant(), community, segment));
}

std::optional<Segment> Lock(pg::Tx& tx, const Id& community, const Id& segment) {
  return First(tx.Run(sql::kLockSegment, tx.tenant(), community, segment));
}

std::vector<Segment> GetMany(pg::Tx& tx, const Id& community, const std::vector<Id>& ids) {
  std::vector<Segment> segments;
  for (const auto& row : ids.empty() ? tx.Run(sql::kAllSegments, tx.tenant(), community)
                                     : tx.Run(sql::kSomeSegments, tx.tenant(), community, ids))
    segments.push_back(Read(row));
  return segments;
}

std::optional<int> CountForCreation(pg::Tx& tx, const Id& community) {
  if (!LockCommunity(tx, community)) return std::nullopt;
  return pg::GetInt32(tx.Run(sql::kCountSegments, tx.tenant(), community)[0][0]);
}

void Create(idempotency::Work& work, const Id& tenant, const Segment& s) {
  work.Do(sql::kCreateSegment, tenant, s.id, s.community, s.display_name, s.filter, s.description, s.create_time,
          s.version);
}

void Update(idempotency::Work& work, const Id& tenant, const Segment& s) {
  work.Do(sql::kUpdateSegment, tenant, s.id, s.display_name, s.filter, s.description, s.update_time, s.version);
}

void Delete(idempotency::Work& work, const Id& tenant, const Segment& s) { work.Do(sql::kDeleteSegment, tenant, s.id); }

std::int64_t CountMembers(pg::Tx& tx, const Id& community, const paging::Filter& filter) {
  tx.Run(sql::kPlanCount);
  return pg::GetInt(RunFiltered(tx, community, filter, sql::kCountMembers, sql::kNotLeftToCount, "")[0][0]);
}

std::vector<Id> SampleMembers(pg::Tx& tx, const Id& community, const paging::Filter& filter) {
  tx.Run(sql::kPlanPage);
  std::vector<Id> members;
  for (const auto& row : RunFiltered(tx, community, filter, sql::kSampleMembers, sql::kNotLeft, sql::kSampleTail))
    members.push_back(pg::GetId(row["id"]));
  return members;
}

}  // namespace lanting::membership::segment_store
