// Communities, their house rules and their groups. Pure values and rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "membership/domain/member.h"
#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Numbers of the proto enums; stored as such.
enum class Template : std::int16_t { kSocialRing = 1, kLearningPyramid = 2, kNetworking = 3, kMemberBenefits = 4 };
enum class Structure : std::int16_t { kUnspecified = 0, kRing = 1, kPyramid = 2 };
// 0: not said.
enum class CommunityType : std::int16_t { kUnspecified = 0, kInterest = 1, kEmotionalTie = 2, kProfessionalNeed = 3 };
enum class PurposeKind : std::int16_t { kUnspecified = 0 };
enum class ProductKind : std::int16_t {
  kUnspecified = 0,
  kApp = 1,
  kOfficialAccount = 2,
  kVideo = 3,
  kService = 4,
  kCourse = 5,
  kConsumable = 6,
  kDurable = 7,
  kNone = 8
};
enum class CommunityState : std::int16_t { kOpen = 1, kArchived = 2 };

// What the operator declares (R49, R51, R87, R98, R105). Unset and empty mean "as the template says"; in a Community
// that was opened every field is set.
struct Declarations {
  std::optional<int> shares_per_day, shares_per_week, shares_per_month;
  std::optional<int> promo_percent_max;
  std::optional<int> silent_days, grace_days;
  std::string naming_convention, reward_terms, penalty_terms;
  friend bool operator==(const Declarations&, const Declarations&) = default;
};

// `given` where it says something, `defaults` elsewhere, field by field.
Declarations Merge(const Declarations& given, const Declarations& defaults);

struct Community {
  Id id;
  std::string external_id;  // "" is none
  std::string display_name;
  Template opened_from = Template::kSocialRing;
  Structure structure = Structure::kUnspecified;
  std::string purpose, vision, target_user, product, positioning;
  CommunityType type = CommunityType::kUnspecified;
  std::vector<PurposeKind> purposes;  // each once
  ProductKind product_kind = ProductKind::kUnspecified;
  Declarations declarations;
  std::string locale, time_zone;
  int offer_minutes = 0;  // 0: the first of the waiting list comes in at once
  CommunityState state = CommunityState::kOpen;
  int house_rules_version = 1;
  int member_count = 0;      // first places taken, over the groups
  int waiting_count = 0;     // people on the waiting list
  bool needs_group = false;  // no open main group that is not near full
  Time create_time, update_time;
  std::int64_t version = 1;
};

struct HouseRules {
  Id community;
  int version = 1;
  std::string text;
  Time create_time;
};

// Numbers of the proto enum; stored as such.
enum class GroupState : std::int16_t { kOpen = 1, kClosed = 2 };

struct Group {
  Id id;
  Id community;
  std::string display_name;
  GroupKind kind = GroupKind::kMain;
  Channel channel = Channel::kUnspecified;
  std::string channel_group_id;
  int capacity = 0;
  int member_count = 0;
  GroupState state = GroupState::kOpen;
  std::string tag, purpose, owner;
  Id parent;  // lineage: nil, or the group it was split off from
  Id split;
  Time create_time, update_time;
  std::int64_t version = 1;
};

constexpr const char* kDefaultLocale = "zh-CN";
constexpr const char* kDefaultTimeZone = "Asia/Shanghai";
// What a WeCom or WeChat group holds.
constexpr int kDefaultGroupCapacity = 500;

// Fills what was left out: locale and zone first, then what the template brings in that locale. Also after an update,
// so that clearing a field gives the template's text back.
void FillDefaults(Community& community);

// The rules a community opens with: the template's, in its language (R15, R51).
HouseRules FirstHouseRules(const Community& community);

void FillDefaults(Group& group);

}  // namespace lanting::membership
