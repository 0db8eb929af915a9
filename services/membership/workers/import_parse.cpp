#include "membership/workers/import_parse.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "membership/domain/people_cells.h"
#include "platform/base/strings.h"
#include "platform/rpc/validate.h"

namespace lanting::membership {
namespace {

constexpr std::size_t kMaxShown = 32;  // bytes of a faulty value that a message repeats
constexpr std::size_t kMaxAttribute = 1000;

// White space around it is part of the text, if it is in quotes.
bool IsFreeText(Column column) {
  return column == Column::kExpectation || column == Column::kConsent || column == Column::kAttribute;
}

class Parser {
 public:
  Parser(const csv::Row& row, const Header& header, const FileRules& rules)
      : row_(row), header_(header), rules_(rules) {}

  ParsedRow Parse() && {
    for (std::size_t i = 0; i < header_.columns.size(); ++i) Cell(header_.columns[i], row_.fields[i], row_.quoted[i]);
    if (broken_) return std::move(out_);  // what the validators say of it would be wrong
    Identity();
    if (auto valid = rpc::Validate(out_.member); !valid.ok()) {
      for (const auto& v : valid.error().violations) Fault(ColumnOf(v.field), v.reason, v.description);
    }
    return std::move(out_);
  }

 private:
  void Fault(const std::string& column, std::string reason, std::string message) {
    for (const auto& f : out_.faults) {
      if (f.column == column) return;
    }
    out_.faults.push_back({column, std::move(reason), std::move(message)});
  }

  void Cell(const HeaderColumn& column, std::string_view field, bool quoted) {
    if (column.column == Column::kIgnored) return;
    const bool is_text = Utf8Length(field).has_value();
    if (!is_text || field.find('\0') != std::string_view::npos) {
      broken_ = true;
      return Fault(column.field, "INVALID_FORMAT",
                   is_text ? "must not contain the character NUL" : "is not text in the encoding of the file");
    }
    if (!quoted || !IsFreeText(column.column)) field = Trim(field);
    const std::string value(cells::Unprotect(field));
    if (!value.empty()) Value(column, value);
  }

  void Value(const HeaderColumn& column, const std::string& value) {
    v1::Member& member = out_.member;
    switch (column.column) {
      case Column::kDisplayName:
        return member.set_display_name(value);
      case Column::kExternalId:
        return member.set_external_id(value);
      case Column::kExpectation:
        return member.set_expectation(value);
      case Column::kChannel:
        channel_ = value;
        return;
      case Column::kUserId:
        user_id_ = value;
        return;
      case Column::kUserIdOn:
        return AddIdentity(column.channel, value, column.field, column.field);
      case Column::kTags:
        for (auto& tag : cells::SplitTags(value)) member.add_tags(std::move(tag));
        return;
      case Column::kConsent:
        return member.mutable_consent()->set_statement(value);
      default:
        Special(column, value);
    }
  }

  void Special(const HeaderColumn& column, const std::string& value) {
    auto& staff = *out_.member.mutable_staff();
    switch (column.column) {
      case Column::kCustomerClass: {
        const auto known = cells::ParseCustomerClass(value);
        if (known == CustomerClass::kUnspecified) {
          return Fault(column.field, "UNKNOWN_VALUE",
                       Shown(value) + "is not a class: use one of potential, ordinary, expert, bulk");
        }
        return staff.set_customer_class(static_cast<v1::CustomerClass>(known));
      }
      case Column::kFanScore:
        if (const auto score = Score(column, value)) staff.set_fan_score(*score);
        return;
      case Column::kValuesFit:
        if (const auto score = Score(column, value)) staff.set_values_fit(*score);
        return;
      case Column::kAttribute:
        if (*Utf8Length(value) > kMaxAttribute) {
          return Fault(column.field, "TOO_LONG", "must be at most " + std::to_string(kMaxAttribute) + " characters");
        }
        (*staff.mutable_attributes())[column.key] = value;
        return;
      case Column::kConsentTime:
        if (!google::protobuf::util::TimeUtil::FromString(value, out_.member.mutable_consent()->mutable_give_time())) {
          Fault(column.field, "INVALID_FORMAT", "must be a time as in RFC 3339, e.g. 2026-05-03T10:00:00Z");
        }
        return;
      default:
        return;
    }
  }

  std::optional<int> Score(const HeaderColumn& column, const std::string& value) {
    int score = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), score);
    if (error == std::errc() && end == value.data() + value.size()) return score;
    Fault(column.field, "INVALID_FORMAT", "must be a whole number from 0 to 100");
    return std::nullopt;
  }

  static std::string Shown(const std::string& value) {
    return value.size() <= kMaxShown ? "\"" + value + "\" " : std::string();
  }

  void AddIdentity(int channel, const std::string& user_id, std::string channel_column, std::string user_column) {
    auto* identity = out_.member.add_identities();
    identity->set_channel(static_cast<v1::Channel>(channel));
    identity->set_user_id(user_id);
    identity_columns_.emplace_back(std::move(channel_column), std::move(user_column));
  }

  // The one of the columns channel and user_id, or of the channel of all rows.
  void Identity() {
    if (channel_.empty() && user_id_.empty()) return;
    int number = rules_.channel;
    if (number == 0) number = ParseChannel(channel_);
    if (number == 0 && !channel_.empty()) {
      Fault("channel", "UNKNOWN_VALUE", Shown(channel_) + "is not a channel: use one of " + ChannelNames());
    }
    AddIdentity(number, user_id_, "channel", "user_id");
  }

  // The column that a field path of lanting.membership.v1.Member comes from.
  std::string ColumnOf(std::string_view field) const {
    if (field == "displayName") return "display_name";
    if (field == "externalId") return "external_id";
    if (field.starts_with("tags")) return "tags";
    if (field == "staff.customerClass") return "customer_class";
    if (field == "staff.fanScore") return "fan_score";
    if (field == "staff.valuesFit") return "values_fit";
    if (field.starts_with("staff.attributes")) return "attributes";
    if (field == "consent.statement") return "consent";
    if (field.starts_with("consent")) return "consent_time";
    if (!field.starts_with("identities[")) return std::string(field);
    std::size_t i = 0;
    std::from_chars(field.data() + 11, field.data() + field.size(), i);
    if (i >= identity_columns_.size()) return "user_id";
    return field.ends_with(".userId") ? identity_columns_[i].second : identity_columns_[i].first;
  }

  const csv::Row& row_;
  const Header& header_;
  const FileRules& rules_;
  ParsedRow out_;
  bool broken_ = false;
  std::string channel_, user_id_;
  std::vector<std::pair<std::string, std::string>> identity_columns_;  // of channel, of user id
};

}  // namespace

ParsedRow ParsePerson(const csv::Row& row, const Header& header, const FileRules& rules) {
  return Parser(row, header, rules).Parse();
}

}  // namespace lanting::membership
