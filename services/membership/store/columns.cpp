#include "membership/store/columns.h"

#include <boost/json.hpp>
#include <stdexcept>

#include "lanting/membership/v1/member.pb.h"
#include "membership/domain/names.h"
#include "platform/resource/times.h"

namespace lanting::membership::columns {
namespace {

namespace pb = lanting::membership::v1;

template <typename Message>
Message Parse(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) {
    throw std::runtime_error("stored " + std::string(Message::descriptor()->full_name()) + " does not parse");
  }
  return message;
}

}  // namespace

void ToProto(const Declarations& from, pb::Declarations* to) {
  auto* cadence = to->mutable_cadence();
  if (from.shares_per_day) cadence->set_shares_per_day(*from.shares_per_day);
  if (from.shares_per_week) cadence->set_shares_per_week(*from.shares_per_week);
  if (from.shares_per_month) cadence->set_shares_per_month(*from.shares_per_month);
  if (from.promo_percent_max) to->set_promo_percent_max(*from.promo_percent_max);
  auto* cull = to->mutable_cull_policy();
  if (from.silent_days) cull->set_silent_days(*from.silent_days);
  if (from.grace_days) cull->set_grace_days(*from.grace_days);
  to->set_naming_convention(from.naming_convention);
  to->set_reward_terms(from.reward_terms);
  to->set_penalty_terms(from.penalty_terms);
}

Declarations FromProto(const pb::Declarations& from) {
  Declarations d;
  const auto& cadence = from.cadence();
  if (cadence.has_shares_per_day()) d.shares_per_day = cadence.shares_per_day();
  if (cadence.has_shares_per_week()) d.shares_per_week = cadence.shares_per_week();
  if (cadence.has_shares_per_month()) d.shares_per_month = cadence.shares_per_month();
  if (from.has_promo_percent_max()) d.promo_percent_max = from.promo_percent_max();
  if (from.cull_policy().has_silent_days()) d.silent_days = from.cull_policy().silent_days();
  if (from.cull_policy().has_grace_days()) d.grace_days = from.cull_policy().grace_days();
  d.naming_convention = from.naming_convention();
  d.reward_terms = from.reward_terms();
  d.penalty_terms = from.penalty_terms();
  return d;
}

std::string Json(const std::map<std::string, std::string>& texts) {
  if (texts.empty()) return "{}";
  boost::json::object object;
  for (const auto& [key, text] : texts) object[key] = text;
  return boost::json::serialize(object);
}

std::map<std::string, std::string> ParseTexts(const std::string& json) {
  std::map<std::string, std::string> texts;
  if (json == "{}") return texts;
  const auto value = boost::json::parse(json);
  for (const auto& [key, text] : value.as_object()) texts.emplace(key, text.as_string());
  return texts;
}

std::string Pack(const Declarations& declarations) {
  pb::Declarations message;
  ToProto(declarations, &message);
  return message.SerializeAsString();
}

Declarations UnpackDeclarations(const std::string& bytes) { return FromProto(Parse<pb::Declarations>(bytes)); }

void ConfigToProto(const Gate& from, pb::Gate* to) {
  for (const auto& q : from.questions) {
    auto* question = to->add_questions();
    question->set_key(q.key);
    question->set_text(q.text);
    question->set_required(q.required);
    for (const auto& answer : q.accepted_answers) question->add_accepted_answers(answer);
  }
  to->set_pass_percent(from.pass_percent);
  to->set_max_attempts(from.max_attempts);
  if (from.retry_after.count() != 0) to->mutable_retry_after()->set_seconds(from.retry_after.count());
  to->set_keyword(from.keyword);
  if (!from.prerequisite) return;
  const auto& condition = *from.prerequisite;
  auto* prerequisite = to->mutable_prerequisite();
  prerequisite->set_community(names::Community(condition.community));
  if (!condition.group.IsNil()) prerequisite->set_group(names::Group(condition.community, condition.group));
  prerequisite->set_tag(condition.tag);
  prerequisite->set_min_days(condition.min_days);
}

void ConfigFromProto(const pb::Gate& from, Gate* to) {
  to->questions.clear();
  for (const auto& q : from.questions()) {
    to->questions.push_back(
        {q.key(), q.text(), q.required(), {q.accepted_answers().begin(), q.accepted_answers().end()}});
  }
  to->pass_percent = from.pass_percent();
  to->max_attempts = from.max_attempts();
  to->retry_after = std::chrono::seconds(from.retry_after().seconds());
  to->keyword = from.keyword();
  to->prerequisite.reset();
  if (!from.has_prerequisite()) return;
  const auto& condition = from.prerequisite();
  to->prerequisite = Prerequisite{.community = names::Parse(condition.community()).first,
                                  .group = names::Parse(condition.group()).second,
                                  .tag = condition.tag(),
                                  .min_days = condition.min_days()};
}

std::string PackConfig(const Gate& gate) {
  pb::Gate message;
  ConfigToProto(gate, &message);
  return message.SerializeAsString();
}

void UnpackConfig(const std::string& bytes, Gate* gate) { ConfigFromProto(Parse<pb::Gate>(bytes), gate); }

std::string PackForm(const Application& application) {
  pb::Application message;
  for (const auto& identity : application.person.identities) {
    auto* to = message.add_identities();
    to->set_channel(static_cast<pb::Channel>(identity.channel));
    to->set_user_id(identity.user_id);
  }
  for (const auto& answer : application.answers) {
    auto* to = message.add_answers();
    to->set_key(answer.key);
    to->set_text(answer.text);
  }
  message.set_consent_statement(application.person.consent.statement);
  message.set_attempts_left(application.attempts_left);
  if (application.retry_time) *message.mutable_retry_time() = resource::ToTimestamp(*application.retry_time);
  return message.SerializeAsString();
}

void UnpackForm(const std::string& bytes, Application* application) {
  auto message = Parse<pb::Application>(bytes);
  for (const auto& i : message.identities()) {
    application->person.identities.push_back({static_cast<Channel>(i.channel()), i.user_id()});
  }
  for (const auto& a : message.answers()) application->answers.push_back({a.key(), a.text()});
  application->person.consent.statement = message.consent_statement();
  application->attempts_left = message.attempts_left();
  if (message.has_retry_time()) application->retry_time = resource::FromTimestamp(message.retry_time());
}

}  // namespace lanting::membership::columns
