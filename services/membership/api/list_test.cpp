#include "platform/resource/page.h"

#include <gtest/gtest.h>

#include <set>

#include "membership/store/join_test_world.h"

namespace lanting::membership {
namespace {

TEST(ListTest, APageEndsEarlyWhenItsRowsAreLarge) {
  JoinWorld world;
  for (int i = 0; i < 7; ++i) {
    world.db.Query("INSERT INTO membership.house_rules VALUES ('" + world.tenant.ToUuid() + "', '" +
                   world.community.ToUuid() + "', " + std::to_string(i + 1) + ", repeat('x', 1500000), now())");
    world.AddGroup(10);
  }
  const resource::ListSpec spec{
      .select =
          "SELECT g.id, (SELECT text FROM house_rules LIMIT 1) AS text FROM chat_group g WHERE "
          "g.tenant_id = $1 AND g.community_id = $2",
      .id_column = "g.id"};
  rpc::Call call{.method = "/test/List", .principal = {.tenant = world.tenant}};
  call.deadline = DeadlineIn(std::chrono::seconds(20));
  std::vector<int> pages;
  std::set<std::string> seen;
  std::string token;
  do {
    pages.push_back(0);
    auto next =
        resource::ReadPage(world.pool, call, spec, {.parent = world.community, .page_size = 5, .page_token = token},
                           [&](const pqxx::row& row) {
                             ++pages.back();
                             seen.insert(row["id"].c_str());
                           });
    ASSERT_TRUE(next.ok()) << next.error().message << next.error().internal;
    token = *next;
  } while (!token.empty());
  EXPECT_EQ(pages, (std::vector{3, 3, 1}));
  EXPECT_EQ(seen.size(), 7u);
}

}  // namespace
}  // namespace lanting::membership
