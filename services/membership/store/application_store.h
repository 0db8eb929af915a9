// Applications and what gates test: rows in, rows out. Reads run in any transaction; writes say the effect of a Work,
// or run now where the effect is the join of the applicant.
#pragma once

#include <optional>
#include <vector>

#include "membership/domain/application.h"
#include "membership/domain/gate_answers.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::application_store {

// nullopt: no such community.
std::optional<ApplicationView> GetView(pg::Tx& tx, const Application& application);
// An application that staff decide.
void Submit(idempotency::Work& work, const Id& tenant, const Application& application);
// One that the gate has decided.
void InsertDecided(pg::Tx& tx, const Application& application);

std::optional<Application> Get(pg::Tx& tx, const Id& community, const Id& application);
Application Read(const pqxx::row& row);

// A locked application with what its gate says of how it is decided.
struct Pending {
  Application application;
  GateKind gate = GateKind::kQuestions;
  Id group;  // where the gate leads
};
// Those that exist, in the order of their ids. Whoever approves takes the lock of the community before.
std::vector<Pending> Lock(pg::Tx& tx, const Id& community, const std::vector<Id>& applications);
std::optional<Pending> Lock(pg::Tx& tx, const Id& community, const Id& application);

// Writes the decision: as the effect, or now for a Work whose effect is another one.
void Decide(idempotency::Work& work, const Id& tenant, const Application& application);
void DecideNow(pg::Tx& tx, const Application& application);
void ConfirmContact(idempotency::Work& work, const Id& tenant, const Application& application);

// --- what gates test ---

// Attempts by the identities of the applicant. Whoever asks and counts holds the lock of the community.
std::vector<IdentityAttempts> GetAttempts(pg::Tx& tx, const Application& application);
void CountAttempt(pg::Tx& tx, const Application& application, const Gate& gate, int attempts, Time now);
void ForgetAttempts(pg::Tx& tx, const Application& application);
// Attempts of all tenants that came back, at most `limit`: how many. For a transaction of no tenant.
int ForgetOldAttempts(pg::Tx& tx, int limit);
// The applicant as an active member of the community that the condition names.
std::vector<PrerequisiteStanding> GetStandings(pg::Tx& tx, const Prerequisite& condition, const Person& person);

}  // namespace lanting::membership::application_store
