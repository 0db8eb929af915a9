// Staff: roles in a community and who has them (R29, R30, R76), and which roles its structure needs (R6 to R9). Pure
// values and rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/community.h"
#include "membership/domain/member.h"
#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Numbers of the proto enum; stored as such.
enum class StaffRole : std::int16_t {
  kUnspecified = 0,
  kOwner = 1,
  kOrganiser = 2,
  kEditor = 3,
  kPlanner = 4,
  kModerator = 5,
  kVolunteer = 6
};

struct Staff {
  Id id, community;
  StaffRole role = StaffRole::kUnspecified;
  std::string display_name;
  Id member;  // nil: no member
  std::optional<ChannelIdentity> contact;
  std::vector<Id> groups;  // empty: all of them
  std::string grade;
  Time create_time, update_time;
  std::optional<Time> end_time;
  std::int64_t version = 1;
};

// Most active assignments of a community.
constexpr int kMaxStaff = 1000;

// Ends `staff`. `active_owners` is how many owners the community has, this one included if it is one. Errors:
// LAST_OWNER. True if something changed: one that has ended stays as it is.
Result<bool> End(Staff& staff, int active_owners, Time now);

// --- what Lanting knows of roles ---

struct DefaultDuty {
  std::string key;  // "organiser.greet"; never changes
  std::string title, description;
  std::string rrule, local_time;  // "09:00"
  int due_minutes = 0;
  // For communities of that structure, or opened from that template, only.
  std::optional<Structure> structure{};
  std::optional<Template> opened_from{};

  bool Fits(const Community& community) const {
    return (!structure || *structure == community.structure) && (!opened_from || *opened_from == community.opened_from);
  }
};

struct StaffRoleInfo {
  StaffRole role;
  std::string display_name, description;
  std::vector<std::string> scopes;
  std::vector<DefaultDuty> duties;
};

// All roles, in the language of the locale ("zh-CN", which is also that of "", or "en").
const std::vector<StaffRoleInfo>& StaffRoles(std::string_view locale);
// Of a key for that role; none for kUnspecified.
std::vector<std::string> ScopesOf(StaffRole role);
// "OWNER"
std::string NameOf(StaffRole role);

// --- the staffing plan ---

struct RoleNeed {
  StaffRole role;
  std::string why;  // in the locale of the community
  bool required = false, filled = false;
  std::vector<Id> staff, uncovered_groups;
};

// The roles that a community of that structure needs, required ones first. `active` in the order of their creation;
// `groups` are its open main groups. A need is filled when somebody has the role and every group is covered.
std::vector<RoleNeed> Coverage(Structure structure, std::string_view locale, const std::vector<Staff>& active,
                               const std::vector<Id>& groups);

}  // namespace lanting::membership
