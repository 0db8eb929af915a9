#include "membership/api/segment_service.h"

#include <algorithm>

#include "membership/api/cause.h"
#include "membership/api/community_must_exist.h"
#include "membership/api/list_members.h"
#include "membership/api/member_fields.h"
#include "membership/domain/names.h"
#include "membership/domain/segment_errors.h"
#include "membership/events/publish_segment.h"
#include "membership/store/community_store.h"
#include "membership/store/member_store.h"
#include "membership/store/segment_store.h"
#include "membership/store/sql_segment.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/page.h"
#include "platform/resource/times.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = segment_store;
using idempotency::Work;

pb::Segment ToProto(const Segment& s) {
  pb::Segment out;
  out.set_name(names::Segment(s.community, s.id));
  out.set_display_name(s.display_name);
  out.set_filter(s.filter);
  out.set_description(s.description);
  *out.mutable_create_time() = resource::ToTimestamp(s.create_time);
  *out.mutable_update_time() = resource::ToTimestamp(s.update_time);
  out.set_etag(resource::Etag(s.version));
  return out;
}

void FromProto(const pb::Segment& from, Segment* s) {
  s->display_name = from.display_name();
  s->filter = from.filter();
  s->description = from.description();
}

// The filter as a field of the segment: "segment.filter INVALID_FILTER".
Result<void> CheckFilter(const rpc::Call& call, const Segment& segment) {
  auto filter = ParseMemberFilter(call, segment.filter);
  if (filter.ok()) return {};
  for (auto& violation : filter.error().violations) violation.field = "segment." + violation.field;
  return std::move(filter).error();
}

// A filter that was checked when it was saved, by whoever was allowed to.
Result<paging::Filter> SavedFilter(const Segment& segment) {
  auto filter = paging::Filter::Parse(segment.filter, MemberFields(true));
  if (filter.ok()) return filter;
  return lanting::errors::Internal("the filter of " + names::Segment(segment.community, segment.id) +
                                   " is refused: " + filter.error().message);
}

bool MayEvaluate(const rpc::Call& call, const paging::Filter& filter) {
  return convert::SeesStaffView(call) || !AsksForStaffView(filter);
}

Result<paging::Filter> FilterToEvaluate(const rpc::Call& call, const Segment& segment) {
  ASSIGN_OR_RETURN(auto filter, SavedFilter(segment));
  if (!MayEvaluate(call, filter)) return lanting::errors::ScopeMissing("members.staff");
  return filter;
}

Result<Segment> Find(pg::Tx& tx, const std::string& name) {
  const auto [community, id] = names::Parse(name);
  auto segment = store::Get(tx, community, id);
  if (!segment) return errors::SegmentNotFound(name);
  return *std::move(segment);
}

// The segments that a request names, each once; all of the community if it names none.
Result<std::vector<Segment>> FindMany(pg::Tx& tx, const Id& community, const pb::EvaluateSegmentsRequest& request) {
  std::vector<Id> ids;
  for (const auto& name : request.segments()) ids.push_back(names::Parse(name).second);
  auto segments = store::GetMany(tx, community, ids);
  for (const auto& name : request.segments()) {
    const auto parts = names::Parse(name);
    const bool found = parts.first == community && std::any_of(segments.begin(), segments.end(),
                                                               [&](const auto& s) { return s.id == parts.second; });
    if (!found) return errors::SegmentNotFound(name);
  }
  return segments;
}

}  // namespace

Result<pb::Segment> SegmentService::CreateSegment(const rpc::Call& call, const pb::CreateSegmentRequest& request) {
  Segment segment{.id = Id::New(call.now), .community = names::Parse(request.parent()).first};
  FromProto(request.segment(), &segment);
  segment.create_time = segment.update_time = call.now;
  RETURN_IF_ERROR(CheckFilter(call, segment));
  return idempotency::Write<pb::Segment>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Segment> {
    const auto count = store::CountForCreation(tx, segment.community);
    if (!count) return errors::CommunityNotFound(request.parent());
    if (*count >= kMaxSegments) return errors::TooManySegments(kMaxSegments);
    store::Create(work, tx.tenant(), segment);
    work.Publish(events::SegmentCreated(segment, CauseOf(call)));
    return ToProto(segment);
  });
}

Result<pb::Segment> SegmentService::GetSegment(const rpc::Call& call, const pb::GetSegmentRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Segment> {
    ASSIGN_OR_RETURN(const auto segment, Find(tx, request.name()));
    auto out = ToProto(segment);
    if (request.count_members()) {
      ASSIGN_OR_RETURN(const auto filter, FilterToEvaluate(call, segment));
      out.set_member_count(store::CountMembers(tx, segment.community, filter));
    }
    return out;
  });
}

