// Resource names: made and taken apart in one place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/id.h"

namespace lanting::membership::names {

inline std::string Tenant(const Id& t) { return "tenants/" + t.ToString(); }
inline std::string Key(const Id& k) { return "keys/" + k.ToString(); }
inline std::string Community(const Id& c) { return "communities/" + c.ToString(); }
inline std::string Child(const Id& community, std::string_view collection, const Id& id) {
  return Community(community) + "/" + std::string(collection) + "/" + id.ToString();
}
inline std::string Group(const Id& c, const Id& g) { return Child(c, "groups", g); }
inline std::string Gate(const Id& c, const Id& g) { return Child(c, "gates", g); }
inline std::string InviteLink(const Id& c, const Id& l) { return Child(c, "inviteLinks", l); }
inline std::string Member(const Id& c, const Id& m) { return Child(c, "members", m); }
inline std::string Application(const Id& c, const Id& a) { return Child(c, "applications", a); }
inline std::string MemberImport(const Id& c, const Id& i) { return Child(c, "memberImports", i); }
inline std::string RoutingRule(const Id& c, const Id& r) { return Child(c, "routingRules", r); }
inline std::string GroupSplit(const Id& c, const Id& s) { return Child(c, "groupSplits", s); }
inline std::string Segment(const Id& c, const Id& s) { return Child(c, "segments", s); }
inline std::string Staff(const Id& c, const Id& s) { return Child(c, "staff", s); }
inline std::string Duty(const Id& c, const Id& d) { return Child(c, "duties", d); }
inline std::string MemberUpload(const Id& c, const Id& u) { return Child(c, "memberUploads", u); }
inline std::string HouseRules(const Id& c, int version) {
  return Community(c) + "/houseRules/" + std::to_string(version);
}

// The ids of a name whose form the validator has checked: "communities/{a}" -> {a, nil}, "communities/{a}/x/{b}" -> {a,
// b}.
struct Parts {
  Id first, second;
};
Parts Parse(std::string_view name);

}  // namespace lanting::membership::names
