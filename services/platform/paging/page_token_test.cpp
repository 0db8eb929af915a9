#include "platform/paging/page_token.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "lanting/common/v1/page_token.pb.h"
#include "platform/base/strings.h"

namespace lanting::paging {
namespace {

const Id kTenant = *Id::Parse("01hzy3k5v8c6q1m9t0w2x4b7ng");
const Id kOther = *Id::Parse("01hzy3k5v8c6q1m9t0w2x4b7nh");
const Id kRow = *Id::Parse("01hzy3k5v8c6q1m9t0w2x4b7nj");

ListKey Members() {
  return {.tenant = kTenant,
          .method = "lanting.membership.v1.MembershipService/ListMembers",
          .parent = "communities/01hzy3k5v8c6q1m9t0w2x4b7nk",
          .filter = "display_name:\"晨跑\"",
          .order_by = "create_time desc"};
}

TEST(PageTokenTest, RoundTripsAndIsUrlSafe) {
  for (const Cursor& cursor : {Cursor{std::nullopt, kRow}, Cursor{"", kRow}, Cursor{"2024-05-01 08:00:00+00", kRow},
                               Cursor{"晨跑团 \"A\"\n", kRow}}) {
    std::string token = EncodePageToken(Members(), cursor);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    auto decoded = DecodePageToken(Members(), token);
    ASSERT_TRUE(decoded.ok());
    ASSERT_TRUE(decoded->has_value());
    EXPECT_EQ((*decoded)->last_value, cursor.last_value);
    EXPECT_EQ((*decoded)->last_id, cursor.last_id);
  }
}

TEST(PageTokenTest, AnEmptyTokenIsTheFirstPage) {
  auto decoded = DecodePageToken(Members(), "");
  ASSERT_TRUE(decoded.ok());
  EXPECT_FALSE(decoded->has_value());
}

void ExpectRefused(const ListKey& list, std::string_view token) {
  auto decoded = DecodePageToken(list, token);
  ASSERT_FALSE(decoded.ok()) << token;
  EXPECT_EQ(decoded.error().code, Code::kInvalidArgument);
  ASSERT_EQ(decoded.error().violations.size(), 1u);
  EXPECT_EQ(decoded.error().violations[0].field, "pageToken");
  EXPECT_EQ(decoded.error().violations[0].reason, "INVALID_PAGE_TOKEN");
}

TEST(PageTokenTest, ATokenOfAnotherListIsRefused) {
  std::string token = EncodePageToken(Members(), {"x", kRow});
  ListKey other = Members();
  other.tenant = kOther;
  ExpectRefused(other, token);
  other = Members();
  other.method = "lanting.membership.v1.MembershipService/ListGroups";
  ExpectRefused(other, token);
  other = Members();
  other.parent = "communities/01hzy3k5v8c6q1m9t0w2x4b7nm";
  ExpectRefused(other, token);
  other = Members();
  other.filter = "";
  ExpectRefused(other, token);
  other = Members();
  other.order_by = "create_time";
  ExpectRefused(other, token);
}

TEST(PageTokenTest, PartsDoNotRunIntoEachOther) {
  ListKey one = Members(), two = Members();
  one.filter = "a", one.order_by = "b=1";
  two.filter = "a1:b", two.order_by = "=1";
  ExpectRefused(two, EncodePageToken(one, {std::nullopt, kRow}));
}

TEST(PageTokenTest, GarbageIsRefused) {
  std::string good = EncodePageToken(Members(), {"x", kRow});
  for (std::string bad : {std::string("garbage"), std::string("!!!!"), good + "=", good + "A", good.substr(1),
                          good.substr(0, good.size() - 2), " " + good, std::string(1'000'000, 'A')}) {
    ExpectRefused(Members(), bad);
  }
  auto bytes = *Base64UrlDecode(good);
  ExpectRefused(Members(), Base64UrlEncode(bytes + "\x20\x01"));  // an unknown field
  ExpectRefused(Members(), Base64UrlEncode(bytes + bytes));       // everything twice
  common::v1::PageToken bad_id;
  ASSERT_TRUE(bad_id.ParseFromString(bytes));
  bad_id.set_last_id("01HZY3K5V8C6Q1M9T0W2X4B7NJ");
  ExpectRefused(Members(), Base64UrlEncode(bad_id.SerializeAsString()));
}

TEST(PageTokenTest, EveryChangedByteIsRefusedOrGivesAnotherRow) {
  const std::string good = EncodePageToken(Members(), {"x", kRow});
  std::mt19937 random(20240501);
  for (int i = 0; i < 5000; ++i) {
    std::string token = good;
    token[random() % token.size()] = static_cast<char>(random());
    if (token == good) continue;
    auto decoded = DecodePageToken(Members(), token);
    if (decoded.ok()) {
      EXPECT_TRUE((*decoded)->last_value != "x" || (*decoded)->last_id != kRow) << token;
    } else {
      EXPECT_EQ(decoded.error().violations.at(0).reason, "INVALID_PAGE_TOKEN");
    }
  }
}

TEST(PageSizeTest, IsDefaultedAndBounded) {
  struct {
    int requested, size;
  } cases[] = {{0, 50}, {1, 1}, {50, 50}, {1000, 1000}, {1001, 1000}, {2147483647, 1000}};
  for (const auto& c : cases) EXPECT_EQ(*PageSize(c.requested), c.size);
  for (int bad : {-1, -2147483647 - 1}) {
    auto size = PageSize(bad);
    ASSERT_FALSE(size.ok());
    EXPECT_EQ(size.error().violations.at(0).field, "pageSize");
  }
}

}  // namespace
}  // namespace lanting::paging
