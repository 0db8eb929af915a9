#include "membership/store/erasure_store.h"

#include <algorithm>

#include "membership/domain/erasure.h"
#include "membership/domain/names.h"
#include "membership/domain/person_errors.h"
#include "membership/events/publish.h"
#include "membership/events/publish_person.h"
#include "membership/store/history.h"
#include "membership/store/identity_arrays.h"
#include "membership/store/member_store.h"
#include "membership/store/sql_erasure.h"
#include "membership/store/sql_merge.h"
#include "platform/base/strings.h"

namespace lanting::membership::erasure_store {
namespace {

using person_data::Scope;

// An identifier that is shorter may stand in a reply by chance; such a reply has the person's resource name too.
constexpr std::size_t kShortestNeedle = 6;

std::vector<Id> ApplicationIds(const Scope& scope) {
  std::vector<Id> ids;
  for (const auto& a : scope.applications) ids.push_back(a.id);
  return ids;
}

// Looks twice: what is found is locked, and what was written to it meanwhile is found then.
Result<Scope> LockScope(pg::Tx& tx, const Id& community, const Id& member) {
  if (!LockCommunity(tx, community)) return errors::MemberNotFound(names::Member(community, member));
  ASSIGN_OR_RETURN(auto scope, person_data::FindScope(tx, community, member));
  tx.Run(sql::kLockMembers, tx.tenant(), community, scope.members);
  tx.Run(sql::kLockApplicationsOfPerson, tx.tenant(), ApplicationIds(scope));
  return person_data::FindScope(tx, community, member);
}

Result<void> Leave(pg::Tx& tx, const JoinContext& context, const Scope& scope) {
  for (const auto& id : scope.live) {
    idempotency::Work leaving;  // its effect is another one each time
    RETURN_IF_ERROR(RemoveMember(tx, leaving, context, scope.community, id));
    leaving.Apply(tx);
  }
  return {};
}

void ForgetReplies(pg::Tx& tx, const Scope& scope) {
  const auto subject = SubjectOf(scope);
  const auto needles = Needles(subject);
  std::vector<pg::Bytes> bytes;
  for (const auto& needle : needles) bytes.push_back({needle});
  for (const auto& row : tx.Run(sql::kRepliesAboutLocked, tx.tenant(), bytes)) {
    const auto method = pg::GetString(row["method"]);
    const auto forgotten = reply_data::Forget(method, pg::GetBytes(row["response"]), subject);
    tx.Run(sql::kRewriteReply, tx.tenant(), pg::GetString(row["subject"]), method, pg::GetString(row["request_id"]),
           pg::Bytes{forgotten});
  }
}

void ForgetApplications(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Scope& scope,
                        const std::string& name) {
  const auto ids = ApplicationIds(scope);
  for (const auto& statement : sql::kForgetApplications) tx.Run(statement, tx.tenant(), ids);
  for (const auto& row : tx.Run(sql::kForgetApplicationRows, tx.tenant(), ids, name, context.now)) {
    if (!pg::GetBool(row["rejected"])) continue;
    Application rejected{.id = pg::GetId(row["id"]), .community = scope.community};
    rejected.version = pg::GetInt(row["version"]);
    work.Publish(events::ApplicationRejected(rejected, context));
  }
}

// What staff wrote elsewhere: who runs a group, why it was split, and segments of one person.
void ForgetMentions(pg::Tx& tx, const Id& community, const std::vector<std::string>& names, const std::string& erased) {
  tx.Run(sql::kForgetGroupOwner, tx.tenant(), community, names, erased);
  for (const auto& row : tx.Run(sql::kSplitReasons, tx.tenant(), community)) {
    const auto reason = pg::GetString(row["reason"]);
    const bool names_them =
        std::any_of(names.begin(), names.end(), [&](const auto& known) { return Mentions(reason, known); });
    if (names_them) tx.Run(sql::kForgetSplitReason, tx.tenant(), pg::GetId(row["id"]));
  }
  for (const auto& row : tx.Run(sql::kSegmentFilters, tx.tenant(), community)) {
    const auto filter = pg::GetString(row["filter"]);
    const auto forgotten = ForgetInFilter(filter, names, erased);
    if (forgotten != filter) tx.Run(sql::kRewriteFilter, tx.tenant(), pg::GetId(row["id"]), forgotten);
  }
}

// Attempts at gates, files that wait, and what staff wrote elsewhere.
void ForgetTraces(pg::Tx& tx, const Scope& scope, const std::string& name) {
  const IdentityArrays arrays(scope.identities);
  tx.Run(sql::kForgetGateAttempts, tx.tenant(), scope.community, arrays.channels, arrays.user_ids);
  tx.Run(sql::kForgetUploads, tx.tenant(), scope.community);
  auto names = scope.Identifiers();
  names.insert(names.end(), scope.display_names.begin(), scope.display_names.end());
  ForgetMentions(tx, scope.community, names, name);
}

}  // namespace

reply_data::Subject SubjectOf(const Scope& scope) {
  // Not by display names: others have the same.
  return {.names = scope.ResourceNames(), .identifiers = scope.Identifiers()};
}

std::vector<std::string> Needles(const reply_data::Subject& subject) {
  auto needles = subject.names;
  for (const auto& identifier : subject.identifiers) {
    if (identifier.size() >= kShortestNeedle) needles.push_back(identifier);
  }
  return needles;
}

ErasureRecord Read(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .community = pg::GetId(row["community_id"]),
          .member = pg::GetId(row["member_id"]),
          .reason = static_cast<ErasureReason>(pg::GetInt(row["reason"])),
          .actor = pg::GetString(row["actor"]),
          .erase_time = pg::GetTime(row["erase_time"])};
}

