#include "membership/api/staff_service.h"

#include "membership/api/cause.h"
#include "membership/api/community_must_exist.h"
#include "membership/api/convert_staff.h"
#include "membership/api/enum_names.h"
#include "membership/domain/names.h"
#include "membership/domain/staff_errors.h"
#include "membership/events/publish_staff.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_staff.h"
#include "membership/store/staff_store.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/page.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = staff_store;
using idempotency::Work;

const resource::ListSpec& StaffList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListStaff,
      .id_column = "s.id",
      .filters = {{"state", sql::kStaffState, Type::kEnum, ShortEnumValues(pb::StaffState_descriptor())},
                  {"role", "s.role", Type::kEnum, ShortEnumValues(pb::StaffRole_descriptor())},
                  {"member", "s.member_id", Type::kId, {}, "communities/*/members/*"},
                  {"grade", "s.grade", Type::kString}}};
  return spec;
}

// The ids in names are of the community of the assignment, or the name is unknown.
Result<void> CheckParents(const pb::Staff& staff, const Id& community) {
  if (!staff.member().empty() && names::Parse(staff.member()).first != community) {
    return errors::MemberNotFound(staff.member());
  }
  for (const auto& group : staff.groups()) {
    if (names::Parse(group).first != community) return errors::GroupNotFound(group);
  }
  return {};
}

}  // namespace

Result<pb::Staff> StaffService::CreateStaff(const rpc::Call& call, const pb::CreateStaffRequest& request) {
  return idempotency::Write<pb::Staff>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Staff> {
    Staff staff{.id = Id::New(call.now),
                .community = names::Parse(request.parent()).first,
                .role = static_cast<StaffRole>(request.staff().role()),
                .create_time = call.now,
                .update_time = call.now};
    convert::FromProto(request.staff(), &staff);
    if (!LockCommunity(tx, staff.community)) return errors::CommunityNotFound(request.parent());
    RETURN_IF_ERROR(CheckParents(request.staff(), staff.community));
    RETURN_IF_ERROR(store::CheckReferences(tx, staff));
    if (store::Count(tx, staff.community, staff.role).all >= kMaxStaff) {
      return errors::LimitReached("active assignments", kMaxStaff);
    }
    store::Create(work, tx.tenant(), staff);
    work.Publish(events::StaffAssigned(staff, CauseOf(call)));
    return convert::ToProto(staff);
  });
}

Result<pb::Staff> StaffService::GetStaff(const rpc::Call& call, const pb::GetStaffRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Staff> {
    const auto name = names::Parse(request.name());
    const auto staff = store::Get(tx, name.first, name.second);
    if (!staff) return errors::StaffNotFound(request.name());
    return convert::ToProto(*staff);
  });
}

Result<pb::ListStaffResponse> StaffService::ListStaff(const rpc::Call& call, const pb::ListStaffRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  pb::ListStaffResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, StaffList(),
                       {.parent = community,
                        .filter = request.filter(),
                        .page_size = request.page_size(),
                        .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_staff() = convert::ToProto(store::Read(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<pb::Staff> StaffService::UpdateStaff(const rpc::Call& call, const pb::UpdateStaffRequest& request) {
  const auto& patch = request.staff();
  const auto name = names::Parse(patch.name());
  return idempotency::Write<pb::Staff>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Staff> {
    if (!LockCommunity(tx, name.first)) return errors::StaffNotFound(patch.name());
    auto staff = store::Get(tx, name.first, name.second);
    if (!staff) return errors::StaffNotFound(patch.name());
    if (staff->end_time) return errors::StaffEnded(patch.name());
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), staff->version));
    const auto before = convert::ToProto(*staff);
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "staff", &wanted));
    RETURN_IF_ERROR(CheckParents(wanted, name.first));
    convert::FromProto(wanted, &*staff);
    if (convert::ToProto(*staff).SerializeAsString() == before.SerializeAsString()) return before;
    RETURN_IF_ERROR(store::CheckReferences(tx, *staff));
    ++staff->version;
    staff->update_time = call.now;
    store::Update(work, tx.tenant(), *staff);
    return convert::ToProto(*staff);
  });
}

Result<pb::Staff> StaffService::EndStaff(const rpc::Call& call, const pb::EndStaffRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Staff>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Staff> {
    if (!LockCommunity(tx, name.first)) return errors::StaffNotFound(request.name());
    auto staff = store::Get(tx, name.first, name.second);
    if (!staff) return errors::StaffNotFound(request.name());
    const auto owners = store::Count(tx, name.first, StaffRole::kOwner).of_role;
    ASSIGN_OR_RETURN(const bool ended, End(*staff, owners, call.now));
    if (ended) {
      store::Update(work, tx.tenant(), *staff);
      work.Publish(events::StaffEnded(*staff, CauseOf(call)));
    }
    return convert::ToProto(*staff);
  });
}

Result<pb::RoleCoverage> StaffService::GetRoleCoverage(const rpc::Call& call,
                                                       const pb::GetRoleCoverageRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::RoleCoverage> {
    const auto community = community_store::Get(tx, names::Parse(request.parent()).first);
    if (!community) return errors::CommunityNotFound(request.parent());
    pb::RoleCoverage coverage;
    coverage.set_complete(true);
    for (const auto& need : Coverage(community->structure, community->locale, store::Active(tx, community->id),
                                     store::OpenMainGroups(tx, community->id))) {
      *coverage.add_needs() = convert::ToProto(need, community->id);
      if (need.required && !need.filled) coverage.set_complete(false);
    }
    return coverage;
  });
}

Result<pb::ListStaffRolesResponse> StaffService::ListStaffRoles(const rpc::Call&,
                                                                const pb::ListStaffRolesRequest& request) {
  if (!request.page_token().empty()) {
    return lanting::errors::InvalidField("pageToken", "INVALID_PAGE_TOKEN", "There is one page only.");
  }
  pb::ListStaffRolesResponse response;
  for (const auto& info : StaffRoles(request.locale())) *response.add_roles() = convert::ToProto(info);
  return response;
}

void StaffService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (StaffService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("CreateStaff", &StaffService::CreateStaff);
  bind("GetStaff", &StaffService::GetStaff);
  bind("ListStaff", &StaffService::ListStaff);
  bind("UpdateStaff", &StaffService::UpdateStaff);
  bind("EndStaff", &StaffService::EndStaff);
  bind("GetRoleCoverage", &StaffService::GetRoleCoverage);
  bind("ListStaffRoles", &StaffService::ListStaffRoles);
}

}  // namespace lanting::membership
