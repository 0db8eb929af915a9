#include "membership/domain/staff.h"

#include <algorithm>

#include "membership/domain/staff_errors.h"

namespace lanting::membership {
namespace {

constexpr std::size_t kMaxShown = 100;

struct Need {
  StaffRole role;
  std::optional<Structure> only;
  bool required;
  const char *zh, *en;
};

constexpr Need kNeeds[] = {
    {StaffRole::kOwner, Structure::kRing, true, "有人为社群的方向和结果负责", "Somebody answers for the community"},
    {StaffRole::kOwner, Structure::kPyramid, true, "学习群要有精神领袖，由群主邀请并支持",
     "A learning community needs somebody to look up to, whom the owner wins and supports"},
    {StaffRole::kOrganiser, Structure::kRing, true, "社交群的每个群里都要有带动气氛的活跃分子",
     "Every group of a social ring needs an active spark"},
    {StaffRole::kOrganiser, Structure::kPyramid, true, "影响力人物定期分享，组织者做日常管理",
     "Opinion leaders share on a schedule; an organiser does the daily management"},
    {StaffRole::kEditor, std::nullopt, false, "配备内容编辑，保证分享的质量", "Somebody edits what is shared"},
    {StaffRole::kModerator, std::nullopt, false, "配备粉丝互动和客户服务的人员",
     "Somebody answers members and customers"},
};

std::vector<Id> Uncovered(const std::vector<Staff>& active, StaffRole role, const std::vector<Id>& groups) {
  std::vector<Id> uncovered;
  for (const auto& group : groups) {
    const bool covered = std::any_of(active.begin(), active.end(), [&](const Staff& s) {
      return s.role == role &&
             (s.groups.empty() || std::find(s.groups.begin(), s.groups.end(), group) != s.groups.end());
    });
    if (!covered) uncovered.push_back(group);
  }
  return uncovered;
}

}  // namespace

Result<bool> End(Staff& staff, int active_owners, Time now) {
  if (staff.end_time) return false;
  if (staff.role == StaffRole::kOwner && active_owners <= 1) return errors::LastOwner();
  staff.end_time = staff.update_time = now;
  ++staff.version;
  return true;
}

std::vector<RoleNeed> Coverage(Structure structure, std::string_view locale, const std::vector<Staff>& active,
                               const std::vector<Id>& groups) {
  std::vector<RoleNeed> needs;
  for (const auto& need : kNeeds) {
    if (need.only && *need.only != structure) continue;
    RoleNeed one{.role = need.role, .why = locale == "en" ? need.en : need.zh, .required = need.required};
    bool any = false;
    for (const auto& staff : active) {
      if (staff.role != need.role) continue;
      any = true;
      if (one.staff.size() < kMaxShown) one.staff.push_back(staff.id);
    }
    one.uncovered_groups = Uncovered(active, need.role, groups);
    one.filled = any && one.uncovered_groups.empty();
    if (one.uncovered_groups.size() > kMaxShown) one.uncovered_groups.resize(kMaxShown);
    needs.push_back(std::move(one));
  }
  return needs;
}

}  // namespace lanting::membership
