#include "membership/store/application_store.h"

#include "membership/domain/errors.h"
#include "membership/domain/gate_errors.h"
#include "membership/domain/join.h"
#include "membership/store/columns.h"
#include "membership/store/gate_store.h"
#include "membership/store/identity_arrays.h"
#include "membership/store/sql_application.h"

namespace lanting::membership::application_store {
namespace {

int Number(auto e) { return static_cast<int>(e); }

std::optional<std::string> OrNull(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

void ExpectConflicts(idempotency::Work& work, const Application& a) {
  if (!a.person.identities.empty()) {  // taken since the view was read: any of them
    const auto& first = a.person.identities[0];
    work.OnConflict("application_identity_pkey",
                    errors::ApplicationOpen(ChannelName(first.channel), first.user_id, ""));
  }
  work.OnConflict("application_payment_key", errors::PaymentReferenceTaken(a.payment_reference));
}

}  // namespace

std::optional<ApplicationView> GetView(pg::Tx& tx, const Application& a) {
  IdentityArrays identities(a.person.identities);
  auto rows = tx.Run(sql::kSubmissionView, tx.tenant(), a.community, a.gate, identities.channels, identities.user_ids);
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  ApplicationView view{.house_rules_version = pg::GetInt32(row["house_rules_version"]),
                       .locale = pg::GetString(row["locale"]),
                       .open = pg::GetInt32(row["community_state"]) == 1};
  if (!row["id"].is_null()) view.gate = gate_store::ReadGate(row);
  if (!row["channel"].is_null()) {
    view.taken = ChannelIdentity{static_cast<Channel>(pg::GetInt32(row["channel"])), pg::GetString(row["user_id"])};
    view.open_application = pg::GetOptionalId(row["application_id"]).value_or(Id());
  }
  return view;
}

void Submit(idempotency::Work& work, const Id& tenant, const Application& a) {
  IdentityArrays identities(a.person.identities);
  ExpectConflicts(work, a);
  work.Do(sql::kSubmitApplication, tenant, a.id, a.community, a.gate, a.person.display_name,
          OrNull(a.person.external_id), pg::Bytes{columns::PackForm(a)}, a.person.accepted_rules_version,
          Number(a.state), a.version, a.create_time, a.payment_reference, a.decision_reason, a.member, a.decide_time,
          identities.channels, identities.user_ids);
}

void InsertDecided(pg::Tx& tx, const Application& a) {
  tx.Run(sql::kInsertDecided, tx.tenant(), a.id, a.community, a.gate, a.person.display_name,
         OrNull(a.person.external_id), pg::Bytes{columns::PackForm(a)}, a.person.accepted_rules_version,
         Number(a.state), a.version, a.create_time, a.payment_reference, a.decision_reason, a.member, a.decide_time);
}

Application Read(const pqxx::row& row) {
  Application a;
  a.id = pg::GetId(row["id"]);
  a.community = pg::GetId(row["community_id"]);
  a.gate = pg::GetId(row["gate_id"]);
  a.person.display_name = pg::GetString(row["display_name"]);
  a.person.external_id = pg::GetString(row["external_id"]);
  a.person.accepted_rules_version = pg::GetInt32(row["accepted_rules_version"]);
  columns::UnpackForm(pg::GetBytes(row["form"]), &a);
  a.payment_reference = pg::GetString(row["payment_reference"]);
  a.state = static_cast<ApplicationState>(pg::GetInt32(row["state"]));
  a.decision_reason = pg::GetString(row["decision_reason"]);
  a.member = pg::GetOptionalId(row["member_id"]).value_or(Id());
  a.version = pg::GetInt(row["version"]);
  a.create_time = pg::GetTime(row["create_time"]);
  a.decide_time = pg::GetOptionalTime(row["decide_time"]);
  a.contact_time = pg::GetOptionalTime(row["contact_time"]);
  if (!row["values_fit"].is_null()) a.values_fit = pg::GetInt32(row["values_fit"]);
  return a;
}

std::optional<Application> Get(pg::Tx& tx, const Id& community, const Id& application) {
  auto rows = tx.Run(sql::kGetApplication, tx.tenant(), community, application);
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

std::vector<Pending> Lock(pg::Tx& tx, const Id& community, const std::vector<Id>& applications) {
  std::vector<Pending> locked;
  for (const auto& row : tx.Run(sql::kLockApplications, tx.tenant(), community, applications)) {
    locked.push_back({.application = Read(row),
                      .gate = static_cast<GateKind>(pg::GetInt32(row["kind"])),
                      .group = pg::GetOptionalId(row["group_id"]).value_or(Id())});
  }
  return locked;
}

std::optional<Pending> Lock(pg::Tx& tx, const Id& community, const Id& application) {
  auto locked = Lock(tx, community, std::vector<Id>{application});
  if (locked.empty()) return std::nullopt;
  return std::move(locked.front());
}

void Decide(idempotency::Work& work, const Id& tenant, const Application& a) {
  work.Do(sql::kDecideApplication, tenant, a.id, Number(a.state), a.decision_reason, a.member, a.decide_time, a.version,
          a.values_fit);
}

void DecideNow(pg::Tx& tx, const Application& a) {
  tx.Run(sql::kDecideApplicationNow, tx.tenant(), a.id, Number(a.state), a.decision_reason, a.member, a.decide_time,
         a.version, a.values_fit);
}

void ConfirmContact(idempotency::Work& work, const Id& tenant, const Application& a) {
  work.Do(sql::kConfirmContact, tenant, a.id, Number(a.state), a.contact_time, a.version);
}

std::vector<IdentityAttempts> GetAttempts(pg::Tx& tx, const Application& a) {
  IdentityArrays identities(a.person.identities);
  std::vector<IdentityAttempts> attempts;
  for (const auto& row :
       tx.Run(sql::kAttempts, tx.tenant(), a.community, a.gate, identities.channels, identities.user_ids)) {
    attempts.push_back({pg::GetInt32(row["attempts"]), pg::GetTime(row["last_time"])});
  }
  return attempts;
}

void CountAttempt(pg::Tx& tx, const Application& a, const Gate& gate, int attempts, Time now) {
  IdentityArrays identities(a.person.identities);
  tx.Run(sql::kCountAttempt, tx.tenant(), a.community, a.gate, identities.channels, identities.user_ids, attempts, now,
         now + gate.retry_after);
}

int ForgetOldAttempts(pg::Tx& tx, int limit) {
  return pg::GetInt32(tx.Run(sql::kForgetOldAttempts, limit)[0]["forgotten"]);
}

void ForgetAttempts(pg::Tx& tx, const Application& a) {
  IdentityArrays identities(a.person.identities);
  tx.Run(sql::kForgetAttempts, tx.tenant(), a.community, a.gate, identities.channels, identities.user_ids);
}

std::vector<PrerequisiteStanding> GetStandings(pg::Tx& tx, const Prerequisite& condition, const Person& person) {
  IdentityArrays identities(person.identities);
  std::vector<PrerequisiteStanding> standings;
  for (const auto& row : tx.Run(sql::kStandings, tx.tenant(), condition.community, OrNull(person.external_id),
                                identities.channels, identities.user_ids, condition.group, condition.tag)) {
    standings.push_back({.in_group = pg::GetBool(row["in_group"]),
                         .tagged = pg::GetBool(row["tagged"]),
                         .join_time = pg::GetTime(row["join_time"])});
  }
  return standings;
}

}  // namespace lanting::membership::application_store
