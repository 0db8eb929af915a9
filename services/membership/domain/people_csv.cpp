#include "membership/domain/people_csv.h"

#include <algorithm>
#include <array>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

struct ColumnWords {
  Column column;
  std::string_view english, chinese;
};
constexpr std::array kColumns = {
    ColumnWords{Column::kDisplayName, "display_name", "昵称"},
    ColumnWords{Column::kExternalId, "external_id", "外部编号"},
    ColumnWords{Column::kChannel, "channel", "渠道"},
    ColumnWords{Column::kUserId, "user_id", "渠道用户编号"},
    ColumnWords{Column::kExpectation, "expectation", "期望"},
};

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

std::string Lower(std::string_view text) {
  std::string out(Trim(text));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

Error Malformed(int line, const std::string& message) {
  return {.code = Code::kInvalidArgument,
          .reason = "MALFORMED_CSV",
          .message = "Line " + std::to_string(line) + ": " + message + ".",
          .metadata = {{"line", std::to_string(line)}}};
}

}  // namespace

std::string_view ColumnName(Column column) {
  return std::find_if(kColumns.begin(), kColumns.end(), [&](const auto& c) { return c.column == column; })->english;
}

Result<Header> ParseHeader(const std::vector<std::string>& fields) {
  Header header;
  for (const auto& field : fields) {
    auto name = Lower(field);
    auto known = std::find_if(kColumns.begin(), kColumns.end(),
                              [&](const auto& c) { return name == c.english || name == c.chinese; });
    if (known == kColumns.end()) {
      return Malformed(1,
                       "\"" + field.substr(0, 100) +
                           "\" is not a column: use display_name, external_id, channel, user_id, expectation (or 昵称, "
                           "外部编号, 渠道, 渠道用户编号, 期望)");
    }
    if (std::count(header.columns.begin(), header.columns.end(), known->column)) {
      return Malformed(1, "the column " + std::string(known->english) + " is there twice");
    }
    header.columns.push_back(known->column);
  }
  auto has = [&](Column c) { return std::count(header.columns.begin(), header.columns.end(), c) > 0; };
  if (!has(Column::kDisplayName)) return Malformed(1, "the column display_name (昵称) is missing");
  if (has(Column::kChannel) != has(Column::kUserId)) {
    return Malformed(1, "the columns channel (渠道) and user_id (渠道用户编号) go together");
  }
  return header;
}

Result<int> CheckFile(std::string_view text) {
  if (text.size() > kMaxImportBytes) {
    return ::lanting::errors::InvalidField("csv", "TOO_LONG", "must be at most 16 MiB");
  }
  csv::Reader reader(text);
  csv::Row row;
  if (!reader.Next(row)) {
    return Malformed(reader.fault() ? reader.fault()->line : 1,
                     reader.fault() ? reader.fault()->message : "the file is empty");
  }
  if (auto header = ParseHeader(row.fields); !header.ok()) return std::move(header).error();
  int rows = 0;
  while (reader.Next(row)) {
    if (++rows > kMaxImportRows) return Malformed(row.line, "there are more than 100,000 rows; split the file");
  }
  if (reader.fault()) return Malformed(reader.fault()->line, reader.fault()->message);
  return rows;
}

int ParseChannel(std::string_view text) {
  auto name = Lower(text);
  if (name.starts_with("channel_")) name.erase(0, 8);
  auto known = std::find_if(kChannels.begin(), kChannels.end(),
                            [&](const auto& c) { return name == c.english || name == c.chinese; });
  return known == kChannels.end() ? 0 : static_cast<int>(known - kChannels.begin()) + 1;
}

}  // namespace lanting::membership
