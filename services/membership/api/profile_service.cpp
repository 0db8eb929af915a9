#include "membership/api/profile_service.h"

#include <algorithm>
#include <set>

#include "membership/api/cause.h"
#include "membership/api/convert_member.h"
#include "membership/api/text_page.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/domain/needs.h"
#include "membership/events/publish_profile.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/member_store.h"
#include "membership/store/profile_store.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = profile_store;
using idempotency::Work;

// Most texts that a report of needs reads.
constexpr int kMaxExpectations = 2000;

store::Writer WriterOf(const rpc::Call& call) { return {call.principal.subject, call.now}; }

// Whether an update would change `field` or what is below it.
bool Names(const pb::UpdateMemberRequest& request, const std::string& field, bool populated) {
  const auto& paths = request.update_mask().paths();
  if (paths.empty()) return populated;
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return path == field || path.starts_with(field + ".") || (path == "*" && populated);
  });
}

// The member with what the request changes. What a caller may not see, or has another call for, stays when all is
// replaced.
Result<Person> Patched(const pb::UpdateMemberRequest& request, const Member& member) {
  auto wanted = convert::ToProto(member, true);
  auto patch = request.member();
  const auto& paths = request.update_mask().paths();
  if (std::find(paths.begin(), paths.end(), "*") != paths.end()) {
    if (!patch.has_staff()) *patch.mutable_staff() = wanted.staff();
    if (patch.identities().empty()) *patch.mutable_identities() = wanted.identities();
    if (patch.accepted_rules_version() == 0) patch.set_accepted_rules_version(wanted.accepted_rules_version());
  }
  // Immutable, once it is set.
  if (wanted.external_id().empty() && Names(request, "external_id", !patch.external_id().empty()))
    wanted.set_external_id(patch.external_id());
  RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "member", &wanted));
  return convert::ToPerson(wanted);
}

void PublishChange(Work& work, const Member& m, const ProfileChange& change, const rpc::Call& call) {
  const auto tagged = change.tags.empty() ? 0 : 1;
  if (!change.fields.empty()) work.Publish(events::MemberUpdated(m.community, m.id, m.version - tagged, CauseOf(call)));
  if (tagged == 1) {
    work.Publish(events::MemberTagged(m.community, m.id, m.version, CauseOf(call)));
  }
}

// Each tag once; a tag is not added and removed at once.
Result<std::vector<std::string>> Distinct(const google::protobuf::RepeatedPtrField<std::string>& tags,
                                          const std::string& field, const std::vector<std::string>& others) {
  std::vector<std::string> distinct;
  for (int i = 0; i < tags.size(); ++i) {
    if (std::find(others.begin(), others.end(), tags[i]) != others.end()) {
      return lanting::errors::InvalidField(field + "[" + std::to_string(i) + "]", "DUPLICATE_VALUE",
                                           "is to be added and removed at once");
    }
    if (std::find(distinct.begin(), distinct.end(), tags[i]) == distinct.end()) distinct.push_back(tags[i]);
  }
  return distinct;
}

// Decides about one member.
pb::TagResult TagOne(store::TaggedMember& tagged, const std::vector<std::string>& add,
                     const std::vector<std::string>& remove) {
  pb::TagResult result;
  if (auto present = CheckPresent(tagged.member); !present.ok()) {
    result.set_reason(present.error().reason);
    return result;
  }
  auto change = DecideTags(tagged.member.person.tags, add, remove);
  if (!change.ok()) {
    result.set_reason(change.error().reason);
    return result;
  }
  tagged.change = std::move(change).value();
  const auto& [added, removed] = tagged.change;
  result.mutable_tags_added()->Assign(added.begin(), added.end());
  result.mutable_tags_removed()->Assign(removed.begin(), removed.end());
  return result;
}

// The answer for each member that was named, once.
pb::TagMembersResponse InOrder(const google::protobuf::RepeatedPtrField<std::string>& members,
                               const std::map<std::string, pb::TagResult>& results) {
  pb::TagMembersResponse response;
  std::set<std::string_view> seen;
  for (const auto& member : members) {
    if (!seen.insert(member).second) continue;
    auto& result = *response.add_results();
    if (auto found = results.find(member); found != results.end()) {
      result = found->second;
    } else {
      result.set_reason("MEMBER_NOT_FOUND");
    }
    result.set_member(member);
  }
  return response;
}

}  // namespace

Result<pb::Member> ProfileService::UpdateMember(const rpc::Call& call, const pb::UpdateMemberRequest& request) {
  const auto& patch = request.member();
  const bool staff = convert::SeesStaffView(call);
  if (!staff && Names(request, "staff", patch.has_staff())) return lanting::errors::ScopeMissing("members.staff");
  const auto name = names::Parse(patch.name());
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    ASSIGN_OR_RETURN(auto member, LockMember(tx, name.first, name.second));
    RETURN_IF_ERROR(CheckPresent(member));
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), member.version));
    ASSIGN_OR_RETURN(auto wanted, Patched(request, member));
    ASSIGN_OR_RETURN(const auto change, DecideUpdate(member, std::move(wanted), call.now));
    if (change.empty()) return convert::ToProto(member, staff);
    store::Update(tx, work, member, change, WriterOf(call));
    PublishChange(work, member, change, call);
    return convert::ToProto(member, staff);
  });
}

