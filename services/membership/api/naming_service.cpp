#include "membership/api/naming_service.h"

#include <algorithm>

#include "membership/domain/names.h"
#include "membership/domain/profile_errors.h"
#include "membership/store/join_store.h"
#include "membership/store/naming_store.h"
#include "platform/idempotency/write.h"
#include "platform/paging/page_token.h"
#include "platform/resource/etag.h"
#include "platform/resource/times.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = naming_store;
using idempotency::Work;
using store::CommunityNaming;

// Names that are read at once: those that follow the convention are not kept.
constexpr int kChunk = 2000;
// A page ends early after this time: a large expression may take milliseconds a name.
constexpr std::chrono::seconds kMaxTime{2};

std::string NameOf(const Id& community) { return names::Community(community) + "/namingConvention"; }

pb::NamingConvention ToProto(const NamingConvention& convention) {
  pb::NamingConvention to;
  to.set_name(NameOf(convention.community));
  to.set_template_(convention.template_text);
  to.set_expression(convention.expression);
  for (const auto& part : convention.parts) {
    auto& p = *to.add_parts();
    p.set_key(part.key);
    p.mutable_allowed()->Assign(part.allowed.begin(), part.allowed.end());
  }
  to.set_example(convention.example);
  if (convention.update_time) *to.mutable_update_time() = resource::ToTimestamp(*convention.update_time);
  to.set_etag(resource::Etag(convention.version));
  return to;
}

void FromProto(const pb::NamingConvention& from, NamingConvention* convention) {
  convention->template_text = from.template_();
  convention->expression = from.expression();
  convention->parts.clear();
  for (const auto& part : from.parts())
    convention->parts.push_back({part.key(), {part.allowed().begin(), part.allowed().end()}});
  convention->example = from.example();
}

template <typename Message>
void AddFaults(const std::vector<NamingFault>& faults, const CommunityNaming& naming, Message* to) {
  for (const auto& fault : faults) {
    auto& f = *to->add_faults();
    f.set_part(fault.part);
    f.set_text(FaultText(fault, naming.convention, naming.locale));
  }
}

// One that is set.
Result<CommunityNaming> LoadSet(pg::Tx& tx, const Id& community) {
  auto naming = store::Get(tx, community);
  if (!naming) return errors::CommunityNotFound(names::Community(community));
  if (!naming->convention.IsSet()) return errors::NamingConventionNotSet(NameOf(community));
  return *std::move(naming);
}

}  // namespace

Result<pb::NamingConvention> NamingService::GetNamingConvention(const rpc::Call& call,
                                                                const pb::GetNamingConventionRequest& request) {
  const auto community = names::Parse(request.name()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::NamingConvention> {
    const auto naming = store::Get(tx, community);
    if (!naming) return errors::CommunityNotFound(names::Community(community));
    return ToProto(naming->convention);
  });
}

Result<pb::NamingConvention> NamingService::UpdateNamingConvention(const rpc::Call& call,
                                                                   const pb::UpdateNamingConventionRequest& request) {
  using Reply = pb::NamingConvention;
  const auto& patch = request.naming_convention();
  const auto community = names::Parse(patch.name()).first;
  return idempotency::Write<Reply>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Reply> {
    // There may be no row to lock yet.
    if (!LockCommunity(tx, community)) return errors::CommunityNotFound(names::Community(community));
    auto convention = store::Get(tx, community)->convention;
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), convention.version));
    const auto before = ToProto(convention);
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "namingConvention", &wanted));
    FromProto(wanted, &convention);
    RETURN_IF_ERROR(CheckConvention(convention));
    if (wanted.SerializeAsString() == before.SerializeAsString()) return before;
    ++convention.version;
    convention.update_time = call.now;
    store::Put(work, tx.tenant(), convention);
    return ToProto(convention);
  });
}

Result<pb::PreviewNameResponse> NamingService::PreviewName(const rpc::Call& call,
                                                           const pb::PreviewNameRequest& request) {
  const auto community = names::Parse(request.name()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::PreviewNameResponse> {
    ASSIGN_OR_RETURN(const auto naming, LoadSet(tx, community));
    ASSIGN_OR_RETURN(const auto checker, NameChecker::Make(naming.convention));
    pb::PreviewNameResponse response;
    AddFaults(checker.Check(request.display_name()), naming, &response);
    response.set_example(naming.convention.example);
    return response;
  });
}

Result<pb::ListNamingOffendersResponse> NamingService::ListNamingOffenders(
    const rpc::Call& call, const pb::ListNamingOffendersRequest& request) {
  using Reply = pb::ListNamingOffendersResponse;
  const paging::ListKey key{.tenant = call.tenant(), .method = call.method, .parent = request.parent()};
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto cursor, paging::DecodePageToken(key, request.page_token()));
  const auto community = names::Parse(request.parent()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<Reply> {
    ASSIGN_OR_RETURN(const auto naming, LoadSet(tx, community));
    ASSIGN_OR_RETURN(const auto checker, NameChecker::Make(naming.convention));
    Reply reply;
    Id after = cursor ? cursor->last_id : Id();
    int scanned = 0;
    bool more = true, stopped = false;
    const auto enough = DeadlineIn(kMaxTime);
    while (more && !stopped && scanned < max_scan_) {
      const int chunk = std::min(kChunk, max_scan_ - scanned);
      const auto members = store::NamesAfter(tx, community, after, chunk);
      more = members.size() == static_cast<std::size_t>(chunk);
      for (const auto& member : members) {
        if (reply.offenders_size() == size || (scanned > 0 && Remaining(enough).count() <= 0)) {
          more = stopped = true;
          break;
        }
        ++scanned;
        after = member.id;
        const auto faults = checker.Check(member.display_name);
        if (faults.empty()) continue;
        auto& offender = *reply.add_offenders();
        offender.set_member(names::Member(community, member.id));
        offender.set_display_name(member.display_name);
        AddFaults(faults, naming, &offender);
      }
    }
    reply.set_scanned_count(scanned);
    if (more) reply.set_next_page_token(paging::EncodePageToken(key, {.last_value = std::nullopt, .last_id = after}));
    return reply;
  });
}

void NamingService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (NamingService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("GetNamingConvention", &NamingService::GetNamingConvention);
  bind("UpdateNamingConvention", &NamingService::UpdateNamingConvention);
  bind("PreviewName", &NamingService::PreviewName);
  bind("ListNamingOffenders", &NamingService::ListNamingOffenders);
}

}  // namespace lanting::membership
