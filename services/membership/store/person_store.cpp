#include "membership/store/person_store.h"

#include <algorithm>
#include <set>

#include "lanting/membership/v1/group.pb.h"
#include "membership/domain/names.h"
#include "membership/domain/person_errors.h"
#include "membership/store/sql_person.h"

namespace lanting::membership::person_store {
namespace {

constexpr int kOthersOfOne = 50;
constexpr std::size_t kMembersAtOnce = 100;

std::vector<std::int32_t> Channels() {
  std::vector<std::int32_t> channels;
  const auto* all = v1::Channel_descriptor();
  for (int i = 0; i < all->value_count(); ++i) channels.push_back(all->value(i)->number());
  return channels;
}

using Pairs = std::vector<std::pair<Id, Id>>;

Pairs Candidates(pg::Tx& tx, const pg::Statement& statement, const Id& community, const std::vector<Id>& members,
                 int others) {
  Pairs pairs;
  for (const auto& row : tx.Run(statement, tx.tenant(), community, members, Channels(), others)) {
    pairs.emplace_back(pg::GetId(row["member"]), pg::GetId(row["other"]));
  }
  return pairs;
}

std::map<Id, PersonTraits> LoadTraits(pg::Tx& tx, const Id& community, const Pairs& pairs) {
  std::set<Id> ids;
  for (const auto& [member, other] : pairs) ids.insert({member, other});
  std::map<Id, PersonTraits> found;
  if (ids.empty()) return found;
  for (const auto& row : tx.Run(sql::kPersonTraits, tx.tenant(), community, std::vector<Id>(ids.begin(), ids.end()))) {
    PersonTraits traits{.id = pg::GetId(row["id"]),
                        .display_name = pg::GetString(row["display_name"]),
                        .name_key = pg::GetString(row["name_key"]),
                        .expectation_key = pg::GetString(row["expectation_key"]),
                        .phone_key = pg::GetString(row["phone_key"]),
                        .email_key = pg::GetString(row["email_key"]),
                        .unionid_key = pg::GetString(row["unionid_key"])};
    for (const auto& text : pg::GetStringArray(row["identities"])) {
      const auto colon = text.find(':');
      traits.identities.push_back({static_cast<Channel>(std::stoi(text.substr(0, colon))), text.substr(colon + 1)});
    }
    found.emplace(traits.id, std::move(traits));
  }
  return found;
}

// Those of the pairs for which something speaks, in their order.
std::vector<Duplicate> Compare(pg::Tx& tx, const Id& community, const Pairs& pairs) {
  const auto traits = LoadTraits(tx, community, pairs);
  std::vector<Duplicate> duplicates;
  for (const auto& [member, other] : pairs) {
    const auto a = traits.find(member), b = traits.find(other);
    if (a == traits.end() || b == traits.end()) continue;
    if (auto match = CompareTraits(a->second, b->second)) duplicates.push_back({a->second, b->second, *match});
  }
  return duplicates;
}

}  // namespace

Result<std::vector<Duplicate>> FindDuplicates(pg::Tx& tx, const Id& community, const Id& member, std::size_t limit) {
  if (tx.Run(sql::kExistingMembers, tx.tenant(), community, std::vector<Id>{member}).empty()) {
    return errors::MemberNotFound(names::Member(community, member));
  }
  auto found = Compare(tx, community, Candidates(tx, sql::kDuplicatesOf, community, {member}, kOthersOfOne));
  std::stable_sort(found.begin(), found.end(),
                   [](const Duplicate& a, const Duplicate& b) { return a.match.score > b.match.score; });
  if (found.size() > limit) found.erase(found.begin() + static_cast<std::ptrdiff_t>(limit), found.end());
  return found;
}

DuplicatePage ListDuplicates(pg::Tx& tx, const Id& community, const DuplicateCursor& after, std::size_t limit) {
  std::vector<Id> members;
  // One more than is looked at: the first was done by the call before.
  const auto rows = tx.Run(sql::kMembersFrom, tx.tenant(), community, after.member, kMembersPerCall + 1);
  for (const auto& row : rows) {
    const auto id = pg::GetId(row["id"]);
    if (id != after.member || !after.other.IsNil()) members.push_back(id);
  }
  DuplicatePage page;
  if (rows.size() > static_cast<std::size_t>(kMembersPerCall)) page.next = DuplicateCursor{members.back(), Id()};
  // Some at a time: a page may be full long before its last member.
  for (std::size_t at = 0; at < members.size(); at += kMembersAtOnce) {
    const std::vector<Id> slice(
        members.begin() + static_cast<std::ptrdiff_t>(at),
        members.begin() + static_cast<std::ptrdiff_t>(std::min(at + kMembersAtOnce, members.size())));
    auto pairs = Candidates(tx, sql::kLaterDuplicates, community, slice, kOthersPerReason);
    std::erase_if(pairs, [&](const auto& p) { return p.first == after.member && p.second <= after.other; });
    for (auto& duplicate : Compare(tx, community, pairs)) {
      if (page.duplicates.size() == limit) {
        page.next = DuplicateCursor{page.duplicates.back().member.id, page.duplicates.back().other.id};
        return page;
      }
      page.duplicates.push_back(std::move(duplicate));
    }
  }
  return page;
}

Result<void> DismissDuplicate(pg::Tx& tx, idempotency::Work& work, const Id& community, const Id& member,
                              const Id& other, const std::string& actor, Time now) {
  std::set<Id> found;
  for (const auto& row : tx.Run(sql::kExistingMembers, tx.tenant(), community, std::vector<Id>{member, other})) {
    found.insert(pg::GetId(row["id"]));
  }
  for (const auto& id : {member, other}) {
    if (!found.contains(id)) return errors::MemberNotFound(names::Member(community, id));
  }
  work.Do(sql::kDismissDuplicate, tx.tenant(), community, member, other, actor, now);
  return {};
}

}  // namespace lanting::membership::person_store