Result<pb::Member> ProfileService::AddIdentity(const rpc::Call& call, const pb::AddIdentityRequest& request) {
  const auto name = names::Parse(request.name());
  const ChannelIdentity identity{static_cast<Channel>(request.identity().channel()), request.identity().user_id()};
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    ASSIGN_OR_RETURN(auto member, LockMember(tx, name.first, name.second));
    RETURN_IF_ERROR(CheckPresent(member));
    ASSIGN_OR_RETURN(const bool is_new, DecideAddIdentity(member, identity, call.now));
    if (is_new) {
      store::AddIdentity(tx, work, member, identity, WriterOf(call));
      work.Publish(events::MemberUpdated(member.community, member.id, member.version, CauseOf(call)));
    }
    return convert::ToProto(member, convert::SeesStaffView(call));
  });
}

Result<pb::Member> ProfileService::RemoveIdentity(const rpc::Call& call, const pb::RemoveIdentityRequest& request) {
  const auto name = names::Parse(request.name());
  const auto channel = static_cast<Channel>(request.channel());
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    ASSIGN_OR_RETURN(auto member, LockMember(tx, name.first, name.second));
    RETURN_IF_ERROR(CheckPresent(member));
    RETURN_IF_ERROR(DecideRemoveIdentity(member, channel, call.now));
    store::RemoveIdentity(tx, work, member, channel, WriterOf(call));
    work.Publish(events::MemberUpdated(member.community, member.id, member.version, CauseOf(call)));
    return convert::ToProto(member, convert::SeesStaffView(call));
  });
}

Result<pb::TagMembersResponse> ProfileService::TagMembers(const rpc::Call& call, const pb::TagMembersRequest& request) {
  using Response = pb::TagMembersResponse;
  ASSIGN_OR_RETURN(const auto add, Distinct(request.add(), "add", {}));
  ASSIGN_OR_RETURN(const auto remove, Distinct(request.remove(), "remove", add));
  if (add.empty() && remove.empty())
    return lanting::errors::InvalidField("add", "REQUIRED", "A tag to add or to remove is required.");
  const auto community = names::Parse(request.parent()).first;
  return idempotency::Write<Response>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Response> {
    // Before the rows of several members: promotions change them in an order of their own, under this lock.
    if (!LockCommunity(tx, community)) return errors::CommunityNotFound(request.parent());
    std::vector<Id> ids;
    for (const auto& member : request.members()) {
      const auto name = names::Parse(member);
      if (name.first == community) ids.push_back(name.second);
    }
    auto members = store::LockTags(tx, community, ids);
    if (members.empty()) return errors::MemberNotFound(request.members(0));
    std::map<std::string, pb::TagResult> results;
    for (auto& tagged : members) {
      auto& result = results[names::Member(community, tagged.member.id)];
      result = TagOne(tagged, add, remove);
      if (tagged.change.empty()) continue;
      work.Publish(events::MemberTagged(community, tagged.member.id, tagged.member.version + 1, CauseOf(call)));
    }
    store::PutTags(work, tx.tenant(), community, members, WriterOf(call));
    return InOrder(request.members(), results);
  });
}

Result<pb::ListTagsResponse> ProfileService::ListTags(const rpc::Call& call, const pb::ListTagsRequest& request) {
  ASSIGN_OR_RETURN(const auto page, PageOf(call, request));
  const auto community = names::Parse(request.parent()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::ListTagsResponse> {
    auto tags = store::ListTags(tx, community, page.after, page.size + 1);
    if (tags.empty() && page.first() && !community_store::Exists(tx, community))
      return errors::CommunityNotFound(request.parent());
    pb::ListTagsResponse response;
    const bool more = tags.size() > static_cast<std::size_t>(page.size);
    if (more) {
      tags.pop_back();
      response.set_next_page_token(page.TokenAfter(tags.back().tag));
    }
    for (const auto& tag : tags) {
      auto& to = *response.add_tags();
      to.set_tag(tag.tag);
      to.set_member_count(tag.members);
    }
    return response;
  });
}

Result<pb::NeedsReport> ProfileService::GetNeedsReport(const rpc::Call& call,
                                                       const pb::GetNeedsReportRequest& request) {
  const auto community = names::Parse(request.name()).first;
  ASSIGN_OR_RETURN(const auto stated,
                   pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<store::Expectations> {
                     if (!community_store::Exists(tx, community))
                       return errors::CommunityNotFound(names::Community(community));
                     return store::ListExpectations(tx, community, kMaxExpectations);
                   }));
  pb::NeedsReport report;
  report.set_name(request.name());
  for (const auto& need : CountNeeds(stated.texts)) {
    auto& to = *report.add_needs();
    to.set_text(need.text);
    to.set_member_count(need.members);
  }
  report.set_active_count(stated.active);
  report.set_stated_count(stated.stated);
  report.set_read_count(static_cast<int>(stated.texts.size()));
  return report;
}

void ProfileService::Register(rpc::Service& profiles) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (ProfileService::*method)(const rpc::Call&, const Request&)) {
    profiles.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("AddIdentity", &ProfileService::AddIdentity);
  bind("RemoveIdentity", &ProfileService::RemoveIdentity);
  bind("TagMembers", &ProfileService::TagMembers);
  bind("ListTags", &ProfileService::ListTags);
  bind("CreateNote", &ProfileService::CreateNote);
  bind("ListNotes", &ProfileService::ListNotes);
  bind("DeleteNote", &ProfileService::DeleteNote);
  bind("ListTimeline", &ProfileService::ListTimeline);
  bind("GetNeedsReport", &ProfileService::GetNeedsReport);
}

void ProfileService::RegisterUpdate(rpc::Service& members) {
  members.Unary<pb::UpdateMemberRequest, pb::Member>(
      "UpdateMember", [this](const auto& call, const auto& request) { return UpdateMember(call, request); });
}

}  // namespace lanting::membership
