#include "membership/api/list_members.h"

#include "membership/api/convert_member.h"
#include "membership/api/member_fields.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/store/community_store.h"
#include "membership/store/member_store.h"
#include "membership/store/sql_member.h"
#include "membership/store/sql_segment.h"

namespace lanting::membership {
namespace pb = lanting::membership::v1;
namespace {

using paging::Type;

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

const resource::ListSpec& Spec(bool staff, bool any_state) {
  auto make = [](bool staff, bool any_state) {
    return resource::ListSpec{.select = any_state ? sql::kSelectMembers : sql::kSelectMembersNotLeft,
                              .id_column = "m.id",
                              .filters = MemberFields(staff),
                              .orders = Orders(),
                              .settings = &sql::kPlanPage};
  };
  static const resource::ListSpec specs[2][2] = {{make(false, false), make(false, true)},
                                                 {make(true, false), make(true, true)}};
  return specs[staff][any_state];
}

}  // namespace

Result<std::string> ReadMembers(pg::Pool& pool, const rpc::Call& call, resource::ListArguments arguments,
                                google::protobuf::RepeatedPtrField<pb::Member>* members) {
  ASSIGN_OR_RETURN(arguments.order_by, OrderBy(arguments.order_by));
  ASSIGN_OR_RETURN(const auto filter, ParseMemberFilter(call, arguments.filter));
  const bool staff = convert::SeesStaffView(call);
  return resource::ReadPage(
      pool, call, Spec(staff, filter.Uses("state")), arguments,
      [&](const pqxx::row& row) { *members->Add() = convert::ToProto(ReadMember(row), staff); },
      [&](pg::Tx& tx) -> Result<void> {
        if (!community_store::Exists(tx, arguments.parent))
          return errors::CommunityNotFound(names::Community(arguments.parent));
        return {};
      });
}

Result<pb::ListMembersResponse> ListMembers(pg::Pool& pool, const rpc::Call& call,
                                            const pb::ListMembersRequest& request) {
  pb::ListMembersResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(), ReadMembers(pool, call,
                                                                    {.parent = names::Parse(request.parent()).first,
                                                                     .filter = request.filter(),
                                                                     .order_by = request.order_by(),
                                                                     .page_size = request.page_size(),
                                                                     .page_token = request.page_token()},
                                                                    response.mutable_members()));
  return response;
}

}  // namespace lanting::membership
