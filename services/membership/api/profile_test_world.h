// For tests: a community with a group, people in it, and the calls about them.
#pragma once

#include <atomic>
#include <barrier>
#include <thread>

#include "membership/api/api_test_world.h"
#include "membership/api/convert_member.h"
#include "membership/api/profile_service.h"
#include "membership/domain/names.h"
#include "membership/store/join_store.h"
#include "membership/store/member_store.h"

namespace lanting::membership {

class ProfileTest : public ApiTest {
 protected:
  ProfileTest() : community_(Open().name()) { AddGroup(community_, 500); }

  // Lets a person in, and answers their name.
  std::string Join(const pb::Member& person, const std::string& community = "") {
    JoinItem item{.community = names::Parse(community.empty() ? community_ : community).first,
                  .person = convert::ToPerson(person),
                  .member_id = Id::New()};
    Change([&](pg::Tx& tx, idempotency::Work& work) -> Result<void> {
      ASSIGN_OR_RETURN(auto joined, membership::Join(tx, work, {Clock::System().Now(), ""}, {item}));
      if (!joined[0].ok()) return joined[0].error();
      return {};
    });
    return names::Member(item.community, item.member_id);
  }
  std::string Join(const std::string& display_name) {
    pb::Member person;
    person.set_display_name(display_name);
    return Join(person);
  }
  void Leave(const std::string& member, const std::string& reason = "") {
    const auto name = names::Parse(member);
    Change([&](pg::Tx& tx, idempotency::Work& work) -> Result<void> {
      RETURN_IF_ERROR(RemoveMember(tx, work, {Clock::System().Now(), ""}, name.first, name.second, reason));
      return {};
    });
  }
  template <typename F>
  void Change(F&& body) {
    auto done = pg::InTenantTx(pool_, tenant_, DeadlineIn(std::chrono::seconds(20)), [&](pg::Tx& tx) -> Result<void> {
      idempotency::Work work;
      RETURN_IF_ERROR(body(tx, work));
      work.Apply(tx);
      return {};
    });
    ASSERT_TRUE(done.ok()) << done.error().reason << done.error().internal;
  }
  pb::Member Member(const std::string& name, bool staff = true) {
    const auto parts = names::Parse(name);
    auto member = pg::ReadTenant(pool_, tenant_, DeadlineIn(std::chrono::seconds(20)),
                                 [&](pg::Tx& tx) { return GetMember(tx, parts.first, parts.second); });
    EXPECT_EQ(Reason(member), "OK");
    return convert::ToProto(*member, staff);
  }
  // A call of a key that has these scopes only.
  template <typename Request>
  rpc::Call With(std::vector<std::string> scopes, const std::string& method, const Request& request) {
    auto call = Mine(method, request);
    call.principal.scopes = std::move(scopes);
    return call;
  }
  // Facts about one member: "MemberJoined:1 MemberTagged:2".
  std::string EventsOf(const std::string& member) {
    return db_.Query(
        "SELECT coalesce(string_agg(split_part(type, '.', 4) || ':' || aggregate_version, ' ' ORDER BY id), '') "
        "FROM membership.outbox WHERE subject = '" +
        member + "'");
  }
  std::string TwiceOneVersion() {
    return db_.Query(
        "SELECT count(*) FROM (SELECT FROM membership.outbox GROUP BY subject, aggregate_version"
        " HAVING count(*) > 1) t");
  }
  // Runs `body(i)` at the same moment in n threads.
  static void AtOnce(int n, const std::function<void(int)>& body) {
    std::barrier start(n);
    std::vector<std::thread> threads;
    for (int i = 0; i < n; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        body(i);
      });
    }
    for (auto& thread : threads) thread.join();
  }

  std::string community_;
  ProfileService profiles_{pool_};
};

}  // namespace lanting::membership