std::optional<ErasureRecord> Get(pg::Tx& tx, const Id& community, const Id& erasure) {
  const auto rows = tx.Run(sql::kGetErasure, tx.tenant(), community, erasure);
  if (rows.empty()) return std::nullopt;
  return Read(rows.front());
}

Result<ErasureRecord> Erase(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                            const Id& member, ErasureReason reason, const std::string& actor) {
  ASSIGN_OR_RETURN(const auto scope, LockScope(tx, community, member));
  if (auto running = tx.Run(sql::kRunningImport, tx.tenant(), community); !running.empty()) {
    return errors::ImportRunning(names::MemberImport(community, pg::GetId(running.front()["id"])));
  }
  RETURN_IF_ERROR(Leave(tx, context, scope));

  const auto locale = tx.Run(sql::kCommunityLocale, tx.tenant(), community);
  const auto name = ErasedName(pg::GetString(locale.front()["locale"]));
  for (const auto& statement : sql::kForgetMembers) tx.Run(statement, tx.tenant(), scope.members);
  ForgetApplications(tx, work, context, scope, name);
  tx.Run(sql::kForgetRowErrors, tx.tenant(), community, scope.WordsOfMessages());
  ForgetReplies(tx, scope);
  ForgetTraces(tx, scope, name);

  std::vector<Id> ids;
  for (std::size_t i = 0; i < scope.members.size(); ++i) ids.push_back(Id::New(context.now));
  std::vector<Id> anew;
  for (const auto& row : tx.Run(sql::kInsertErasures, tx.tenant(), ids, scope.members, community,
                                static_cast<std::int32_t>(reason), actor, context.now)) {
    anew.push_back(pg::GetId(row["member_id"]));
  }
  for (const auto& row : tx.Run(sql::kForgetMemberRows, tx.tenant(), scope.members, name, context.now)) {
    const auto id = pg::GetId(row["id"]);
    if (std::find(anew.begin(), anew.end(), id) == anew.end()) continue;
    AddHistory(tx, community, id, HistoryKind::kErased, {}, actor, context.now);
    work.Publish(events::MemberErased(community, id, pg::GetInt(row["version"]), context));
  }
  const auto proof = tx.Run(sql::kErasureOfMember, tx.tenant(), scope.members.front());
  return Read(proof.front());
}

}  // namespace lanting::membership::erasure_store
