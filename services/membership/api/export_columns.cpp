#include "membership/api/export_columns.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "membership/domain/channel.h"
#include "membership/domain/people_cells.h"
#include "membership/store/export_store.h"

namespace lanting::membership {
namespace {

using google::protobuf::util::TimeUtil;

constexpr int kMaxKeys = 400;  // a row of an import has at most 500 fields

// "ACTIVE" of MEMBER_STATE_ACTIVE.
std::string Short(const std::string& name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

}  // namespace

Result<ExportColumns> ExportColumns::Of(pg::Tx& tx, const Id& community, bool staff) {
  ExportColumns columns;
  columns.staff_ = staff;
  columns.channels_ = export_store::Channels(tx, community);
  if (staff) columns.keys_ = export_store::AttributeKeys(tx, community, kMaxKeys + 1);
  if (columns.keys_.size() > static_cast<std::size_t>(kMaxKeys)) {
    return Error{.code = Code::kFailedPrecondition,
                 .reason = "TOO_MANY_ITEMS",
                 .message =
                     "The members have more than 400 different attributes, which is more than a file can hold; "
                     "export without the scope members.staff, or read them with ListMembers."};
  }
  return columns;
}

std::vector<std::string> ExportColumns::Titles() const {
  std::vector<std::string> titles{"display_name", "external_id"};
  for (auto channel : channels_) titles.push_back("user_id." + ToLowerAscii(ChannelName(channel)));
  titles.insert(titles.end(), {"expectation", "tags"});
  if (staff_) titles.insert(titles.end(), {"customer_class", "fan_score", "values_fit"});
  for (const auto& key : keys_) titles.push_back("attributes." + key);
  titles.insert(titles.end(), {"consent", "consent_time", "member", "state", "group", "source", "join_time"});
  return titles;
}

Result<std::vector<std::string>> ExportColumns::Row(const v1::Member& member) const {
  std::vector<std::string> row{cells::Protect(member.display_name()), cells::Protect(member.external_id())};
  const auto first = row.size();
  row.resize(first + channels_.size());
  for (const auto& identity : member.identities()) {
    const auto at = std::find(channels_.begin(), channels_.end(), static_cast<Channel>(identity.channel()));
    if (at == channels_.end()) return errors::ConcurrentWrite();
    row[first + static_cast<std::size_t>(at - channels_.begin())] = cells::Protect(identity.user_id());
  }
  row.push_back(cells::Protect(member.expectation()));
  row.push_back(cells::Protect(cells::JoinTags({member.tags().begin(), member.tags().end()})));
  if (staff_) RETURN_IF_ERROR(AddStaff(member.staff(), row));
  row.push_back(cells::Protect(member.consent().statement()));
  row.push_back(member.consent().has_give_time() ? TimeUtil::ToString(member.consent().give_time()) : "");
  row.push_back(member.name());
  row.push_back(Short(v1::MemberState_Name(member.state()), "MEMBER_STATE_"));
  row.push_back(member.group());
  row.push_back(Short(v1::JoinSource_Name(member.source()), "JOIN_SOURCE_"));
  row.push_back(TimeUtil::ToString(member.join_time()));
  return row;
}

Result<void> ExportColumns::AddStaff(const v1::StaffView& staff, std::vector<std::string>& row) const {
  row.emplace_back(cells::CustomerClassName(static_cast<CustomerClass>(staff.customer_class())));
  row.push_back(staff.has_fan_score() ? std::to_string(staff.fan_score()) : "");
  row.push_back(staff.has_values_fit() ? std::to_string(staff.values_fit()) : "");
  for (const auto& key : keys_) {
    const auto found = staff.attributes().find(key);
    row.push_back(found == staff.attributes().end() ? "" : cells::Protect(found->second));
  }
  for (const auto& [key, value] : staff.attributes()) {
    if (!std::binary_search(keys_.begin(), keys_.end(), key)) return errors::ConcurrentWrite();
  }
  return {};
}

}  // namespace lanting::membership
