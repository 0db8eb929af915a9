// What is known of members: rows in, rows out. Reads run in any transaction; writes say the effect of a Work, and write
// the history now.
#pragma once

#include <string>
#include <vector>

#include "membership/domain/note.h"
#include "membership/domain/profile.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::profile_store {

// Who changes something, and for what.
struct Writer {
  std::string actor;  // of the history: "keys/<id>"
  Time now;
};

// A member as DecideUpdate made it.
void Update(pg::Tx& tx, idempotency::Work& work, const Member& member, const ProfileChange& change,
            const Writer& writer);
void AddIdentity(pg::Tx& tx, idempotency::Work& work, const Member& member, const ChannelIdentity& identity,
                 const Writer& writer);
void RemoveIdentity(pg::Tx& tx, idempotency::Work& work, const Member& member, Channel channel, const Writer& writer);

// What TagMembers knows of a member.
struct TaggedMember {
  Member member;  // id, state, version and tags only
  TagChange change;
};
// Those of the members that are there, locked, in the order of their ids. The caller holds the community's lock.
std::vector<TaggedMember> LockTags(pg::Tx& tx, const Id& community, const std::vector<Id>& members);
// The changes of all members that have one.
void PutTags(idempotency::Work& work, const Id& tenant, const Id& community, const std::vector<TaggedMember>& members,
             const Writer& writer);

struct TagMembers {
  std::string tag;
  int members = 0;
};
// At most `limit`, in the order of their text, after `after`.
std::vector<TagMembers> ListTags(pg::Tx& tx, const Id& community, const std::string& after, int limit);

// What ACTIVE members hope to get: the texts of the `limit` who came last, and how many there are in all.
struct Expectations {
  std::vector<std::string> texts;
  int active = 0, stated = 0;
};
Expectations ListExpectations(pg::Tx& tx, const Id& community, int limit);

// The locale of the community of the member; nullopt: there is no such member.
std::optional<std::string> MemberLocale(pg::Tx& tx, const Id& community, const Id& member);

void CreateNote(idempotency::Work& work, const Id& tenant, const MemberNote& note);
// False: there is no such note.
bool LockNote(pg::Tx& tx, const Id& community, const Id& member, const Id& note);
void DeleteNote(idempotency::Work& work, const Id& tenant, const Id& member, const Id& note);
MemberNote ReadNote(const pqxx::row& row);

}  // namespace lanting::membership::profile_store
