#include "membership/store/person_data.h"

#include <algorithm>
#include <map>
#include <set>

#include "membership/domain/erasure.h"
#include "membership/domain/names.h"
#include "membership/domain/person_errors.h"
#include "membership/store/application_store.h"
#include "membership/store/merge_store.h"
#include "membership/store/sql_erasure.h"
#include "membership/store/sql_merge.h"

namespace lanting::membership::person_data {
namespace {

template <typename T>
std::vector<T> ToVector(const std::set<T>& values) {
  return {values.begin(), values.end()};
}

struct Known {
  std::set<Id> members, live, merges;
  std::map<Id, Application> applications;
  std::set<std::string> external_ids, display_names;
  std::set<ChannelIdentity> identities;

  std::size_t size() const { return members.size() + applications.size() + external_ids.size() + identities.size(); }
};

// The name of all who were erased names nobody.
void AddName(Known& known, const std::string& name) {
  if (name != ErasedName("en") && name != ErasedName("zh-CN")) known.display_names.insert(name);
}

void FindMembers(pg::Tx& tx, const Id& community, Known& known) {
  for (const auto& row :
       tx.Run(sql::kMembersOfPerson, tx.tenant(), community, ToVector(known.members), ToVector(known.external_ids))) {
    const auto id = pg::GetId(row["id"]);
    known.members.insert(id);
    const auto state = static_cast<MemberState>(pg::GetInt(row["state"]));
    if (state != MemberState::kLeft && state != MemberState::kMerged) known.live.insert(id);
    if (auto into = pg::GetOptionalId(row["merged_into"])) known.members.insert(*into);
    if (auto external_id = pg::GetString(row["external_id"]); !external_id.empty()) {
      known.external_ids.insert(external_id);
    }
    AddName(known, pg::GetString(row["display_name"]));
  }
  for (const auto& row : tx.Run(sql::kIdentitiesOf, tx.tenant(), ToVector(known.members))) {
    known.identities.insert({static_cast<Channel>(pg::GetInt(row["channel"])), pg::GetString(row["user_id"])});
  }
}

// What merges remember of the person, that is with no member any more.
void FindInMerges(pg::Tx& tx, Known& known) {
  for (const auto& row : tx.Run(sql::kMergesOf, tx.tenant(), ToVector(known.members), kMaxListed)) {
    const auto merge = merge_store::Read(row);
    known.merges.insert(merge.id);
    if (merge.state != MergeState::kDone) continue;
    for (const auto* list : {&merge.snapshot.identities_moved(), &merge.snapshot.identities_kept()}) {
      for (const auto& i : *list) known.identities.insert({static_cast<Channel>(i.channel()), i.user_id()});
    }
    if (!merge.snapshot.external_id_kept().empty()) known.external_ids.insert(merge.snapshot.external_id_kept());
  }
}

bool IsTheirs(const Known& known, const Application& a) {
  if (known.members.contains(a.member) || known.external_ids.contains(a.person.external_id)) return true;
  return std::any_of(a.person.identities.begin(), a.person.identities.end(),
                     [&](const auto& i) { return known.identities.contains(i); });
}

void FindApplications(pg::Tx& tx, const Id& community, Known& known) {
  std::vector<std::string> user_ids;
  for (const auto& identity : known.identities) user_ids.push_back(identity.user_id);
  std::vector<pg::Bytes> needles;
  for (const auto& user_id : user_ids) needles.push_back({user_id});
  for (const auto& row : tx.Run(sql::kApplicationsOfPerson, tx.tenant(), community, ToVector(known.members),
                                ToVector(known.external_ids), needles)) {
    auto application = application_store::Read(row);
    if (known.applications.contains(application.id) || !IsTheirs(known, application)) continue;
    // Who came in by it is the person, or it is somebody else's: accounts change hands.
    const bool approved = known.members.contains(application.member);
    if (!approved && !application.member.IsNil()) continue;
    AddName(known, application.person.display_name);
    // What nobody approved is a claim: it leads to nobody else.
    if (approved) {
      if (!application.person.external_id.empty()) known.external_ids.insert(application.person.external_id);
      for (const auto& i : application.person.identities) known.identities.insert(i);
    }
    known.applications.emplace(application.id, std::move(application));
  }
}

}  // namespace

Result<Scope> FindScope(pg::Tx& tx, const Id& community, const Id& member) {
  const auto rows =
      tx.Run(sql::kMembersOfPerson, tx.tenant(), community, std::vector<Id>{member}, std::vector<std::string>());
  const auto asked =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return pg::GetId(row["id"]) == member; });
  if (asked == rows.end()) return errors::MemberNotFound(names::Member(community, member));
  const auto first = pg::GetOptionalId((*asked)["merged_into"]).value_or(member);

  Known known;
  known.members = {first, member};
  // Each finds what the others look for; ends when nothing new is found.
  for (std::size_t before = 0; before != known.size();) {
    before = known.size();
    FindMembers(tx, community, known);
    FindInMerges(tx, known);
    FindApplications(tx, community, known);
  }
  Scope scope{.community = community,
              .members = {first},
              .live = ToVector(known.live),
              .merges = ToVector(known.merges),
              .external_ids = ToVector(known.external_ids),
              .display_names = ToVector(known.display_names),
              .identities = ToVector(known.identities)};
  for (const auto& id : known.members) {
    if (id != first) scope.members.push_back(id);
  }
  for (auto& [id, application] : known.applications) scope.applications.push_back(std::move(application));
  return scope;
}

std::vector<std::string> Scope::ResourceNames() const {
  std::vector<std::string> all;
  for (const auto& id : members) all.push_back(names::Member(community, id));
  for (const auto& a : applications) all.push_back(names::Application(community, a.id));
  for (const auto& id : merges) all.push_back(names::Child(community, "merges", id));
  return all;
}

std::vector<std::string> Scope::Identifiers() const {
  auto all = external_ids;
  for (const auto& identity : identities) all.push_back(identity.user_id);
  return all;
}

std::vector<std::string> Scope::WordsOfMessages() const {
  auto all = Identifiers();
  all.insert(all.end(), display_names.begin(), display_names.end());
  for (auto& word : all) {
    if (word.size() < 4) word = " " + word + " ";  // "7" is a word of its own, and part of many
  }
  return all;
}

}  // namespace lanting::membership::person_data
