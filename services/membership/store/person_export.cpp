#include "membership/store/person_export.h"

#include "membership/store/columns.h"
#include "membership/store/erasure_store.h"
#include "membership/store/member_store.h"
#include "membership/store/profile_store.h"
#include "membership/store/sql_erasure.h"
#include "membership/store/sql_member.h"
#include "membership/store/sql_merge.h"
#include "membership/store/staff_store.h"

namespace lanting::membership::person_data {
namespace {

void ReadHistory(pg::Tx& tx, Everything& all) {
  for (const auto& row : tx.Run(sql::kHistoryOf, tx.tenant(), all.scope.members, kMaxListed)) {
    all.history.push_back({pg::GetId(row["member_id"]), pg::GetInt32(row["kind"]),
                           columns::ParseTexts(pg::GetString(row["detail"])), pg::GetString(row["actor"]),
                           pg::GetTime(row["at"])});
  }
}

void ReadImportErrors(pg::Tx& tx, Everything& all) {
  for (const auto& row :
       tx.Run(sql::kRowErrorsAbout, tx.tenant(), all.scope.community, all.scope.WordsOfMessages(), kMaxListed)) {
    all.import_errors.push_back(
        {pg::GetId(row["import_id"]),
         {pg::GetInt32(row["row_number"]), pg::GetInt32(row["line"]), pg::GetString(row["column_name"]),
          pg::GetString(row["reason"]), pg::GetString(row["message"])}});
  }
}

void ReadReplies(pg::Tx& tx, Everything& all) {
  const auto subject = erasure_store::SubjectOf(all.scope);
  const auto needles = erasure_store::Needles(subject);
  std::vector<pg::Bytes> bytes;
  for (const auto& needle : needles) bytes.push_back({needle});
  for (const auto& row : tx.Run(sql::kRepliesAbout, tx.tenant(), bytes, kMaxListed)) {
    const auto method = pg::GetString(row["method"]);
    auto text = reply_data::PartsAbout(method, pg::GetBytes(row["response"]), subject);
    if (!text.empty()) all.replies.push_back({method, std::move(text), pg::GetTime(row["created_at"])});
  }
}

}  // namespace

Result<Everything> Export(pg::Tx& tx, const Id& community, const Id& member) {
  Everything all;
  ASSIGN_OR_RETURN(all.scope, FindScope(tx, community, member));
  for (const auto& id : all.scope.members) {
    const auto rows = tx.Run(sql::kGetMemberRow, tx.tenant(), id, community);
    if (!rows.empty()) all.members.push_back(ReadMember(rows.front()));
  }
  for (const auto& row : tx.Run(sql::kAcceptancesOf, tx.tenant(), all.scope.members, kMaxListed)) {
    all.acceptances.push_back({pg::GetInt32(row["version"]), pg::GetTime(row["accept_time"])});
  }
  ReadHistory(tx, all);
  for (const auto& row : tx.Run(sql::kMergesOf, tx.tenant(), all.scope.members, kMaxListed)) {
    all.merges.push_back(merge_store::Read(row));
  }
  for (const auto& row : tx.Run(sql::kNotesOf, tx.tenant(), all.scope.members, kMaxListed)) {
    all.notes.push_back(profile_store::ReadNote(row));
  }
  for (const auto& row : tx.Run(sql::kStaffOf, tx.tenant(), all.scope.members, kMaxListed)) {
    all.staff.push_back(staff_store::Read(row));
  }
  ReadImportErrors(tx, all);
  ReadReplies(tx, all);
  constexpr auto kMost = static_cast<std::size_t>(kMaxListed);
  for (auto size : {all.acceptances.size(), all.history.size(), all.merges.size(), all.import_errors.size(),
                    all.replies.size(), all.notes.size(), all.staff.size()}) {
    all.truncated |= size >= kMost;
  }
  return all;
}

}  // namespace lanting::membership::person_data
