// The names of channels.
#pragma once

#include <string>
#include <string_view>

#include "membership/domain/member.h"

namespace lanting::membership {

// The name as in the proto enum, without its prefix: "WECOM"; the number if it is not known.
std::string ChannelName(Channel channel);

// The number of lanting.membership.v1.Channel for "wecom", "CHANNEL_WECOM" or "企业微信"; 0 if unknown.
int ParseChannel(std::string_view text);
// "wecom, wechat, ...": what ParseChannel knows, for messages.
std::string ChannelNames();

// A to Z become small; everything else stays.
std::string ToLowerAscii(std::string_view text);

}  // namespace lanting::membership
