// Onboarding and accepted house rules: rows in, rows out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "membership/domain/onboarding.h"
#include "membership/store/profile_store.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::onboarding_store {

// That of the community: the template's until it was written.
Onboarding Get(pg::Tx& tx, const Community& community);
// `steps` empty: the template's again.
void Put(idempotency::Work& work, const Id& tenant, const Onboarding& onboarding,
         const std::vector<OnboardingStep>& steps);

OnboardingRecord GetRecord(pg::Tx& tx, const Id& member);
// The end of each step's time for somebody who joined then; nullopt: never.
std::vector<std::optional<Time>> DueTimes(pg::Tx& tx, const std::string& time_zone, Time join_time,
                                          const std::vector<OnboardingStep>& steps);

// `complete`: the onboarding is complete for the first time. The version and time of the member are written too.
void CompleteStep(pg::Tx& tx, idempotency::Work& work, const Member& member, const std::string& step, bool complete,
                  const profile_store::Writer& writer);
// Leaves the member's version: no fact.
void ReopenStep(idempotency::Work& work, const Id& tenant, const Member& member, const std::string& step,
                const profile_store::Writer& writer);

struct OverdueMember {
  Id id;
  std::string display_name;
  std::vector<std::string> steps;
};
struct OverduePage {
  std::vector<OverdueMember> members;
  Id next;  // nil: that is all
};
// At most `size` of the ACTIVE members after `after`.
OverduePage ListOverdue(pg::Tx& tx, const Community& community, const std::vector<OnboardingStep>& steps,
                        const Id& after, int size, Time now);

// --- house rules ---

// The member accepts them; `step`: the step that is done by it, if it was open. Otherwise as CompleteStep.
void AcceptRules(pg::Tx& tx, idempotency::Work& work, const Member& member, const std::string& step, bool complete,
                 const profile_store::Writer& writer);
// The version in force; nullopt: no such community.
std::optional<int> RulesInForce(pg::Tx& tx, const Id& community);
// Newest first, those before `before`.
std::vector<HouseRules> ListHouseRules(pg::Tx& tx, const Id& community, std::optional<int> before, int limit);
struct Acceptance {
  int version = 0;
  Time time;
};
std::vector<Acceptance> ListAcceptances(pg::Tx& tx, const Id& member, std::optional<int> before, int limit);
// Of ACTIVE members: the newest version that they accepted, and how many; newest first.
std::vector<std::pair<int, int>> CountAcceptances(pg::Tx& tx, const Id& community);

}  // namespace lanting::membership::onboarding_store
