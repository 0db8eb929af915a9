#include "platform/paging/order_by.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::paging {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<OrderField> kFields{{"create_time", "m.created_at", Type::kTime},
                                      {"display_name", "m.display_name", Type::kString},
                                      {"fan_score", "m.fan_score", Type::kInt}};
const Id kRow = *Id::Parse("01hzy3k5v8c6q1m9t0w2x4b7nj");

Order Parsed(std::string_view text) {
  auto order = ParseOrderBy(text, kFields);
  EXPECT_TRUE(order.ok()) << text;
  return order.ok() ? *order : Order{};
}

TEST(OrderByTest, OneDeclaredFieldWithOrWithoutADirection) {
  struct {
    const char *text, *column;
    bool descending;
  } cases[] = {{"", "", false},
               {"   ", "", false},
               {"id", "", false},
               {"id desc", "", true},
               {"create_time", "m.created_at", false},
               {"createTime desc", "m.created_at", true},
               {"create_time asc", "m.created_at", false},
               {"  display_name   desc ", "m.display_name", true}};
  for (const auto& c : cases) {
    auto order = Parsed(c.text);
    EXPECT_EQ(order.field ? order.field->column : "", c.column) << c.text;
    EXPECT_EQ(order.descending, c.descending) << c.text;
  }
}

TEST(OrderByTest, AnythingElseIsRefusedWithTheListOfFields) {
  for (const char* bad : {"name", "created_at", "m.created_at", "create_time DESC", "create_time, display_name",
                          "create_time desc desc", "create_time;", "(create_time)", "create_time desc, id", "1",
                          "create_time\tdesc", "CREATE_TIME", "display_name desc; DROP TABLE members --"}) {
    auto order = ParseOrderBy(bad, kFields);
    ASSERT_FALSE(order.ok()) << bad;
    EXPECT_EQ(order.error().violations.at(0).field, "orderBy");
    EXPECT_EQ(order.error().violations.at(0).reason, "INVALID_ORDER_BY");
    EXPECT_THAT(order.error().violations.at(0).description, HasSubstr("id, createTime, displayName, fanScore"));
  }
  EXPECT_FALSE(ParseOrderBy(std::string(100'000, ' '), kFields).ok());
}

TEST(KeysetTest, TheFirstPageHasNoCondition) {
  std::vector<Param> params{"tenant"};
  auto keyset = KeysetSql(Parsed("create_time desc"), "m.id", std::nullopt, 50, params);
  ASSERT_TRUE(keyset.ok());
  EXPECT_EQ(keyset->where, "");
  EXPECT_EQ(keyset->tail, " ORDER BY m.created_at DESC, m.id DESC LIMIT 51");
  EXPECT_EQ(params.size(), 1u);
}

TEST(KeysetTest, TheNextPageBeginsAfterTheLastRow) {
  std::vector<Param> params{"tenant", "community"};
  auto keyset = KeysetSql(Parsed("createTime"), "m.id", Cursor{"2024-05-01 08:00:00.5+00", kRow}, 10, params);
  ASSERT_TRUE(keyset.ok());
  EXPECT_EQ(keyset->where, " AND (m.created_at, m.id) > ($3::timestamptz, $4::uuid)");
  EXPECT_EQ(keyset->tail, " ORDER BY m.created_at, m.id LIMIT 11");
  EXPECT_THAT(params, ElementsAre("tenant", "community", "2024-05-01 08:00:00.500000+00:00", kRow.ToUuid()));
}

TEST(KeysetTest, DescendingTurnsTheComparisonAround) {
  std::vector<Param> params;
  auto keyset = KeysetSql(Parsed("fan_score desc"), "id", Cursor{"-7", kRow}, 1, params);
  ASSERT_TRUE(keyset.ok());
  EXPECT_EQ(keyset->where, " AND (m.fan_score, id) < ($1::bigint, $2::uuid)");
}

TEST(KeysetTest, ByIdOnly) {
  std::vector<Param> params;
  auto keyset = KeysetSql(Parsed(""), "id", Cursor{std::nullopt, kRow}, 50, params);
  ASSERT_TRUE(keyset.ok());
  EXPECT_EQ(keyset->where, " AND id > $1::uuid");
  EXPECT_EQ(keyset->tail, " ORDER BY id LIMIT 51");
}

TEST(KeysetTest, AForgedValueIsRefusedBeforeItReachesTheDatabase) {
  struct {
    const char* order;
    std::optional<std::string> value;
  } cases[] = {{"create_time", "yesterday"},
               {"create_time", std::nullopt},
               {"fan_score", "1); --"},
               {"fan_score", ""},
               {"", "x"},
               {"display_name", "\xff"}};
  for (const auto& c : cases) {
    std::vector<Param> params;
    auto keyset = KeysetSql(Parsed(c.order), "id", Cursor{c.value, kRow}, 50, params);
    ASSERT_FALSE(keyset.ok()) << c.order;
    EXPECT_EQ(keyset.error().violations.at(0).reason, "INVALID_PAGE_TOKEN");
  }
}

}  // namespace
}  // namespace lanting::paging
