// For tests: members made as the API makes them, with remembered replies, and what is to hold of them.
#pragma once

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "lanting/membership/v1/events.pb.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "membership/api/api_test_world.h"
#include "membership/api/convert_member.h"
#include "membership/api/join_batcher.h"
#include "membership/api/person_service.h"
#include "membership/domain/names.h"
#include "membership/store/member_store.h"
#include "platform/idempotency/write.h"

namespace lanting::membership {

class PersonTest : public ApiTest {
 protected:
  template <typename Request>
  rpc::Call As(const std::string& service_and_method, const Request& request, const std::string& request_id = "") {
    auto call = Mine("", request, request_id);
    call.method = "/lanting.membership.v1." + service_and_method;
    return call;
  }

  // CreateMember. `request_id`: the reply is remembered.
  Result<pb::Member> TryJoin(const std::string& community, const pb::Member& member,
                             const std::string& request_id = "") {
    const auto call = As("MemberService/CreateMember", member, request_id);
    JoinItem item{.community = names::Parse(community).first,
                  .person = convert::ToPerson(member),
                  .member_id = Id::New(call.now)};
    std::promise<Result<std::string>> answer;
    joins_.Submit(
        call, {std::move(item)},
        [](const std::vector<Member>& members) { return convert::ToProto(members.front()).SerializeAsString(); },
        [](const std::vector<Result<Member>>& decided) { return decided.front().error(); },
        [&](Result<std::string> reply) { answer.set_value(std::move(reply)); });
    auto reply = answer.get_future().get();
    if (!reply.ok()) return std::move(reply).error();
    pb::Member made;
    EXPECT_TRUE(made.ParseFromString(*reply));
    return made;
  }
  pb::Member Join(const std::string& community, const pb::Member& member, const std::string& request_id = "") {
    auto made = TryJoin(community, member, request_id);
    EXPECT_TRUE(made.ok()) << made.error().message << made.error().internal;
    return made.ok() ? *made : pb::Member();
  }
  static pb::Member Named(const std::string& name, const std::string& external_id = "",
                          const std::vector<std::pair<pb::Channel, std::string>>& identities = {}) {
    pb::Member m;
    m.set_display_name(name);
    m.set_external_id(external_id);
    for (const auto& [channel, user_id] : identities) {
      auto* i = m.add_identities();
      i->set_channel(channel);
      i->set_user_id(user_id);
    }
    return m;
  }
  pb::Member GetMember(const std::string& name) {
    const auto id = names::Parse(name);
    auto found = pg::ReadTenant(pool_, tenant_, DeadlineIn(std::chrono::seconds(20)),
                                [&](pg::Tx& tx) { return membership::GetMember(tx, id.first, id.second); });
    EXPECT_TRUE(found.ok()) << name;
    return found.ok() ? convert::ToProto(*found, true) : pb::Member();
  }
  void Remove(const std::string& name, const std::string& reason = "") {
    pb::RemoveMemberRequest request;
    const auto id = names::Parse(name);
    const auto call = As("MemberService/RemoveMember", request);
    auto removed =
        idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, idempotency::Work& work) -> Result<pb::Member> {
          ASSIGN_OR_RETURN(auto member, RemoveMember(tx, work, JoinContext{call.now, ""}, id.first, id.second, reason));
          return convert::ToProto(member);
        });
    EXPECT_TRUE(removed.ok());
  }

  Result<pb::Merge> Merge(const std::string& target, const std::string& source, const std::string& reason = "",
                          const std::string& request_id = "") {
    pb::MergeMembersRequest request;
    request.set_name(target);
    request.set_source(source);
    request.set_reason(reason);
    return persons_.MergeMembers(As("PersonService/MergeMembers", request, request_id), request);
  }
  Result<pb::Merge> Undo(const std::string& merge) {
    pb::UndoMergeRequest request;
    request.set_name(merge);
    return persons_.UndoMerge(As("PersonService/UndoMerge", request), request);
  }
  Result<pb::PersonExport> Export(const std::string& member) {
    pb::ExportPersonRequest request;
    request.set_name(member);
    return persons_.ExportPerson(As("PersonService/ExportPerson", request), request);
  }
  Result<pb::Erasure> Erase(const std::string& member, const std::string& request_id = "") {
    pb::ErasePersonRequest request;
    request.set_name(member);
    request.set_reason(pb::ERASURE_REASON_REQUESTED_BY_PERSON);
    return persons_.ErasePerson(As("PersonService/ErasePerson", request, request_id), request);
  }

  std::string One(const std::string& sql) { return db_.Query("SET search_path = membership; " + sql); }
  static std::string Uuid(const std::string& member) { return "'" + names::Parse(member).second.ToUuid() + "'"; }

  // A topic group.
  std::string AddTopicGroup(const std::string& community, int capacity) {
    const auto name = AddGroup(community, capacity).name();
    One("UPDATE chat_group SET kind = 2 WHERE id = " + Uuid(name));
    return name;
  }
  void AddPlace(const std::string& group, const std::string& member) {
    One("INSERT INTO group_place SELECT tenant_id, community_id, id, " + Uuid(member) +
        "::uuid, now() FROM chat_group WHERE id = " + Uuid(group));
    One("UPDATE chat_group SET member_count = member_count + 1 WHERE id = " + Uuid(group));
  }

  // Counters are what members, places and queue add up to, and facts tell the same.
  void ExpectTrueCounters() {
    EXPECT_EQ(One("SELECT count(*) FROM chat_group g WHERE member_count <>"
                  " (SELECT count(*) FROM member m WHERE m.group_id = g.id AND m.state IN (1, 4)) +"
                  " (SELECT count(*) FROM group_place p WHERE p.group_id = g.id)"),
              "0");
    EXPECT_EQ(One("SELECT count(*) FROM community c WHERE waiting_count <>"
                  " (SELECT count(*) FROM member m WHERE m.community_id = c.id AND m.state = 2)"),
              "0");
    EXPECT_EQ(One("SELECT count(*) FROM group_place p JOIN member m ON m.id = p.member_id WHERE m.state IN (3, 5)"),
              "0");
    // Joined, less left and merged with a place, is active.
    const auto count = [&](const std::string& type, bool with_group) {
      int n = 0;
      const auto payloads =
          One("SELECT coalesce(string_agg(encode(payload, 'hex'), ','), '') FROM outbox WHERE type = "
              "'lanting.membership.v1." +
              type + "'");
      for (auto hex : Split(payloads, ',')) {
        std::string bytes;
        for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
          bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
        }
        pb::MemberLeft left;
        pb::MemberMerged merged;
        if (bytes.empty()) continue;
        const bool grouped = type == "MemberLeft"     ? left.ParseFromString(bytes) && !left.group().empty()
                             : type == "MemberMerged" ? merged.ParseFromString(bytes) && !merged.group().empty()
                                                      : true;
        n += grouped || !with_group;
      }
      return n;
    };
    EXPECT_EQ(count("MemberJoined", false) - count("MemberLeft", true) - count("MemberMerged", true),
              std::stoi(One("SELECT count(*) FROM member WHERE state = 1")));
    EXPECT_EQ(One("SELECT count(*) FROM (SELECT 1 FROM outbox GROUP BY tenant_id, subject, aggregate_version"
                  " HAVING count(*) > 1) twice"),
              "0");
  }

  JoinBatcher joins_{pool_, {.name = "joins"}};
  PersonService persons_{pool_};
};

}  // namespace lanting::membership
