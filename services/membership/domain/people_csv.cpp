#include "membership/domain/people_csv.h"

#include <algorithm>
#include <array>
#include <set>

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
    ColumnWords{Column::kTags, "tags", "标签"},
    ColumnWords{Column::kCustomerClass, "customer_class", "客户分类"},
    ColumnWords{Column::kFanScore, "fan_score", "粉丝分"},
    ColumnWords{Column::kValuesFit, "values_fit", "契合度"},
    ColumnWords{Column::kConsent, "consent", "同意声明"},
    ColumnWords{Column::kConsentTime, "consent_time", "同意时间"},
};
// Columns of an export that say where a person is: nothing that an import could bring.
constexpr std::array<std::string_view, 6> kWhereabouts = {"member", "state",     "group",
                                                          "source", "join_time", "accepted_rules_version"};
constexpr std::array<std::string_view, 2> kAttributePrefixes = {"attributes.", "属性."};
constexpr std::array<std::string_view, 2> kUserIdPrefixes = {"user_id.", "渠道用户编号."};
constexpr std::size_t kMaxKey = 64;

Error Malformed(int line, std::size_t column, const std::string& message) {
  Error error{.code = Code::kInvalidArgument,
              .reason = "MALFORMED_CSV",
              .message = "Line " + std::to_string(line) + ": " + message + ".",
              .metadata = {{"line", std::to_string(line)}}};
  if (column > 0) error.metadata["column"] = std::to_string(column);
  return error;
}

bool IsKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKey && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// What follows the one of the prefixes, in the case of the file; "" if there is none.
std::string_view After(std::string_view name, const std::array<std::string_view, 2>& prefixes) {
  const auto lower = ToLowerAscii(name);
  for (auto prefix : prefixes) {
    if (lower.starts_with(prefix)) return name.substr(prefix.size());
  }
  return {};
}

// The two sides of "<field>:<title>"; the titles may hold colons, the fields have none.
std::pair<std::string_view, std::string_view> Sides(std::string_view item) {
  const auto colon = item.find(':');
  if (colon == std::string_view::npos) return {};
  return {Trim(item.substr(0, colon)), Trim(item.substr(colon + 1))};
}

// The column with this title by the mapping, or by its own name unless the mapping takes that field from elsewhere.
HeaderColumn ColumnOf(const std::string& title, const FileRules& rules) {
  const auto lower = ToLowerAscii(title);
  HeaderColumn own = FieldOf(title);
  for (const auto& item : rules.mapping) {
    const auto [field, mapped] = Sides(item);
    auto target = FieldOf(field);
    if (ToLowerAscii(mapped) == lower) return target;
    if (target.field == own.field) own = {};
  }
  return own;
}

Result<void> CheckTogether(int line, const Header& header, const FileRules& rules) {
  auto has = [&](Column c) {
    return std::any_of(header.columns.begin(), header.columns.end(), [&](const auto& h) { return h.column == c; });
  };
  if (!has(Column::kDisplayName)) return Malformed(line, 0, "the column display_name (昵称) is missing");
  if (rules.channel != 0) {
    if (!has(Column::kUserId)) return Malformed(line, 0, "the column user_id (渠道用户编号) is missing");
    if (has(Column::kChannel)) return Malformed(line, 0, "the channel is given twice, by a column and for all rows");
  } else if (has(Column::kChannel) != has(Column::kUserId)) {
    return Malformed(line, 0, "the columns channel (渠道) and user_id (渠道用户编号) go together");
  }
  for (const auto& item : rules.mapping) {
    const auto title = ToLowerAscii(Sides(item).second);
    if (std::none_of(header.columns.begin(), header.columns.end(),
                     [&](const auto& h) { return ToLowerAscii(h.title) == title; })) {
      return Malformed(line, 0, "there is no column \"" + Shown(Sides(item).second) + "\", which the mapping names");
    }
  }
  return {};
}

}  // namespace

std::string Shown(std::string_view text, std::size_t most) {
  std::size_t at = 0, seen = 0;
  for (; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (starts && ++seen > most) return std::string(text.substr(0, at)) + "…";
  }
  return std::string(text);
}

HeaderColumn FieldOf(std::string_view name) {
  const auto lower = ToLowerAscii(Trim(name));
  for (const auto& known : kColumns) {
    if (lower == known.english || lower == known.chinese) {
      return {.column = known.column, .field = std::string(known.english)};
    }
  }
  if (const auto key = After(Trim(name), kAttributePrefixes); IsKey(key)) {
    return {.column = Column::kAttribute, .field = "attributes." + std::string(key), .key = std::string(key)};
  }
  if (const int channel = ParseChannel(After(Trim(name), kUserIdPrefixes)); channel != 0) {
    return {.column = Column::kUserIdOn,
            .field = "user_id." + ToLowerAscii(ChannelName(static_cast<Channel>(channel))),
            .channel = channel};
  }
  return {};
}

