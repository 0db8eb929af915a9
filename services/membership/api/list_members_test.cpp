#include "membership/api/list_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/domain/names.h"
#include "membership/store/join_test_world.h"
#include "membership/store/member_store.h"

namespace lanting::membership {
namespace {

namespace pb = lanting::membership::v1;
using ::testing::ElementsAre;

class ListMembersTest : public ::testing::Test {
 protected:
  template <typename F>
  auto Write(F&& body) {
    return pg::InTenantTx(w_.pool, w_.tenant, DeadlineIn(std::chrono::seconds(10)), [&](pg::Tx& tx) {
      idempotency::Work work;
      auto result = body(tx, work);
      EXPECT_TRUE(work.Apply(tx));
      return result;
    });
  }

  ListMembersTest() {
    group_ = w_.AddGroup(4);
    Join({"丙", "甲", "乙", "Ada", "Grace"});
    auto removed = Write([&](pg::Tx& tx, idempotency::Work& work) {
      return RemoveMember(tx, work, {w_.now, ""}, w_.community, ids_[1]);
    });
    EXPECT_TRUE(removed.ok());
  }

  void Join(const std::vector<std::string>& names) {
    for (const auto& name : names) {
      auto item = w_.Person(name, "crm-" + name, {{static_cast<Channel>(3), "q" + name}});
      item.source = name == "Ada" ? JoinSource::kImport : JoinSource::kStaff;
      ids_.push_back(item.member_id);
      w_.now += std::chrono::seconds(1);
      auto joined = Write([&](pg::Tx& tx, idempotency::Work& work) {
        return membership::Join(tx, work, {w_.now, ""}, {item});
      });
      ASSERT_TRUE(joined.ok());
    }
  }
  Result<pb::ListMembersResponse> List(pb::ListMembersRequest request, std::optional<Id> tenant = {}) {
    rpc::Call call{.method = "/lanting.membership.v1.MemberService/ListMembers",
                   .principal = {.tenant = tenant.value_or(w_.tenant), .subject = "keys/k"},
                   .deadline = DeadlineIn(std::chrono::seconds(10)),
                   .now = w_.now};
    if (request.parent().empty()) request.set_parent(names::Community(w_.community));
    return ListMembers(w_.pool, call, request);
  }
  // Names page by page.
  std::vector<std::string> Names(const std::string& filter, const std::string& order_by = "", int page_size = 2) {
    std::vector<std::string> names;
    pb::ListMembersRequest request;
    request.set_filter(filter);
    request.set_order_by(order_by);
    request.set_page_size(page_size);
    do {
      auto page = List(request);
      if (!page.ok()) {
        names.push_back(page.error().violations.empty() ? page.error().reason : page.error().violations[0].reason);
        return names;
      }
      EXPECT_LE(page->members_size(), page_size);
      for (const auto& m : page->members()) names.push_back(m.display_name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  JoinWorld w_;
  Id group_;
  std::vector<Id> ids_;
};

TEST_F(ListMembersTest, PagesInTheOrderAskedFor) {
  EXPECT_THAT(Names(""), ElementsAre("丙", "乙", "Ada", "Grace"));
  EXPECT_THAT(Names("", "create_time desc"), ElementsAre("Grace", "Ada", "乙", "丙"));
  EXPECT_THAT(Names("", "createTime"), ElementsAre("丙", "乙", "Ada", "Grace"));
  EXPECT_THAT(Names("", "join_time desc", 1), ElementsAre("Grace", "Ada", "乙", "丙"));
  auto by_name = Names("", "display_name", 1);
  auto down = Names("", "display_name desc", 3);
  std::reverse(down.begin(), down.end());
  EXPECT_EQ(by_name, down);
  EXPECT_THAT(by_name, ::testing::UnorderedElementsAre("丙", "乙", "Ada", "Grace"));
  EXPECT_THAT(Names("", "etag"), ElementsAre("INVALID_ORDER_BY"));
}

TEST_F(ListMembersTest, Filters) {
  EXPECT_THAT(Names("state = LEFT"), ElementsAre("甲"));
  EXPECT_THAT(Names("state = \"MEMBER_STATE_ACTIVE\""), ElementsAre("丙", "乙", "Ada", "Grace"));
  EXPECT_THAT(Names("state != ACTIVE"), ElementsAre("甲"));
  EXPECT_THAT(Names("source = IMPORT"), ElementsAre("Ada"));
  EXPECT_THAT(Names("display_name : \"ra\""), ElementsAre("Grace"));
  EXPECT_THAT(Names("display_name = \"m.state\""), ElementsAre());
  EXPECT_THAT(Names("external_id = \"crm-乙\""), ElementsAre("乙"));
  EXPECT_THAT(Names("group = \"" + names::Group(w_.community, group_) + "\" AND accepted_rules_version = 0"),
              ElementsAre("丙", "乙", "Ada", "Grace"));
  EXPECT_THAT(Names("join_time > \"2999-01-01T00:00:00Z\""), ElementsAre());
  EXPECT_THAT(Names("shoe_size = 42"), ElementsAre("INVALID_FILTER"));
}

TEST_F(ListMembersTest, WholeMembersOfOneTenant) {
  auto page = List({});
  ASSERT_TRUE(page.ok()) << page.error().internal;
  const auto& first = page->members(0);
  EXPECT_EQ(first.name(), names::Member(w_.community, ids_[0]));
  EXPECT_EQ(first.external_id(), "crm-丙");
  ASSERT_EQ(first.identities_size(), 1);
  EXPECT_EQ(first.identities(0).channel(), pb::CHANNEL_QQ);
  EXPECT_EQ(first.identities(0).user_id(), "q丙");
  EXPECT_EQ(first.group(), names::Group(w_.community, group_));
  EXPECT_EQ(first.etag(), "\"1.0\"");

  EXPECT_EQ(List({}, w_.AddTenant()).error().reason, "COMMUNITY_NOT_FOUND");
  pb::ListMembersRequest request;
  request.set_parent(names::Community(w_.AddCommunity(w_.tenant)));
  EXPECT_EQ(List(request)->members_size(), 0);
  request.set_parent(names::Community(Id::New()));
  EXPECT_EQ(List(request).error().reason, "COMMUNITY_NOT_FOUND");
}

}  // namespace
}  // namespace lanting::membership