Result<pb::ListSegmentsResponse> SegmentService::ListSegments(const rpc::Call& call,
                                                              const pb::ListSegmentsRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListSegments, .id_column = "s.id"};
  const auto community = names::Parse(request.parent()).first;
  pb::ListSegmentsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, spec,
                       {.parent = community, .page_size = request.page_size(), .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_segments() = ToProto(store::Read(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<pb::Segment> SegmentService::UpdateSegment(const rpc::Call& call, const pb::UpdateSegmentRequest& request) {
  const auto& patch = request.segment();
  const auto [community, id] = names::Parse(patch.name());
  return idempotency::Write<pb::Segment>(
      pool_, call, [&, community = community, id = id](pg::Tx& tx, Work& work) -> Result<pb::Segment> {
        auto segment = store::Lock(tx, community, id);
        if (!segment) return errors::SegmentNotFound(patch.name());
        RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), segment->version));
        const auto before = ToProto(*segment);
        auto wanted = before;
        RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "segment", &wanted));
        FromProto(wanted, &*segment);
        if (wanted.filter() != before.filter()) RETURN_IF_ERROR(CheckFilter(call, *segment));
        if (ToProto(*segment).SerializeAsString() == before.SerializeAsString()) return before;
        ++segment->version;
        segment->update_time = call.now;
        store::Update(work, tx.tenant(), *segment);
        work.Publish(events::SegmentUpdated(*segment, CauseOf(call)));
        return ToProto(*segment);
      });
}

Result<google::protobuf::Empty> SegmentService::DeleteSegment(const rpc::Call& call,
                                                              const pb::DeleteSegmentRequest& request) {
  using google::protobuf::Empty;
  const auto [community, id] = names::Parse(request.name());
  return idempotency::Write<Empty>(pool_, call,
                                   [&, community = community, id = id](pg::Tx& tx, Work& work) -> Result<Empty> {
                                     auto segment = store::Lock(tx, community, id);
                                     if (!segment) return errors::SegmentNotFound(request.name());
                                     RETURN_IF_ERROR(resource::CheckEtag(request.etag(), segment->version));
                                     ++segment->version;
                                     store::Delete(work, tx.tenant(), *segment);
                                     work.Publish(events::SegmentDeleted(*segment, CauseOf(call)));
                                     return Empty();
                                   });
}

Result<pb::PreviewSegmentResponse> SegmentService::PreviewSegment(const rpc::Call& call,
                                                                  const pb::PreviewSegmentRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  ASSIGN_OR_RETURN(const auto filter, ParseMemberFilter(call, request.filter()));
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::PreviewSegmentResponse> {
    if (!community_store::Exists(tx, community)) return errors::CommunityNotFound(request.parent());
    pb::PreviewSegmentResponse response;
    response.set_member_count(store::CountMembers(tx, community, filter));
    if (response.member_count() == 0) return response;
    for (const auto& member : store::SampleMembers(tx, community, filter))
      response.add_sample_members(names::Member(community, member));
    return response;
  });
}

Result<pb::ListSegmentMembersResponse> SegmentService::ListSegmentMembers(
    const rpc::Call& call, const pb::ListSegmentMembersRequest& request) {
  ASSIGN_OR_RETURN(const auto segment, pg::ReadTenant(pool_, call.tenant(), call.deadline,
                                                      [&](pg::Tx& tx) { return Find(tx, request.parent()); }));
  RETURN_IF_ERROR(FilterToEvaluate(call, segment));
  pb::ListSegmentMembersResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(), ReadMembers(pool_, call,
                                                                    {.parent = segment.community,
                                                                     .filter = segment.filter,
                                                                     .page_size = request.page_size(),
                                                                     .page_token = request.page_token()},
                                                                    response.mutable_members()));
  return response;
}

Result<pb::EvaluateSegmentsResponse> SegmentService::EvaluateSegments(const rpc::Call& call,
                                                                      const pb::EvaluateSegmentsRequest& request) {
  const auto [community, id] = names::Parse(request.name());
  std::optional<Member> member;
  ASSIGN_OR_RETURN(const auto segments,
                   pg::ReadTenant(pool_, call.tenant(), call.deadline,
                                  [&, community = community, id = id](pg::Tx& tx) -> Result<std::vector<Segment>> {
                                    member = FindMember(tx, community, id);
                                    if (!member) return errors::MemberNotFound(request.name());
                                    return FindMany(tx, community, request);
                                  }));
  pb::EvaluateSegmentsResponse response;
  for (const auto& segment : segments) {
    ASSIGN_OR_RETURN(const auto filter, SavedFilter(segment));
    if (!MayEvaluate(call, filter)) {
      if (request.segments().empty()) continue;
      return lanting::errors::ScopeMissing("members.staff");
    }
    if (Finds(filter, *member)) response.add_segments(names::Segment(community, segment.id));
  }
  return response;
}

void SegmentService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (SegmentService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("CreateSegment", &SegmentService::CreateSegment);
  bind("GetSegment", &SegmentService::GetSegment);
  bind("ListSegments", &SegmentService::ListSegments);
  bind("UpdateSegment", &SegmentService::UpdateSegment);
  bind("DeleteSegment", &SegmentService::DeleteSegment);
  bind("PreviewSegment", &SegmentService::PreviewSegment);
  bind("ListSegmentMembers", &SegmentService::ListSegmentMembers);
  bind("EvaluateSegments", &SegmentService::EvaluateSegments);
}

}  // namespace lanting::membership