Result<void> CheckMapping(const std::vector<std::string>& mapping) {
  std::vector<FieldViolation> violations;
  std::set<std::string> fields, titles;
  for (std::size_t i = 0; i < mapping.size(); ++i) {
    const auto at = "mapping[" + std::to_string(i) + "]";
    const auto [name, title] = Sides(mapping[i]);
    const auto field = FieldOf(name).field;
    if (name.empty() || title.empty()) {
      violations.push_back({at, "INVALID_FORMAT", "must be a field, a colon and the title of a column"});
    } else if (field.empty()) {
      violations.push_back({at, "UNKNOWN_VALUE", "\"" + Shown(name) + "\" is not a field that can be imported"});
    } else if (!fields.insert(field).second || !titles.insert(ToLowerAscii(title)).second) {
      violations.push_back({at, "DUPLICATE_VALUE", "names a field or a column that another names already"});
    }
  }
  if (!violations.empty()) return ::lanting::errors::InvalidFields(std::move(violations));
  return {};
}

Result<Header> ParseHeader(const csv::Row& row, const FileRules& rules) {
  Header header;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < row.fields.size(); ++i) {
    const auto refuse = [&](const std::string& message) { return Malformed(row.line, i + 1, message); };
    if (!Utf8Length(row.fields[i])) {
      return refuse("the header is not text in UTF-8, UTF-16 with a byte order mark, or GB18030 (GBK)");
    }
    if (row.fields[i].find('\0') != std::string::npos) return refuse("the header contains the character NUL");
    const std::string title(Trim(row.fields[i]));
    auto column = ColumnOf(title, rules);
    column.title = title;
    if (column.field.empty() && !rules.ignore_unknown_columns &&
        std::find(kWhereabouts.begin(), kWhereabouts.end(), ToLowerAscii(title)) == kWhereabouts.end()) {
      return refuse(
          "\"" + Shown(title) +
          "\" is not a column: use display_name, external_id, channel, user_id, expectation, tags, "
          "customer_class, fan_score, values_fit, consent, consent_time, attributes.KEY, user_id.CHANNEL (or "
          "昵称, 外部编号, 渠道, 渠道用户编号, 期望, 标签, 客户分类, 粉丝分, 契合度, 同意声明, 同意时间, 属性.KEY), "
          "map it to one, or ignore unknown columns");
    }
    if (!column.field.empty() && !seen.insert(column.field).second) {
      return refuse("the column " + column.field + " is there twice");
    }
    header.columns.push_back(std::move(column));
  }
  RETURN_IF_ERROR(CheckTogether(row.line, header, rules));
  return header;
}

void TextReader::Feed(std::string_view bytes) {
  decoder_.Feed(bytes, text_);
  rows_.Feed(text_);
  text_.clear();
}

void TextReader::End() {
  decoder_.End(text_);
  rows_.Feed(text_);
  text_.clear();
  rows_.End();
}

namespace {

Result<FileForm> ReadHeader(TextReader& reader, csv::Row& row, const FileRules& rules) {
  switch (reader.Next(row)) {
    case csv::Reader::Step::kEnd:
      if (const auto& fault = reader.rows().fault()) return Malformed(fault->line, 0, fault->message);
      return Malformed(1, 0, "the file is empty");
    case csv::Reader::Step::kMore:
      return Malformed(1, 0, "the header row is longer than the first MiB");
    case csv::Reader::Step::kRow:
      break;
  }
  FileForm form{.encoding = reader.encoding(), .separator = reader.rows().separator()};
  ASSIGN_OR_RETURN(form.header, ParseHeader(row, rules));
  return form;
}

}  // namespace

Result<FileForm> CheckStart(std::string_view bytes, bool whole, const FileRules& rules) {
  TextReader reader(rules.encoding);
  reader.Feed(bytes);
  if (whole) reader.End();
  csv::Row row;
  return ReadHeader(reader, row, rules);
}

Result<FileForm> CheckFile(std::string_view bytes, const FileRules& rules, bool part_is_enough) {
  if (bytes.size() > kMaxImportBytes) {
    return ::lanting::errors::InvalidField("csv", "TOO_LONG", "must be at most 16 MiB");
  }
  TextReader reader(rules.encoding);
  reader.Feed(bytes);
  reader.End();
  csv::Row row;
  ASSIGN_OR_RETURN(auto form, ReadHeader(reader, row, rules));
  while (reader.Next(row) == csv::Reader::Step::kRow) {
    if (++form.rows > kMaxImportRows) {
      return Malformed(row.line, 0, "there are more than 100,000 rows; divide the file, or upload it in parts");
    }
  }
  if (const auto& fault = reader.rows().fault()) {
    if (!part_is_enough) return Malformed(fault->line, 0, fault->message);
    ++form.rows;
  }
  return form;
}

}  // namespace lanting::membership
