#include "membership/api/list_members.h"

#include "membership/api/convert_member.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/store/community_store.h"
#include "membership/store/member_store.h"
#include "membership/store/sql_member.h"
#include "platform/resource/page.h"

namespace lanting::membership {
namespace pb = lanting::membership::v1;
namespace {

using paging::Type;

// An enum by its names, and by their short form: MEMBER_STATE_WAITING and WAITING.
std::vector<std::pair<std::string, int>> Names(const google::protobuf::EnumDescriptor* descriptor,
                                               const std::string& prefix) {
  auto values = paging::EnumValues(descriptor);
  for (std::size_t i = 0, n = values.size(); i < n; ++i) {
    values.emplace_back(values[i].first.substr(prefix.size()), values[i].second);
  }
  return values;
}

const std::vector<paging::FilterField>& Filters() {
  static const std::vector<paging::FilterField> fields = {
      {"state", "m.state", Type::kEnum, Names(pb::MemberState_descriptor(), "MEMBER_STATE_")},
      {"source", "m.source", Type::kEnum, Names(pb::JoinSource_descriptor(), "JOIN_SOURCE_")},
      {"group", "m.group_id", Type::kId, {}, "communities/*/groups/*"},
      {"external_id", "m.external_id"},
      {"display_name", "m.display_name"},
      {"accepted_rules_version", "m.accepted_rules_version", Type::kInt},
      {"join_time", "m.join_time", Type::kTime}};
  return fields;
}

const std::vector<paging::OrderField>& Orders() {
  static const std::vector<paging::OrderField> fields = {{"create_time", "m.create_time", Type::kTime},
                                                         {"join_time", "m.join_time", Type::kTime},
                                                         {"display_name", "m.display_name", Type::kString}};
  return fields;
}

// Ids are ordered by time of creation, and have an index.
Result<std::string> OrderBy(const std::string& text) {
  ASSIGN_OR_RETURN(auto order, paging::ParseOrderBy(text, Orders()));
  if (!order.field || order.field->name != "create_time") return text;
  return std::string(order.descending ? "id desc" : "");
}

Result<bool> AsksForState(const std::string& filter) {
  std::vector<paging::Param> params;
  ASSIGN_OR_RETURN(auto sql, paging::FilterSql(filter, Filters(), params));
  return sql.find("m.state") != std::string::npos;  // nothing of the caller's text is in the SQL
}

}  // namespace

Result<pb::ListMembersResponse> ListMembers(pg::Pool& pool, const rpc::Call& call,
                                            const pb::ListMembersRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  ASSIGN_OR_RETURN(auto order_by, OrderBy(request.order_by()));
  ASSIGN_OR_RETURN(bool any_state, AsksForState(request.filter()));
  const resource::ListSpec spec{.select = any_state ? sql::kSelectMembers : sql::kSelectMembersNotLeft,
                                .id_column = "m.id",
                                .filters = Filters(),
                                .orders = Orders()};
  const resource::ListArguments arguments{.parent = community,
                                          .filter = request.filter(),
                                          .order_by = order_by,
                                          .page_size = request.page_size(),
                                          .page_token = request.page_token()};
  pb::ListMembersResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool, call, spec, arguments,
                       [&, staff = convert::SeesStaffView(call)](const pqxx::row& row) {
                         *response.add_members() = convert::ToProto(ReadMember(row), staff);
                       },
                       [&](pg::Tx& tx) -> Result<void> {
                         if (!community_store::Exists(tx, community))
                           return errors::CommunityNotFound(request.parent());
                         return {};
                       }));
  return response;
}

}  // namespace lanting::membership
