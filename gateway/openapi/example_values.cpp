#include "gateway/openapi/example_values.h"

#include <algorithm>

namespace lanting::gateway::openapi {
namespace {

struct TextEntry {
  std::string_view message, field;  // message "": any
  std::string_view text;
};

// The first that fits counts.
constexpr TextEntry kTexts[] = {
    {"Community", "display_name", "江南读书会"},
    {"CommunityTemplate", "display_name", "社交环"},
    {"Group", "display_name", "江南读书会·一群"},
    {"Gate", "display_name", "入会问卷"},
    {"Key", "display_name", "CRM 同步"},
    {"Tenant", "display_name", "兰亭文化"},
    {"Member", "display_name", "林晓雨"},
    {"Application", "display_name", "周子墨"},
    {"", "display_name", "兰亭序"},
    {"Community", "external_id", "club-0371"},
    {"", "external_id", "CRM-10482"},
    {"", "purpose", "让同城的读者每月共读一本书"},
    {"", "vision", "三年内办成本市最有温度的读书会"},
    {"", "target_user", "二十五到四十岁、每月至少读一本书的人"},
    {"", "product", "共读年卡"},
    {"", "naming_convention", "城市-昵称-行业"},
    {"", "reward_terms", "每月精华分享三次，送一本书"},
    {"", "penalty_terms", "发广告第一次提醒，第二次移出"},
    {"", "locale", "zh-CN"},
    {"", "time_zone", "Asia/Shanghai"},
    {"", "expectation", "认识同城的书友"},
    {"Question", "text", "你为什么想加入？"},
    {"Answer", "text", "想找人一起读完《红楼梦》"},
    {"HouseRules", "text", "不发广告；分享要写出处；每月至少发言一次。"},
    {"", "house_rules", "不发广告；分享要写出处；每月至少发言一次。"},
    {"Webhook", "description", "客户系统"},
    {"", "description", "兴趣相同的人互相聊天"},
    {"", "cors_allowed_origins", "https://app.example.com"},
    {"Webhook", "event_types", "membership.member_joined"},
    {"Delivery", "event_type", "membership.member_joined"},
    {"", "text", "你好，兰亭"},
    {"ImportRowError", "column", "display_name"},
    {"ImportRowError", "reason", "REQUIRED"},
    {"ImportRowError", "message", "is required"},
    {"", "reason", "名额已满，请下期再报名"},
    {"", "decision_reason", ""},
    {"", "error_reason", ""},
    {"", "error_message", ""},
    {"", "key", "why"},
    {"", "code", "k7q2m9x4w8t3r6p1"},
    {"", "channel_group_id", "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"},
    {"", "user_id", "wmqfasd1e19278asdasAAAA"},
    {"", "scopes", "members.read"},
    {"", "etag", "\"3.0.500\""},
    {"", "request_id", "4b6e2f0a-6c1d-4f5e-9a57-3f0c2d1b8e94"},
    {"", "filter", "displayName : \"林\""},
    {"", "order_by", "createTime"},
    {"", "page_token", "ChBX0mJ5dGVzIG9mIGEgaGFzaBIa"},
    {"", "next_page_token", "ChBX0mJ5dGVzIG9mIGEgaGFzaBIa"},
    {"", "content_type", "text/csv"},
    {"", "url", "https://crm.example.com/hooks/lanting"},
    {"", "uri", "https://crm.example.com/hooks/lanting"},
    {"", "path", "covers/2026/spring.png"},
};

struct NumberEntry {
  std::string_view field;
  long long number;
};

constexpr NumberEntry kNumbers[] = {
    {"capacity", 500},
    {"member_count", 128},
    {"waiting_count", 0},
    {"waiting_position", 0},
    {"max_uses", 100},
    {"uses", 3},
    {"attempts_left", 0},
    {"row_count", 10000},
    {"processed_count", 4200},
    {"imported_count", 4200},
    {"bad_row_count", 0},
    {"row", 17},
    {"line", 18},
    {"shares_per_day", 1},
    {"shares_per_week", 5},
    {"shares_per_month", 20},
    {"promo_percent_max", 10},
    {"silent_days", 30},
    {"grace_days", 7},
    {"page_size", 50},
};

constexpr TextEntry kTimes[] = {
    {"", "create_time", "2026-03-01T02:30:00Z"},
    {"", "update_time", "2026-03-08T11:05:21.480Z"},
    {"", "join_time", "2026-03-01T02:30:00Z"},
    {"", "expire_time", "2027-03-01T00:00:00Z"},
};

}  // namespace

std::optional<std::string_view> ExampleText(std::string_view message, std::string_view field) {
  for (const TextEntry& entry : kTexts)
    if (entry.field == field && (entry.message.empty() || entry.message == message)) return entry.text;
  return std::nullopt;
}

std::optional<long long> ExampleNumber(std::string_view field) {
  for (const NumberEntry& entry : kNumbers)
    if (entry.field == field) return entry.number;
  return std::nullopt;
}

std::string_view ExampleTime(std::string_view field) {
  for (const TextEntry& entry : kTimes)
    if (entry.field == field) return entry.text;
  return "2026-03-08T11:05:21Z";
}

}  // namespace lanting::gateway::openapi
