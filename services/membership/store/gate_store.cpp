#include "membership/store/gate_store.h"

#include "membership/store/columns.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_gate.h"

namespace lanting::membership::gate_store {
namespace {

int Number(auto e) { return static_cast<int>(e); }

template <typename T>
std::optional<T> First(const pqxx::result& rows, T (*read)(const pqxx::row&)) {
  if (rows.empty()) return std::nullopt;
  return read(rows[0]);
}

}  // namespace

void CreateGate(idempotency::Work& work, const Id& tenant, const Gate& g) {
  work.Do(sql::kCreateGate, tenant, g.id, g.community, g.display_name, Number(g.kind),
          pg::Bytes{columns::PackConfig(g)}, g.create_time, g.group);
}

void UpdateGate(idempotency::Work& work, const Id& tenant, const Gate& g) {
  work.Do(sql::kUpdateGate, tenant, g.id, g.display_name, pg::Bytes{columns::PackConfig(g)}, g.group, Number(g.state),
          g.update_time, g.version);
}

Gate ReadGate(const pqxx::row& row) {
  Gate gate{.id = pg::GetId(row["id"]),
            .community = pg::GetId(row["community_id"]),
            .display_name = pg::GetString(row["display_name"]),
            .kind = static_cast<GateKind>(pg::GetInt32(row["kind"])),
            .group = pg::GetOptionalId(row["group_id"]).value_or(Id()),
            .state = static_cast<GateState>(pg::GetInt32(row["gate_state"])),
            .create_time = pg::GetTime(row["create_time"]),
            .update_time = pg::GetTime(row["gate_update_time"]),
            .version = pg::GetInt(row["gate_version"])};
  columns::UnpackConfig(pg::GetBytes(row["questions"]), &gate);
  return gate;
}

std::optional<Gate> GetGate(pg::Tx& tx, const Id& community, const Id& gate) {
  return First(tx.Run(sql::kGetGate, tx.tenant(), community, gate), ReadGate);
}

std::optional<Gate> LockGate(pg::Tx& tx, const Id& community, const Id& gate) {
  if (!LockCommunity(tx, community)) return std::nullopt;
  return First(tx.Run(sql::kLockGate, tx.tenant(), community, gate), ReadGate);
}

int CountOpenGates(pg::Tx& tx, const Id& community) {
  return pg::GetInt32(tx.Run(sql::kOpenGates, tx.tenant(), community)[0]["gates"]);
}

GateTargets GetGateTargets(pg::Tx& tx, const Gate& gate) {
  const auto condition = gate.prerequisite.value_or(Prerequisite{});
  const auto row =
      tx.Run(sql::kGateTargets, tx.tenant(), gate.community, gate.group, condition.community, condition.group)[0];
  return {.community = pg::GetBool(row["community"]),
          .own_group = pg::GetBool(row["own_group"]),
          .other_community = pg::GetBool(row["other_community"]),
          .other_group = pg::GetBool(row["other_group"])};
}

std::optional<LinkTargets> GetLinkTargets(pg::Tx& tx, const InviteLink& link) {
  auto rows = tx.Run(sql::kLinkTargets, tx.tenant(), link.community, link.gate, link.group, link.referrer);
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  LinkTargets targets;
  if (!row["kind"].is_null()) {
    targets.gate =
        LinkGate{static_cast<GateKind>(pg::GetInt32(row["kind"])), static_cast<GateState>(pg::GetInt32(row["state"]))};
  }
  targets.group_exists = !row["group_id"].is_null();
  if (!row["referrer_state"].is_null())
    targets.referrer = static_cast<MemberState>(pg::GetInt32(row["referrer_state"]));
  return targets;
}

void CreateInviteLink(idempotency::Work& work, const Id& tenant, const InviteLink& l) {
  work.Do(sql::kCreateInviteLink, tenant, l.id, l.community, l.gate, l.group, l.code, l.max_uses, l.expire_time,
          l.create_time, l.referrer, l.roll_tag);
}

void RevokeInviteLink(idempotency::Work& work, const Id& tenant, const InviteLink& l) {
  work.Do(sql::kRevokeInviteLink, tenant, l.id, l.revoke_time);
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

std::optional<InviteLink> LockInviteLink(pg::Tx& tx, const Id& community, const Id& link) {
  if (!LockCommunity(tx, community)) return std::nullopt;
  return First(tx.Run(sql::kLockInviteLink, tx.tenant(), community, link), ReadInviteLink);
}

}  // namespace lanting::membership::gate_store
