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

Error Malformed(int line, const std::string& message) {
  return {.code = Code::kInvalidArgument,
          .reason = "MALFORMED_CSV",
          .message = "Line " + std::to_string(line) + ": " + message + ".",
          .metadata = {{"line", std::to_string(line)}}};
}

// A value of the file as a message may show it: at most 40 code points of valid UTF-8.
std::string Shown(std::string_view text) {
  std::size_t at = 0, seen = 0;
  for (; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (starts && ++seen > 40) return std::string(text.substr(0, at)) + "…";
  }
  return std::string(text);
}

}  // namespace

std::string_view ColumnName(Column column) {
  return std::find_if(kColumns.begin(), kColumns.end(), [&](const auto& c) { return c.column == column; })->english;
}

Result<Header> ParseHeader(const std::vector<std::string>& fields) {
  Header header;
  for (const auto& field : fields) {
    // What a Chinese Excel writes unless it is told otherwise is GBK.
    if (!Utf8Length(field)) return Malformed(1, "the header is not UTF-8 text: save the file as UTF-8");
    if (field.find('\0') != std::string::npos) return Malformed(1, "the header contains the character NUL");
    auto name = ToLowerAscii(Trim(field));
    auto known = std::find_if(kColumns.begin(), kColumns.end(),
                              [&](const auto& c) { return name == c.english || name == c.chinese; });
    if (known == kColumns.end()) {
      return Malformed(1,
                       "\"" + Shown(Trim(field)) +
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

}  // namespace lanting::membership
