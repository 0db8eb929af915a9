// Identities as parameters of a statement.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "membership/domain/member.h"

namespace lanting::membership {

// Channels and user ids, an array each, for unnest(int[], text[]).
struct IdentityArrays {
  std::vector<std::int32_t> channels;
  std::vector<std::string> user_ids;
  explicit IdentityArrays(const std::vector<ChannelIdentity>& identities) {
    for (const auto& i : identities) {
      channels.push_back(static_cast<std::int32_t>(i.channel));
      user_ids.push_back(i.user_id);
    }
  }
};

}  // namespace lanting::membership
