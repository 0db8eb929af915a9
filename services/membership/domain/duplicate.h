// Which members may be the same person, and how likely. Pure: compares what the store has normalised (the generated
// columns of migration 0009).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/member.h"

namespace lanting::membership {

// Numbers of the proto enum.
enum class DuplicateReason : std::int16_t {
  kSameUserId = 1,
  kSameUnionid = 2,
  kSamePhone = 3,
  kSameEmail = 4,
  kSameName = 5,
  kSimilarNameAndExpectation = 6,
};

// What a member is compared by; "" is unknown.
struct PersonTraits {
  Id id;
  std::string display_name;
  std::string name_key, expectation_key, phone_key, email_key, unionid_key;
  std::vector<ChannelIdentity> identities;
};

struct DuplicateMatch {
  int score = 0;                         // 1 to 100
  std::vector<DuplicateReason> reasons;  // strongest first
};

// Nullopt if nothing speaks for their being one person. Reasons add up as independent evidence. Where names alone speak
// for it, two different accounts on the same channel halve the score: most people have one.
std::optional<DuplicateMatch> CompareTraits(const PersonTraits& a, const PersonTraits& b);

// Whether two normalised names differ by little: by one character (two from 8 on) if the longer has at least 3, or one
// is the end of the other, as 小明 is of 王小明. Equal names are similar.
bool SimilarNames(std::string_view a, std::string_view b);

}  // namespace lanting::membership
