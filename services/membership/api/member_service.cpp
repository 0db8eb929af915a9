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

using Encode = std::function<std::string(const std::vector<Member>&)>;

// Both as the caller may see it.
Encode EncodeOne(const rpc::Call& call) {
  return [staff = convert::SeesStaffView(call)](const std::vector<Member>& members) {
    return convert::ToProto(members.front(), staff).SerializeAsString();
  };
}
Error RefuseOne(const std::vector<Result<Member>>& decided) { return decided.front().error(); }

Encode EncodeBatch(const rpc::Call& call) {
  return [staff = convert::SeesStaffView(call)](const std::vector<Member>& members) {
    pb::BatchCreateMembersResponse response;
    for (const auto& member : members) *response.add_members() = convert::ToProto(member, staff);
    return response.SerializeAsString();
  };
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
        if (auto checked = convert::CheckStaffView(call, request.member(), "member"); !checked.ok())
          return done(std::move(checked).error());
        joins_.Submit(call, {ToJoin(call, request.parent(), request.member())}, EncodeOne(call), RefuseOne,
                      Parsed(std::move(done)));
      });
  members.Async<pb::BatchCreateMembersRequest, pb::BatchCreateMembersResponse>(
      "BatchCreateMembers", [this](const rpc::Call& call, const pb::BatchCreateMembersRequest& request,
                                   rpc::Done<pb::BatchCreateMembersResponse> done) {
        std::vector<JoinItem> items;
        if (request.allow_partial()) {
          auto batch = std::make_shared<const PartialBatch>(call, request);
          for (const auto& member : batch->members()) items.push_back(ToJoin(call, request.parent(), member));
          return joins_.SubmitEach(
              call, std::move(items), [batch](const auto& decided) { return batch->Answer(decided); },
              Parsed(std::move(done)));
        }
        for (const auto& member : request.members()) {
          const auto at = "members[" + std::to_string(items.size()) + "]";
          if (auto checked = convert::CheckStaffView(call, member, at); !checked.ok())
            return done(std::move(checked).error());
          items.push_back(ToJoin(call, request.parent(), member));
        }
        joins_.Submit(call, std::move(items), EncodeBatch(call), convert::RefuseBatch, Parsed(std::move(done)));
      });
  members.Unary<pb::GetMemberRequest, pb::Member>(
      "GetMember", [this](const rpc::Call& call, const pb::GetMemberRequest& request) -> Result<pb::Member> {
        auto name = names::Parse(request.name());
        ASSIGN_OR_RETURN(auto member, pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) {
                           return GetMember(tx, name.first, name.second);
                         }));
        return convert::ToProto(member, convert::SeesStaffView(call));
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
      return convert::ToProto(member, convert::SeesStaffView(call));
    });
  });
}

void MemberService::RegisterJoin(rpc::Service& gates) {
  gates.Async<pb::JoinByInviteLinkRequest, pb::Member>(
      "JoinByInviteLink",
      [this](const rpc::Call& call, const pb::JoinByInviteLinkRequest& request, rpc::Done<pb::Member> done) {
        if (auto checked = convert::CheckStaffView(call, request.member(), "member"); !checked.ok())
          return done(std::move(checked).error());
        auto item = ToJoin(call, request.parent(), request.member());
        item.source = JoinSource::kInviteLink;
        item.invite_code = request.code();
        item.rules_required = true;
        joins_.Submit(call, {std::move(item)}, EncodeOne(call), RefuseOne, Parsed(std::move(done)));
      });
}

}  // namespace lanting::membership
