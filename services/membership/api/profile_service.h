// ProfileService, and UpdateMember of MemberService. Notes and the timeline are in profile_timeline.cpp.
#pragma once

#include <google/protobuf/empty.pb.h>

#include "lanting/membership/v1/member_service.pb.h"
#include "lanting/membership/v1/profile_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class ProfileService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit ProfileService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Member> UpdateMember(const rpc::Call& call, const v1::UpdateMemberRequest& request);
  Result<v1::Member> AddIdentity(const rpc::Call& call, const v1::AddIdentityRequest& request);
  Result<v1::Member> RemoveIdentity(const rpc::Call& call, const v1::RemoveIdentityRequest& request);
  Result<v1::TagMembersResponse> TagMembers(const rpc::Call& call, const v1::TagMembersRequest& request);
  Result<v1::ListTagsResponse> ListTags(const rpc::Call& call, const v1::ListTagsRequest& request);
  Result<v1::MemberNote> CreateNote(const rpc::Call& call, const v1::CreateNoteRequest& request);
  Result<v1::ListNotesResponse> ListNotes(const rpc::Call& call, const v1::ListNotesRequest& request);
  Result<google::protobuf::Empty> DeleteNote(const rpc::Call& call, const v1::DeleteNoteRequest& request);
  Result<v1::ListTimelineResponse> ListTimeline(const rpc::Call& call, const v1::ListTimelineRequest& request);
  Result<v1::NeedsReport> GetNeedsReport(const rpc::Call& call, const v1::GetNeedsReportRequest& request);

  // Every RPC of lanting.membership.v1.ProfileService.
  void Register(rpc::Service& profiles);
  // lanting.membership.v1.MemberService: UpdateMember.
  void RegisterUpdate(rpc::Service& members);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
