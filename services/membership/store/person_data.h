// Everything that is kept about a person in a community: found for their export and for their erasure alike, so that
// neither can miss what the other knows of.
#pragma once

#include <string>
#include <vector>

#include "membership/domain/application.h"
#include "membership/domain/member.h"
#include "platform/base/result.h"
#include "platform/pg/tx.h"

namespace lanting::membership::person_data {

// Most of each kind in an export.
inline constexpr int kMaxListed = 2000;

// Who the person is: members, applications, and what they are known by.
struct Scope {
  Id community;
  // The member that was asked for, or the one that it is part of; first, and then all others: merged into it, and
  // earlier stays under the same external id.
  std::vector<Id> members;
  std::vector<Id> live;  // those who are in or wait
  std::vector<Application> applications;
  std::vector<Id> merges;
  std::vector<std::string> external_ids, display_names;
  std::vector<ChannelIdentity> identities;

  // Names of resources that are about the person.
  std::vector<std::string> ResourceNames() const;
  // What names the person wherever it stands: external ids and user ids.
  std::vector<std::string> Identifiers() const;
  // The same and the display names, as they would stand among the words of an explanation.
  std::vector<std::string> WordsOfMessages() const;
};

// MEMBER_NOT_FOUND. Locks nothing.
Result<Scope> FindScope(pg::Tx& tx, const Id& community, const Id& member);

}  // namespace lanting::membership::person_data
