// Members and how they get in. Pure values and rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"

namespace lanting::membership {

// Numbers of the proto enums; stored as such.
enum class Channel : std::int16_t { kUnspecified = 0 };
enum class MemberState : std::int16_t { kActive = 1, kWaiting = 2, kLeft = 3 };
enum class JoinSource : std::int16_t { kStaff = 1, kInviteLink = 2, kApplication = 3, kImport = 4 };
enum class GroupKind : std::int16_t { kMain = 1, kTopic = 2, kLearning = 3, kBenefits = 4 };

struct ChannelIdentity {
  Channel channel;
  std::string user_id;
  friend auto operator<=>(const ChannelIdentity&, const ChannelIdentity&) = default;
};

// What is known of a person before they are a member.
struct Person {
  std::string external_id;  // "" is none
  std::string display_name;
  std::string expectation;
  std::vector<ChannelIdentity> identities;
  int accepted_rules_version = 0;
};

struct Member {
  Id id;
  Id community;
  Person person;
  MemberState state = MemberState::kActive;
  Id group;  // nil while waiting
  JoinSource source = JoinSource::kStaff;
  std::optional<std::int64_t> waiting_ticket;
  int waiting_position = 0;  // from 1; 0 when not waiting or not asked for
  Time join_time, create_time, update_time;
  std::int64_t version = 1;
};

}  // namespace lanting::membership
