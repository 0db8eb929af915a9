#include "membership/api/member_service.h"

#include "lanting/membership/v1/gate_service.pb.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "membership/api/convert_member.h"
#include "membership/api/list_members.h"
#include "membership/api/partial_batch.h"
#include "membership/domain/names.h"
#include "membership/store/member_store.h"
#include "platform/idempotency/write.h"

namespace lanting::membership {
namespace pb = lanting::membership::v1;
namespace {

JoinItem ToJoin(const rpc::Call& call, const std::string& parent, const pb::Member& member) {
  return {.community = names::Parse(parent).first, .person = convert::ToPerson(member), .member_id = Id::New(call.now)};
}

std::string EncodeOne(const std::vector<Member>& members) {
  return convert::ToProto(members.front()).SerializeAsString();
}
Error RefuseOne(const std::vector<Result<Member>>& decided) { return decided.front().error(); }

std::string EncodeBatch(const std::vector<Member>& members) {
  pb::BatchCreateMembersResponse response;
  for (const auto& member : members) *response.add_members() = convert::ToProto(member);
  return response.SerializeAsString();
}

template <typename Reply>
std::function<void(Result<std::string>)> Parsed(rpc::Done<Reply> done) {
  return [done = std::move(done)](Result<std::string> bytes) {
    if (!bytes.ok()) return done(std::move(bytes).error());
    Reply reply;
    if (!reply.ParseFromString(*bytes)) return done(lanting::errors::Internal("remembered reply does not parse"));
    done(std::move(reply));
  };
}

}  // namespace

void MemberService::Register(rpc::Service& members) {
  members.Async<pb::CreateMemberRequest, pb::Member>(
      "CreateMember",
      [this](const rpc::Call& call, const pb::CreateMemberRequest& request, rpc::Done<pb::Member> done) {
        joins_.Submit(call, {ToJoin(call, request.parent(), request.member())}, EncodeOne, RefuseOne,
                      Parsed(std::move(done)));
      });
  members.Async<pb::BatchCreateMembersRequest, pb::BatchCreateMembersResponse>(
      "BatchCreateMembers", [this](const rpc::Call& call, const pb::BatchCreateMembersRequest& request,
                                   rpc::Done<pb::BatchCreateMembersResponse> done) {
        std::vector<JoinItem> items;
        if (request.allow_partial()) {
          auto batch = std::make_shared<const PartialBatch>(request);
          for (const auto& member : batch->members()) items.push_back(ToJoin(call, request.parent(), member));
          return joins_.SubmitEach(
              call, std::move(items), [batch](const auto& decided) { return batch->Answer(decided); },
              Parsed(std::move(done)));
        }
        for (const auto& member : request.members()) items.push_back(ToJoin(call, request.parent(), member));
        joins_.Submit(call, std::move(items), EncodeBatch, convert::RefuseBatch, Parsed(std::move(done)));
      });
  members.Unary<pb::GetMemberRequest, pb::Member>(
      "GetMember", [this](const rpc::Call& call, const pb::GetMemberRequest& request) -> Result<pb::Member> {
        auto name = names::Parse(request.name());
        ASSIGN_OR_RETURN(auto member, pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) {
                           return GetMember(tx, name.first, name.second);
                         }));
        return convert::ToProto(member);
      });
  members.Unary<pb::ListMembersRequest, pb::ListMembersResponse>(
      "ListMembers", [this](const rpc::Call& call, const pb::ListMembersRequest& request) {
        return ListMembers(pool_, call, request);
      });
  members.Unary<pb::RemoveMemberRequest, pb::Member>("RemoveMember", [this](const rpc::Call& call,
                                                                            const pb::RemoveMemberRequest& request) {
    auto name = names::Parse(request.name());
    return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, idempotency::Work& work) -> Result<pb::Member> {
      ASSIGN_OR_RETURN(auto member,
                       RemoveMember(tx, work, {call.now, call.traceparent}, name.first, name.second, request.reason()));
      return convert::ToProto(member);
    });
  });
}

void MemberService::RegisterJoin(rpc::Service& gates) {
  gates.Async<pb::JoinByInviteLinkRequest, pb::Member>(
      "JoinByInviteLink",
      [this](const rpc::Call& call, const pb::JoinByInviteLinkRequest& request, rpc::Done<pb::Member> done) {
        auto item = ToJoin(call, request.parent(), request.member());
        item.source = JoinSource::kInviteLink;
        item.invite_code = request.code();
        item.rules_required = true;
        joins_.Submit(call, {std::move(item)}, EncodeOne, RefuseOne, Parsed(std::move(done)));
      });
}

}  // namespace lanting::membership
