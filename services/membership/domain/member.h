// Members and how they get in. Pure values and rules.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"

namespace lanting::membership {

// Numbers of the proto enums; stored as such.
enum class Channel : std::int16_t { kUnspecified = 0 };
enum class MemberState : std::int16_t { kActive = 1, kWaiting = 2, kLeft = 3, kOffered = 4, kMerged = 5 };
enum class JoinSource : std::int16_t { kStaff = 1, kInviteLink = 2, kApplication = 3, kImport = 4, kReferral = 5 };
enum class CustomerClass : std::int16_t { kUnspecified = 0, kPotential = 1, kOrdinary = 2, kExpert = 3, kBulk = 4 };
enum class GroupKind : std::int16_t { kMain = 1, kTopic = 2, kLearning = 3, kBenefits = 4 };

struct ChannelIdentity {
  Channel channel;
  std::string user_id;
  friend auto operator<=>(const ChannelIdentity&, const ChannelIdentity&) = default;
};

// What staff know and think of a person (R40-R42).
struct StaffView {
  CustomerClass customer_class = CustomerClass::kUnspecified;
  std::optional<int> fan_score, values_fit;  // 0 to 100
  std::map<std::string, std::string> attributes;
  friend bool operator==(const StaffView&, const StaffView&) = default;
};

// That the person agreed, and how (R25).
struct Consent {
  std::optional<Time> time;
  std::string statement;
};

// What is known of a person before they are a member.
struct Person {
  std::string external_id;  // "" is none
  std::string display_name;
  std::string expectation;
  std::vector<ChannelIdentity> identities;
  int accepted_rules_version = 0;
  std::vector<std::string> tags;
  StaffView staff;
  Consent consent;
};

struct Member {
  Id id;
  Id community;
  Person person;
  MemberState state = MemberState::kActive;
  Id group;                      // nil while waiting
  std::vector<Id> topic_groups;  // beside `group`
  JoinSource source = JoinSource::kStaff;
  std::optional<std::int64_t> waiting_ticket;
  int waiting_position = 0;  // from 1; 0 when not waiting or not asked for
  Id referrer;               // nil: nobody
  std::optional<Time> offer_expire_time;
  int missed_offers = 0;
  Id merged_into;
  std::optional<Time> leave_time;
  std::string leave_reason;
  Time join_time, create_time, update_time;
  std::int64_t version = 1;
};

}  // namespace lanting::membership
