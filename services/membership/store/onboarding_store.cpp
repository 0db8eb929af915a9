#include "membership/store/onboarding_store.h"

#include <stdexcept>

#include "lanting/membership/v1/onboarding.pb.h"
#include "membership/store/history.h"
#include "membership/store/sql_onboarding.h"

namespace lanting::membership::onboarding_store {
namespace {

namespace pb = v1;

// Most members that a page of ListOverdue looks at.
constexpr int kMaxScan = 20'000;

std::string Pack(const std::vector<OnboardingStep>& steps) {
  pb::Onboarding message;
  for (const auto& step : steps) {
    auto* to = message.add_steps();
    to->set_key(step.key);
    to->set_text(step.text);
    to->set_required(step.required);
    to->set_due_days(step.due_days);
    to->set_trigger(static_cast<pb::OnboardingTrigger>(step.trigger));
  }
  return message.SerializeAsString();
}

std::vector<OnboardingStep> Unpack(const std::string& bytes) {
  pb::Onboarding message;
  if (!message.ParseFromString(bytes)) throw std::runtime_error("stored Onboarding does not parse");
  std::vector<OnboardingStep> steps;
  for (const auto& s : message.steps())
    steps.push_back({s.key(), s.text(), s.required(), s.due_days(), static_cast<OnboardingTrigger>(s.trigger())});
  return steps;
}

}  // namespace

Onboarding Get(pg::Tx& tx, const Community& community) {
  Onboarding onboarding{.community = community.id};
  const auto rows = tx.Run(sql::kGetOnboarding, tx.tenant(), community.id);
  if (!rows.empty()) {
    onboarding.steps = Unpack(pg::GetBytes(rows[0]["steps"]));
    onboarding.version = pg::GetInt(rows[0]["version"]);
    onboarding.update_time = pg::GetTime(rows[0]["update_time"]);
  }
  if (onboarding.steps.empty()) onboarding.steps = DefaultSteps(community);
  return onboarding;
}

void Put(idempotency::Work& work, const Id& tenant, const Onboarding& o, const std::vector<OnboardingStep>& steps) {
  work.Do(sql::kPutOnboarding, tenant, o.community, pg::Bytes{Pack(steps)}, o.version, o.update_time);
}

OnboardingRecord GetRecord(pg::Tx& tx, const Id& member) {
  const auto row = tx.Run(sql::kOnboardingRecord, tx.tenant(), member)[0];
  OnboardingRecord record{.rules_accept_time = pg::GetOptionalTime(row["rules_accept_time"]),
                          .complete_time = pg::GetOptionalTime(row["complete_time"])};
  for (const auto& done : tx.Run(sql::kStepsDone, tx.tenant(), member))
    record.done.push_back({pg::GetString(done["step"]), pg::GetTime(done["done_time"]), pg::GetString(done["actor"])});
  return record;
}

std::vector<std::optional<Time>> DueTimes(pg::Tx& tx, const std::string& time_zone, Time join_time,
                                          const std::vector<OnboardingStep>& steps) {
  std::vector<std::int32_t> days;
  for (const auto& step : steps) days.push_back(step.due_days);
  std::vector<std::optional<Time>> due;
  for (const auto& row : tx.Run(sql::kDueTimes, tx.tenant(), time_zone, join_time, days)) {
    const bool never = steps[due.size()].due_days == 0;
    due.push_back(never ? std::nullopt : std::optional(pg::GetTime(row["due"])));
  }
  return due;
}

void CompleteStep(pg::Tx& tx, idempotency::Work& work, const Member& m, const std::string& step, bool complete,
                  const profile_store::Writer& writer) {
  AddHistory(tx, m.community, m.id, HistoryKind::kOnboarded, {{"step", step}}, writer.actor, writer.now);
  work.Do(sql::kPutStep, tx.tenant(), m.id, m.community, step, writer.actor, writer.now, false, complete, m.version);
}

void ReopenStep(idempotency::Work& work, const Id& tenant, const Member& m, const std::string& step,
                const profile_store::Writer& writer) {
  work.Do(sql::kPutStep, tenant, m.id, m.community, step, writer.actor, writer.now, true, false,
          std::optional<std::int64_t>());
}

OverduePage ListOverdue(pg::Tx& tx, const Community& community, const std::vector<OnboardingStep>& steps,
                        const Id& after, int size, Time now) {
  std::vector<std::string> keys;
  std::vector<std::int32_t> days, by_rules;
  for (const auto& step : steps) {
    if (!step.required || step.due_days == 0) continue;
    keys.push_back(step.key);
    days.push_back(step.due_days);
    by_rules.push_back(step.trigger == OnboardingTrigger::kHouseRulesAccepted ? 1 : 0);
  }
  OverduePage page;
  for (const auto& row : tx.Run(sql::kOverdueOnboardings, tx.tenant(), community.id, after, kMaxScan, size + 1, now,
                                keys, days, by_rules, community.time_zone)) {
    if (row["id"].is_null()) {
      page.next = pg::GetId(row["last"]);
    } else {
      page.members.push_back(
          {pg::GetId(row["id"]), pg::GetString(row["display_name"]), pg::GetStringArray(row["steps"])});
    }
  }
  if (page.members.size() > static_cast<std::size_t>(size)) {
    page.members.pop_back();
    page.next = page.members.back().id;
  }
  return page;
}

void AcceptRules(pg::Tx& tx, idempotency::Work& work, const Member& m, const std::string& step, bool complete,
                 const profile_store::Writer& writer) {
  if (!step.empty())
    AddHistory(tx, m.community, m.id, HistoryKind::kOnboarded, {{"step", step}}, writer.actor, writer.now);
  work.Do(sql::kAcceptRules, tx.tenant(), m.id, m.community, m.person.accepted_rules_version, writer.now, complete,
          m.version);
}

std::optional<int> RulesInForce(pg::Tx& tx, const Id& community) {
  const auto rows = tx.Run(sql::kRulesInForce, tx.tenant(), community);
  if (rows.empty()) return std::nullopt;
  return pg::GetInt32(rows[0]["house_rules_version"]);
}

std::vector<HouseRules> ListHouseRules(pg::Tx& tx, const Id& community, std::optional<int> before, int limit) {
  std::vector<HouseRules> versions;
  for (const auto& row : tx.Run(sql::kListHouseRules, tx.tenant(), community, before, limit)) {
    versions.push_back({.community = community,
                        .version = pg::GetInt32(row["version"]),
                        .text = pg::GetString(row["text"]),
                        .create_time = pg::GetTime(row["create_time"])});
  }
  return versions;
}

std::vector<Acceptance> ListAcceptances(pg::Tx& tx, const Id& member, std::optional<int> before, int limit) {
  std::vector<Acceptance> acceptances;
  for (const auto& row : tx.Run(sql::kListAcceptances, tx.tenant(), member, before, limit))
    acceptances.push_back({pg::GetInt32(row["version"]), pg::GetTime(row["accept_time"])});
  return acceptances;
}

std::vector<std::pair<int, int>> CountAcceptances(pg::Tx& tx, const Id& community) {
  std::vector<std::pair<int, int>> counts;
  for (const auto& row : tx.Run(sql::kCountAcceptances, tx.tenant(), community))
    counts.emplace_back(pg::GetInt32(row["version"]), pg::GetInt32(row["members"]));
  return counts;
}

}  // namespace lanting::membership::onboarding_store
