// Gates, invite links and applications: rows in, rows out. Reads run in any transaction; writes say the effect of a
// Work.
#pragma once

#include <optional>
#include <vector>

#include "membership/domain/application.h"
#include "membership/domain/gate.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::gate_store {

void CreateGate(idempotency::Work& work, const Id& tenant, const Gate& gate);
std::optional<Gate> GetGate(pg::Tx& tx, const Id& community, const Id& gate);
Gate ReadGate(const pqxx::row& row);

// What a link is to be made for.
struct LinkTargets {
  std::optional<GateKind> gate_kind;  // nullopt: the community has no such gate
  bool group_exists = false;
};
// nullopt: no such community.
std::optional<LinkTargets> GetLinkTargets(pg::Tx& tx, const InviteLink& link);
void CreateInviteLink(idempotency::Work& work, const Id& tenant, const InviteLink& link);
std::optional<InviteLink> GetInviteLink(pg::Tx& tx, const Id& community, const Id& link);
InviteLink ReadInviteLink(const pqxx::row& row);

// nullopt: no such community.
std::optional<ApplicationView> GetView(pg::Tx& tx, const Application& application);
void Submit(idempotency::Work& work, const Id& tenant, const Application& application);
std::optional<Application> GetApplication(pg::Tx& tx, const Id& community, const Id& application);
std::optional<Application> LockApplication(pg::Tx& tx, const Id& community, const Id& application);
// Writes the decision: as the effect, or now for a Work whose effect is another one.
void Decide(idempotency::Work& work, const Id& tenant, const Application& application);
void DecideNow(pg::Tx& tx, const Application& application);
Application ReadApplication(const pqxx::row& row);

}  // namespace lanting::membership::gate_store
