// What staff write down about a member. Pure values.
#pragma once

#include <string>

#include "membership/domain/names.h"
#include "platform/base/clock.h"
#include "platform/base/strings.h"

namespace lanting::membership {

struct MemberNote {
  Id id, member, community;
  std::string text;
  std::string author;       // "keys/<id>"
  std::string author_name;  // in the tenant's words; "" is none
  Time create_time;
};

namespace names {

inline std::string Note(const Id& c, const Id& m, const Id& n) { return Member(c, m) + "/notes/" + n.ToString(); }

// The id of a note in a name whose form the validator has checked.
inline Id NoteId(std::string_view name) {
  const auto segments = Split(name, '/');
  return segments.size() > 5 ? Id::Parse(segments[5]).value_or(Id()) : Id();
}

}  // namespace names
}  // namespace lanting::membership
