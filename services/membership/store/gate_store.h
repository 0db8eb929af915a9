// Gates and invite links: rows in, rows out. Reads run in any transaction; writes say the effect of a Work.
#pragma once

#include <optional>
#include <vector>

#include "membership/domain/gate.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::gate_store {

void CreateGate(idempotency::Work& work, const Id& tenant, const Gate& gate);
void UpdateGate(idempotency::Work& work, const Id& tenant, const Gate& gate);
std::optional<Gate> GetGate(pg::Tx& tx, const Id& community, const Id& gate);
// Takes the lock of the community before: what a gate admits is decided under it.
std::optional<Gate> LockGate(pg::Tx& tx, const Id& community, const Id& gate);
int CountOpenGates(pg::Tx& tx, const Id& community);
Gate ReadGate(const pqxx::row& row);

// Which of what a gate names is there.
struct GateTargets {
  bool community = false, own_group = false, other_community = false, other_group = false;
};
GateTargets GetGateTargets(pg::Tx& tx, const Gate& gate);

// What a link is to be made for.
struct LinkTargets {
  std::optional<LinkGate> gate;  // nullopt: the community has no such gate
  bool group_exists = false;
  std::optional<MemberState> referrer;  // nullopt: nor such a member
};
// nullopt: no such community.
std::optional<LinkTargets> GetLinkTargets(pg::Tx& tx, const InviteLink& link);
void CreateInviteLink(idempotency::Work& work, const Id& tenant, const InviteLink& link);
// Takes the lock of the community before, as whoever decides by a link.
std::optional<InviteLink> LockInviteLink(pg::Tx& tx, const Id& community, const Id& link);
void RevokeInviteLink(idempotency::Work& work, const Id& tenant, const InviteLink& link);
std::optional<InviteLink> GetInviteLink(pg::Tx& tx, const Id& community, const Id& link);
InviteLink ReadInviteLink(const pqxx::row& row);

}  // namespace lanting::membership::gate_store
