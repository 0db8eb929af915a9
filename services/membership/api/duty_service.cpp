#include "membership/api/duty_service.h"

#include <algorithm>

#include "membership/api/community_must_exist.h"
#include "membership/api/convert_staff.h"
#include "membership/domain/names.h"
#include "membership/domain/staff_errors.h"
#include "membership/store/community_store.h"
#include "membership/store/duty_store.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_duty.h"
#include "membership/store/staff_store.h"
#include "platform/calendar/schedule.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/page.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = duty_store;
using idempotency::Work;

const resource::ListSpec& DutyList() {
  using paging::Type;
  static const resource::ListSpec spec = [] {
    auto roles = paging::EnumValues(pb::StaffRole_descriptor());
    for (std::size_t i = 0, n = roles.size(); i < n; ++i)
      roles.emplace_back(roles[i].first.substr(11), roles[i].second);
    return resource::ListSpec{.select = sql::kListDuties,
                              .id_column = "d.id",
                              .filters = {{"role", "d.role", Type::kEnum, std::move(roles)},
                                          {"assignee", "d.assignee_id", Type::kId, {}, "communities/*/staff/*"},
                                          {"title", "d.title", Type::kString}}};
  }();
  return spec;
}

// The form of what a caller wrote: the validator knows neither local times nor rules.
Result<void> CheckForm(const pb::Duty& duty) {
  const auto start = calendar::ParseLocal(duty.start_local());
  if (!start) {
    return lanting::errors::InvalidField("duty.startLocal", "INVALID_FORMAT",
                                         "Must be a local date and time, e.g. 2026-05-01T09:00:00.");
  }
  // Any zone will do: whether a rule comes at all does not depend on it.
  static const auto utc = std::make_shared<const calendar::TimeZone>();
  const auto made = calendar::Schedule::Make(duty.rrule(), *start, utc, "duty.rrule");
  if (!made.ok()) return made.error();
  return {};
}

Result<void> CheckAssignee(pg::Tx& tx, const pb::Duty& duty, const Id& community) {
  if (duty.assignee().empty()) return {};
  const auto name = names::Parse(duty.assignee());
  const auto staff = name.first == community ? staff_store::Get(tx, community, name.second) : std::nullopt;
  if (!staff) return errors::StaffNotFound(duty.assignee());
  if (staff->end_time) return errors::StaffEnded(duty.assignee());
  return {};
}

}  // namespace

Result<pb::Duty> DutyService::CreateDuty(const rpc::Call& call, const pb::CreateDutyRequest& request) {
  RETURN_IF_ERROR(CheckForm(request.duty()));
  return idempotency::Write<pb::Duty>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Duty> {
    Duty duty{.id = Id::New(call.now),
              .community = names::Parse(request.parent()).first,
              .schedule = {},
              .create_time = call.now,
              .update_time = call.now};
    convert::FromProto(request.duty(), &duty);
    if (!LockCommunity(tx, duty.community)) return errors::CommunityNotFound(request.parent());
    RETURN_IF_ERROR(CheckAssignee(tx, request.duty(), duty.community));
    if (store::TemplateKeys(tx, duty.community).size() >= kMaxDuties) return errors::LimitReached("duties", kMaxDuties);
    store::Create(work, tx.tenant(), duty);
    return convert::ToProto(duty);
  });
}

Result<pb::Duty> DutyService::GetDuty(const rpc::Call& call, const pb::GetDutyRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Duty> {
    const auto name = names::Parse(request.name());
    const auto duty = store::Get(tx, name.first, name.second);
    if (!duty) return errors::DutyNotFound(request.name());
    return convert::ToProto(*duty);
  });
}

