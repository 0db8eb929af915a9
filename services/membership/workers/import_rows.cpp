#include "membership/workers/import_rows.h"

#include "lanting/membership/v1/member.pb.h"
#include "platform/base/strings.h"
#include "platform/rpc/validate.h"

namespace lanting::membership {
namespace {

constexpr std::size_t kMaxShown = 32;  // bytes of a faulty value that a message repeats

// The column that a field path of lanting.membership.v1.Member comes from.
std::string ColumnOf(std::string_view field) {
  if (field == "displayName") return "display_name";
  if (field == "externalId") return "external_id";
  if (field.ends_with(".userId")) return "user_id";
  if (field.starts_with("identities")) return "channel";
  return std::string(field);
}

}  // namespace

ImportRows::ImportRows(std::string_view text, const Id& community, int chunk_rows, int skip)
    : reader_(text), community_(community), chunk_rows_(chunk_rows) {
  reader_.Next(buffer_);
  header_ = *ParseHeader(buffer_.fields);
  while (position_ < skip && reader_.Next(buffer_)) ++position_;
  given_ = position_;
  ReadAhead();
}

void ImportRows::ReadAhead() {
  next_ = std::async(std::launch::async, [this] { return Read(); });
}

std::vector<ImportRow> ImportRows::Next() {
  auto rows = next_.get();
  given_ += static_cast<int>(rows.size());
  ReadAhead();
  return rows;
}

std::vector<ImportRow> ImportRows::Read() {
  std::vector<ImportRow> rows;
  rows.reserve(static_cast<std::size_t>(chunk_rows_));
  while (static_cast<int>(rows.size()) < chunk_rows_ && reader_.Next(buffer_)) {
    ++position_;
    rows.push_back(Parse(buffer_));
  }
  return rows;
}

ImportRow ImportRows::Parse(const csv::Row& row) {
  ImportRow out{.row = position_, .line = row.line};
  auto fault = [&](std::string column, std::string reason, std::string message) {
    out.faults.push_back({out.row, out.line, std::move(column), std::move(reason), std::move(message)});
  };
  if (row.fields.size() != header_.columns.size()) {
    fault("", "MALFORMED_CSV",
          "has " + std::to_string(row.fields.size()) + " fields, the header has " +
              std::to_string(header_.columns.size()));
    return out;
  }
  // Validated as the message an API caller would send, so that file and API cannot disagree.
  v1::Member member;
  std::string channel, user_id;
  for (std::size_t i = 0; i < header_.columns.size(); ++i) {
    std::string value(Trim(row.fields[i]));
    if (!Utf8Length(value)) {
      fault(std::string(ColumnName(header_.columns[i])), "INVALID_FORMAT", "is not UTF-8 text");
      continue;
    }
    if (value.find('\0') != std::string::npos) {
      fault(std::string(ColumnName(header_.columns[i])), "INVALID_FORMAT", "must not contain the character NUL");
      continue;
    }
    switch (header_.columns[i]) {
      case Column::kDisplayName:
        member.set_display_name(std::move(value));
        break;
      case Column::kExternalId:
        member.set_external_id(std::move(value));
        break;
      case Column::kExpectation:
        member.set_expectation(std::move(value));
        break;
      case Column::kChannel:
        channel = std::move(value);
        break;
      case Column::kUserId:
        user_id = std::move(value);
        break;
    }
  }
  if (!out.faults.empty()) return out;
  if (!channel.empty() || !user_id.empty()) {
    int number = ParseChannel(channel);
    if (number == 0 && !channel.empty()) {
      const std::string shown = channel.size() <= kMaxShown ? "\"" + channel + "\" " : "";
      fault("channel", "UNKNOWN_VALUE", shown + "is not a channel: use one of " + ChannelNames());
    }
    auto* identity = member.add_identities();
    identity->set_channel(static_cast<v1::Channel>(number));
    identity->set_user_id(user_id);
  }
  if (auto valid = rpc::Validate(member); !valid.ok()) {
    for (const auto& v : valid.error().violations) {
      auto column = ColumnOf(v.field);
      bool known = false;
      for (const auto& f : out.faults) known = known || f.column == column;
      if (!known) fault(column, v.reason, v.description);
    }
  }
  if (!out.faults.empty()) return out;

  out.item.community = community_;
  out.item.source = JoinSource::kImport;
  out.item.member_id = Id::New();
  Person& person = out.item.person;
  person.display_name = member.display_name();
  person.external_id = member.external_id();
  person.expectation = member.expectation();
  for (const auto& identity : member.identities()) {
    person.identities.push_back({static_cast<Channel>(identity.channel()), identity.user_id()});
  }
  const auto earlier = [&](std::unordered_map<std::string, int>& row_of, const std::string& value) {
    const auto [first, is_new] = row_of.emplace(value, out.row);
    return is_new ? 0 : first->second;
  };
  if (!person.external_id.empty()) out.same_external_id = earlier(row_of_external_id_, person.external_id);
  if (!user_id.empty()) out.same_identity = earlier(row_of_identity_, channel + ":" + user_id);
  return out;
}

RowError RefusedRow(const ImportRow& row, const Error& error) {
  RowError out{row.row, row.line, "", error.reason, error.message};
  int earlier = 0;
  if (error.reason == "EXTERNAL_ID_TAKEN") {
    out.column = "external_id";
    earlier = row.same_external_id;
  } else if (error.reason == "IDENTITY_TAKEN") {
    out.column = "user_id";
    earlier = row.same_identity;
  }
  if (earlier != 0) out.message = "is the same as in row " + std::to_string(earlier) + " of this file";
  return out;
}

}  // namespace lanting::membership
