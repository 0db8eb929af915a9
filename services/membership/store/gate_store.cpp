#include "membership/store/gate_store.h"

#include "membership/domain/errors.h"
#include "membership/domain/join.h"
#include "membership/store/columns.h"
#include "membership/store/sql_gate.h"

namespace lanting::membership::gate_store {
namespace {

int Number(auto e) { return static_cast<int>(e); }

template <typename T>
std::optional<T> First(const pqxx::result& rows, T (*read)(const pqxx::row&)) {
  if (rows.empty()) return std::nullopt;
  return read(rows[0]);
}

// Channels and user ids, an array each.
struct IdentityArrays {
  std::vector<int> channels;
  std::vector<std::string> user_ids;
  explicit IdentityArrays(const std::vector<ChannelIdentity>& identities) {
    for (const auto& i : identities) {
      channels.push_back(Number(i.channel));
      user_ids.push_back(i.user_id);
    }
  }
};

}  // namespace

void CreateGate(idempotency::Work& work, const Id& tenant, const Gate& g) {
  work.Do(sql::kCreateGate, tenant, g.id, g.community, g.display_name, Number(g.kind),
          pg::Bytes{columns::Pack(g.questions)}, g.create_time);
}

Gate ReadGate(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .community = pg::GetId(row["community_id"]),
          .display_name = pg::GetString(row["display_name"]),
          .kind = static_cast<GateKind>(pg::GetInt32(row["kind"])),
          .questions = columns::UnpackQuestions(pg::GetBytes(row["questions"])),
          .create_time = pg::GetTime(row["create_time"])};
}

std::optional<Gate> GetGate(pg::Tx& tx, const Id& community, const Id& gate) {
  return First(tx.Run(sql::kGetGate, tx.tenant(), community, gate), ReadGate);
}

std::optional<LinkTargets> GetLinkTargets(pg::Tx& tx, const InviteLink& link) {
  auto rows = tx.Run(sql::kLinkTargets, tx.tenant(), link.community, link.gate, link.group);
  if (rows.empty()) return std::nullopt;
  LinkTargets targets;
  if (!rows[0]["kind"].is_null()) targets.gate_kind = static_cast<GateKind>(pg::GetInt32(rows[0]["kind"]));
  targets.group_exists = !rows[0]["group_id"].is_null();
  return targets;
}

void CreateInviteLink(idempotency::Work& work, const Id& tenant, const InviteLink& l) {
  work.Do(sql::kCreateInviteLink, tenant, l.id, l.community, l.gate, l.group, l.code, l.max_uses, l.expire_time,
          l.create_time, l.referrer, l.roll_tag);
}

InviteLink ReadInviteLink(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .community = pg::GetId(row["community_id"]),
          .gate = pg::GetId(row["gate_id"]),
          .group = pg::GetOptionalId(row["group_id"]).value_or(Id()),
          .referrer = pg::GetOptionalId(row["referrer_id"]).value_or(Id()),
          .roll_tag = pg::GetString(row["roll_tag"]),
          .revoke_time = pg::GetOptionalTime(row["revoke_time"]),
          .code = pg::GetString(row["code"]),
          .max_uses = pg::GetInt32(row["max_uses"]),
          .uses = pg::GetInt32(row["uses"]),
          .expire_time = pg::GetOptionalTime(row["expire_time"]),
          .create_time = pg::GetTime(row["create_time"])};
}

std::optional<InviteLink> GetInviteLink(pg::Tx& tx, const Id& community, const Id& link) {
  return First(tx.Run(sql::kGetInviteLink, tx.tenant(), community, link), ReadInviteLink);
}

std::optional<ApplicationView> GetView(pg::Tx& tx, const Application& a) {
  IdentityArrays identities(a.person.identities);
  auto rows = tx.Run(sql::kSubmissionView, tx.tenant(), a.community, a.gate, identities.channels, identities.user_ids);
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  ApplicationView view{.house_rules_version = pg::GetInt32(row["house_rules_version"])};
  if (!row["id"].is_null()) view.gate = ReadGate(row);
  if (!row["channel"].is_null()) {
    view.taken = ChannelIdentity{static_cast<Channel>(pg::GetInt32(row["channel"])), pg::GetString(row["user_id"])};
    view.open_application = pg::GetOptionalId(row["application_id"]).value_or(Id());
  }
  return view;
}

void Submit(idempotency::Work& work, const Id& tenant, const Application& a) {
  IdentityArrays identities(a.person.identities);
  if (!a.person.identities.empty()) {  // taken since the view was read: any of them
    const auto& first = a.person.identities[0];
    work.OnConflict("application_identity_pkey",
                    errors::ApplicationOpen(ChannelName(first.channel), first.user_id, ""));
  }
  const auto& external_id = a.person.external_id;
  work.Do(sql::kSubmitApplication, tenant, a.id, a.community, a.gate, a.person.display_name,
          external_id.empty() ? std::nullopt : std::optional(external_id), pg::Bytes{columns::PackForm(a)},
          a.person.accepted_rules_version, Number(a.state), a.version, a.create_time, identities.channels,
          identities.user_ids);
}

Application ReadApplication(const pqxx::row& row) {
  Application a;
  a.id = pg::GetId(row["id"]);
  a.community = pg::GetId(row["community_id"]);
  a.gate = pg::GetId(row["gate_id"]);
  a.person.display_name = pg::GetString(row["display_name"]);
  a.person.external_id = pg::GetString(row["external_id"]);
  a.person.accepted_rules_version = pg::GetInt32(row["accepted_rules_version"]);
  columns::UnpackForm(pg::GetBytes(row["form"]), &a);
  a.state = static_cast<ApplicationState>(pg::GetInt32(row["state"]));
  a.decision_reason = pg::GetString(row["decision_reason"]);
  a.member = pg::GetOptionalId(row["member_id"]).value_or(Id());
  a.version = pg::GetInt(row["version"]);
  a.create_time = pg::GetTime(row["create_time"]);
  a.decide_time = pg::GetOptionalTime(row["decide_time"]);
  return a;
}

std::optional<Application> GetApplication(pg::Tx& tx, const Id& community, const Id& application) {
  return First(tx.Run(sql::kGetApplication, tx.tenant(), community, application), ReadApplication);
}

std::optional<Application> LockApplication(pg::Tx& tx, const Id& community, const Id& application) {
  return First(tx.Run(sql::kLockApplication, tx.tenant(), community, application), ReadApplication);
}

void Decide(idempotency::Work& work, const Id& tenant, const Application& a) {
  work.Do(sql::kDecideApplication, tenant, a.id, Number(a.state), a.decision_reason, a.member, a.decide_time,
          a.version);
}

void DecideNow(pg::Tx& tx, const Application& a) {
  tx.Run(sql::kDecideApplicationNow, tx.tenant(), a.id, Number(a.state), a.decision_reason, a.member, a.decide_time,
         a.version);
}

}  // namespace lanting::membership::gate_store