Result<pb::ListDutiesResponse> DutyService::ListDuties(const rpc::Call& call, const pb::ListDutiesRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  pb::ListDutiesResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, DutyList(),
                       {.parent = community,
                        .filter = request.filter(),
                        .page_size = request.page_size(),
                        .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_duties() = convert::ToProto(store::Read(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<pb::Duty> DutyService::UpdateDuty(const rpc::Call& call, const pb::UpdateDutyRequest& request) {
  const auto& patch = request.duty();
  const auto name = names::Parse(patch.name());
  return idempotency::Write<pb::Duty>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Duty> {
    auto duty = store::Lock(tx, name.first, name.second);
    if (!duty) return errors::DutyNotFound(patch.name());
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), duty->version));
    const auto before = convert::ToProto(*duty);
    const auto schedule = duty->schedule;
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "duty", &wanted));
    RETURN_IF_ERROR(CheckForm(wanted));
    convert::FromProto(wanted, &*duty);
    if (convert::ToProto(*duty).SerializeAsString() == before.SerializeAsString()) return before;
    if (wanted.assignee() != before.assignee()) RETURN_IF_ERROR(CheckAssignee(tx, wanted, name.first));
    ++duty->version;
    duty->update_time = call.now;
    store::Update(tx, work, *duty, duty->schedule != schedule);
    return convert::ToProto(*duty);
  });
}

Result<google::protobuf::Empty> DutyService::DeleteDuty(const rpc::Call& call, const pb::DeleteDutyRequest& request) {
  using google::protobuf::Empty;
  const auto name = names::Parse(request.name());
  return idempotency::Write<Empty>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Empty> {
    auto duty = store::Lock(tx, name.first, name.second);
    if (!duty) return errors::DutyNotFound(request.name());
    RETURN_IF_ERROR(resource::CheckEtag(request.etag(), duty->version));
    ++duty->version;
    store::Delete(work, tx.tenant(), *duty, call.now);
    return Empty();
  });
}

Result<pb::ApplyTemplateDutiesResponse> DutyService::ApplyTemplateDuties(
    const rpc::Call& call, const pb::ApplyTemplateDutiesRequest& request) {
  using Reply = pb::ApplyTemplateDutiesResponse;
  const auto wanted = [&](StaffRole role) {
    const auto& roles = request.roles();
    return roles.empty() || std::find(roles.begin(), roles.end(), static_cast<int>(role)) != roles.end();
  };
  return idempotency::Write<Reply>(pool_, call, [&](pg::Tx& tx, Work&) -> Result<Reply> {
    const auto community = community_store::Lock(tx, names::Parse(request.parent()).first);
    if (!community) return errors::CommunityNotFound(request.parent());
    const auto zone = calendar::TimeZone::Find(community->time_zone);
    if (!zone) return lanting::errors::Internal("no such zone: " + community->time_zone);
    const auto tomorrow = std::chrono::floor<std::chrono::days>(zone->ToLocal(call.now)) + std::chrono::days(1);
    const auto known = store::TemplateKeys(tx, community->id);
    auto count = known.size();
    Reply reply;
    for (const auto& info : StaffRoles(community->locale)) {
      for (const auto& from : info.duties) {
        if (!wanted(info.role) || !from.Fits(*community)) continue;
        if (std::find(known.begin(), known.end(), from.key) != known.end()) continue;
        if (count++ >= kMaxDuties) return errors::LimitReached("duties", kMaxDuties);
        auto duty = FromTemplate(info.role, from, tomorrow);
        duty.id = Id::New(call.now);
        duty.community = community->id;
        duty.create_time = duty.update_time = call.now;
        store::Insert(tx, duty);
        *reply.add_duties() = convert::ToProto(duty);
      }
    }
    return reply;
  });
}

void DutyService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (DutyService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("CreateDuty", &DutyService::CreateDuty);
  bind("GetDuty", &DutyService::GetDuty);
  bind("ListDuties", &DutyService::ListDuties);
  bind("UpdateDuty", &DutyService::UpdateDuty);
  bind("DeleteDuty", &DutyService::DeleteDuty);
  bind("ApplyTemplateDuties", &DutyService::ApplyTemplateDuties);
  bind("ListDutyOccurrences", &DutyService::ListDutyOccurrences);
  bind("CompleteDuty", &DutyService::CompleteDuty);
  bind("UndoCompletion", &DutyService::UndoCompletion);
  bind("GetChecklistReport", &DutyService::GetChecklistReport);
}

}  // namespace lanting::membership
