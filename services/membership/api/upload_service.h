// The upload RPCs of MemberService: files of people in parts.
#pragma once

#include <functional>

#include "lanting/membership/v1/member_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class UploadService {
 public:
  // `pool` must outlive this and every server it is registered with. `wake` is called when an import was accepted.
  UploadService(pg::Pool& pool, std::function<void()> wake) : pool_(pool), wake_(std::move(wake)) {}

  // lanting.membership.v1.MemberService: Create, Get, List, Append and Delete MemberUpload(s),
  // ImportUploadedMembers.
  void Register(rpc::Service& members);

  Result<v1::MemberUpload> Create(const rpc::Call& call, const v1::CreateMemberUploadRequest& request);
  Result<v1::MemberUpload> Get(const rpc::Call& call, const v1::GetMemberUploadRequest& request);
  Result<v1::ListMemberUploadsResponse> List(const rpc::Call& call, const v1::ListMemberUploadsRequest& request);
  Result<google::protobuf::Empty> Delete(const rpc::Call& call, const v1::DeleteMemberUploadRequest& request);
  Result<v1::MemberUpload> Append(const rpc::Call& call, const v1::AppendMemberUploadRequest& request);
  Result<v1::MemberImport> Import(const rpc::Call& call, const v1::ImportUploadedMembersRequest& request);

 private:
  pg::Pool& pool_;
  std::function<void()> wake_;
};

}  // namespace lanting::membership
