#include "membership/domain/merge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "membership/domain/names.h"
#include "membership/domain/person_errors.h"

namespace lanting::membership {
namespace {

constexpr std::string_view kAttribute = "attributes.";

bool IsIn(const Member& m) {
  return m.state == MemberState::kActive || m.state == MemberState::kWaiting || m.state == MemberState::kOffered;
}

bool Contains(const auto& list, const auto& value) { return std::find(list.begin(), list.end(), value) != list.end(); }

std::int64_t ToNumber(std::string_view text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::string Text(const std::optional<int>& n) { return n ? std::to_string(*n) : ""; }
std::optional<int> ParseScore(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return static_cast<int>(ToNumber(text));
}

// Time and words belong together: "<microseconds> <words>".
std::string ConsentText(const Consent& consent) {
  if (!consent.time) return "";
  return std::to_string(consent.time->time_since_epoch().count()) + " " + consent.statement;
}
Consent ParseConsent(const std::string& text) {
  if (text.empty()) return {};
  const auto space = text.find(' ');
  return {Time(std::chrono::microseconds(ToNumber(std::string_view(text).substr(0, space)))), text.substr(space + 1)};
}

// A field as text; "" is none.
struct Field {
  const char* name;
  std::function<std::string(const Member&)> get;
  std::function<void(Member&, const std::string&)> set;
};

const std::vector<Field>& Fields() {
  static const std::vector<Field> fields = {
      {"external_id", [](const Member& m) { return m.person.external_id; },
       [](Member& m, const std::string& text) { m.person.external_id = text; }},
      {"expectation", [](const Member& m) { return m.person.expectation; },
       [](Member& m, const std::string& text) { m.person.expectation = text; }},
      {"customer_class",
       [](const Member& m) {
         const auto c = m.person.staff.customer_class;
         return c == CustomerClass::kUnspecified ? "" : std::to_string(static_cast<int>(c));
       },
       [](Member& m, const std::string& text) {
         m.person.staff.customer_class = static_cast<CustomerClass>(ToNumber(text));
       }},
      {"fan_score", [](const Member& m) { return Text(m.person.staff.fan_score); },
       [](Member& m, const std::string& text) { m.person.staff.fan_score = ParseScore(text); }},
      {"values_fit", [](const Member& m) { return Text(m.person.staff.values_fit); },
       [](Member& m, const std::string& text) { m.person.staff.values_fit = ParseScore(text); }},
      {"consent", [](const Member& m) { return ConsentText(m.person.consent); },
       [](Member& m, const std::string& text) { m.person.consent = ParseConsent(text); }},
      {"referrer", [](const Member& m) { return m.referrer.IsNil() ? "" : m.referrer.ToString(); },
       [](Member& m, const std::string& text) { m.referrer = Id::Parse(text).value_or(Id()); }},
      {"accepted_rules_version", [](const Member& m) { return std::to_string(m.person.accepted_rules_version); },
       [](Member& m, const std::string& text) { m.person.accepted_rules_version = static_cast<int>(ToNumber(text)); }},
  };
  return fields;
}

std::string GetField(const Member& m, const std::string& name) {
  if (name.starts_with(kAttribute)) {
    const auto& attributes = m.person.staff.attributes;
    const auto found = attributes.find(name.substr(kAttribute.size()));
    return found == attributes.end() ? "" : found->second;
  }
  for (const auto& field : Fields()) {
    if (name == field.name) return field.get(m);
  }
  return "";
}

void SetField(Member& m, const std::string& name, const std::string& text) {
  if (name.starts_with(kAttribute)) {
    const auto key = name.substr(kAttribute.size());
    if (text.empty()) {
      m.person.staff.attributes.erase(key);
    } else {
      m.person.staff.attributes[key] = text;
    }
    return;
  }
  for (const auto& field : Fields()) {
    if (name == field.name) field.set(m, text);
  }
}

void Change(MergePlan& plan, const std::string& field, const std::string& after) {
  const auto before = GetField(plan.target, field);
  if (before == after) return;
  SetField(plan.target, field, after);
  plan.fields.push_back({field, before, after});
}

void MergeFields(MergePlan& plan) {
  // Nobody is their own referrer.
  if (plan.target.referrer == plan.source.id) Change(plan, "referrer", "");
  for (const auto& field : Fields()) {
    const std::string name = field.name;
    const auto theirs = field.get(plan.source);
    if (name == "referrer" && plan.source.referrer == plan.target.id) continue;
    if (name == "accepted_rules_version") {
      if (plan.source.person.accepted_rules_version > plan.target.person.accepted_rules_version)
        Change(plan, name, theirs);
    } else if (!theirs.empty() && field.get(plan.target).empty()) {
      Change(plan, name, theirs);
      if (name == "external_id") plan.source.person.external_id.clear();  // one member has it
    }
  }
  for (const auto& [key, text] : plan.source.person.staff.attributes) {
    const auto name = std::string(kAttribute) + key;
    if (!text.empty() && GetField(plan.target, name).empty()) Change(plan, name, text);
  }
}

void MergeLists(MergePlan& plan) {
  const auto &mine = plan.target.person, &theirs = plan.source.person;
  for (const auto& identity : theirs.identities) {
    const bool taken = std::any_of(mine.identities.begin(), mine.identities.end(),
                                   [&](const auto& i) { return i.channel == identity.channel; });
    (taken ? plan.identities_kept : plan.identities_moved).push_back(identity);
  }
  for (const auto& tag : theirs.tags) (Contains(mine.tags, tag) ? plan.tags_dropped : plan.tags_moved).push_back(tag);
  for (const auto& group : plan.source.topic_groups) {
    (Contains(plan.target.topic_groups, group) ? plan.places_dropped : plan.places_moved).push_back(group);
  }
}

void MergePlaces(MergePlan& plan, Time now) {
  auto &target = plan.target, &source = plan.source;
  const bool takes_over = source.state == MemberState::kActive && target.state != MemberState::kActive;
  if (takes_over) {
    if (target.state == MemberState::kOffered) plan.freed_groups.push_back(target.group);
    plan.left_queue += target.state == MemberState::kWaiting;
    plan.target_joined = true;
    target.state = MemberState::kActive;
    target.group = source.group;
    target.waiting_ticket.reset();
    target.offer_expire_time.reset();
    target.join_time = now;
  } else if (source.state != MemberState::kWaiting) {
    plan.freed_groups.push_back(source.group);
  }
  if (source.state == MemberState::kWaiting) {
    ++plan.left_queue;
    if (target.state == MemberState::kWaiting) {
      target.waiting_ticket = std::min(*target.waiting_ticket, *source.waiting_ticket);
    }
  }
}

}  // namespace

Result<MergePlan> DecideMerge(const Member& target, const Member& source, Time now) {
  for (const auto* m : {&target, &source}) {
    if (!IsIn(*m)) return errors::MemberGone(names::Member(m->community, m->id));
  }
  MergePlan plan{.target = target, .source = source};
  MergeFields(plan);
  MergeLists(plan);
  MergePlaces(plan, now);
  plan.target.update_time = now;
  ++plan.target.version;
  plan.source.state = MemberState::kMerged;
  plan.source.merged_into = target.id;
  plan.source.waiting_ticket.reset();
  plan.source.offer_expire_time.reset();
  plan.source.update_time = now;
  ++plan.source.version;
  return plan;
}

std::vector<FieldChange> UndoFields(Member& target, const std::vector<FieldChange>& fields) {
  std::vector<FieldChange> back;
  // From the last: a field that was changed twice goes all the way.
  for (auto change = fields.rbegin(); change != fields.rend(); ++change) {
    if (GetField(target, change->field) != change->after) continue;
    SetField(target, change->field, change->before);
    back.push_back(*change);
  }
  return back;
}

Result<void> CheckUndo(MergeState state, const Member& target, const Member& source) {
  if (state == MergeState::kUndone) return errors::MergeNotUndoable("UNDONE", "it was undone already");
  if (state == MergeState::kErased) return errors::MergeNotUndoable("ERASED", "the person was erased");
  if (target.state == MemberState::kMerged) {
    return errors::MergeNotUndoable("TARGET_MERGED", "its target became part of another member; undo that first");
  }
  if (!IsIn(target)) return errors::MergeNotUndoable("TARGET_GONE", "its target has left");
  if (source.state != MemberState::kMerged || source.merged_into != target.id) {
    return errors::MergeNotUndoable("SOURCE_MERGED_FURTHER", "its source is part of another member");
  }
  return {};
}

}  // namespace lanting::membership
