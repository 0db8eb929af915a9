#include "membership/domain/channel.h"

#include <algorithm>
#include <array>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

struct ChannelWords {
  std::string_view english, chinese;
};
// In the order of the numbers of lanting.membership.v1.Channel, from 1.
constexpr std::array kChannels = {
    ChannelWords{"wecom", "企业微信"},  ChannelWords{"wechat", "微信"},   ChannelWords{"qq", "qq群"},
    ChannelWords{"feishu", "飞书"},     ChannelWords{"dingtalk", "钉钉"}, ChannelWords{"telegram", "电报"},
    ChannelWords{"discord", "discord"}, ChannelWords{"slack", "slack"},   ChannelWords{"matrix", "matrix"},
    ChannelWords{"webhook", "webhook"},
};

}  // namespace

std::string ChannelName(Channel channel) {
  const auto n = static_cast<std::size_t>(channel);
  if (n == 0) return "CHANNEL_UNSPECIFIED";
  if (n > kChannels.size()) return std::to_string(n);
  std::string name(kChannels[n - 1].english);
  for (char& c : name) c = static_cast<char>(c - 32);
  return name;
}

std::string ToLowerAscii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string ChannelNames() {
  std::string names;
  for (const auto& channel : kChannels) names += (names.empty() ? "" : ", ") + std::string(channel.english);
  return names;
}

int ParseChannel(std::string_view text) {
  auto name = ToLowerAscii(Trim(text));
  if (name.starts_with("channel_")) name.erase(0, 8);
  auto known = std::find_if(kChannels.begin(), kChannels.end(),
                            [&](const auto& c) { return name == c.english || name == c.chinese; });
  return known == kChannels.end() ? 0 : static_cast<int>(known - kChannels.begin()) + 1;
}

}  // namespace lanting::membership
