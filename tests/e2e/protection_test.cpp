// Limits, keys and origins as a tenant meets them at the edge: two gateways over one Redis, the operator's limits, the
// tenant's settings.
#include <gtest/gtest.h>

#include "lanting/membership/v1/tenant_service.pb.h"
#include "tests/support/suite.h"

namespace lanting {
namespace {

namespace pb = membership::v1;
using testing::Answer;
using testing::Eventually;
using testing::Suite;

class ProtectionTest : public ::testing::Test {
 protected:
  Answer Get(const std::string& path, http::HeaderList headers = {}, int gateway = 0) {
    return suite_.Call("GET", path, "", std::move(headers), gateway);
  }
  // As the operator, and until both gateways know it.
  void Limit(int per_second, int burst) {
    pb::UpdateTenantLimitsRequest request;
    auto* limits = request.mutable_tenant_limits();
    limits->set_name("tenants/" + suite_.key().substr(3, 26) + "/limits");
    limits->set_tenant_per_second(per_second);
    limits->set_tenant_burst(burst);
    auto written =
        rpc::CallUnary<pb::TenantLimits>(suite_.channel(), "/lanting.membership.v1.TenantService/UpdateTenantLimits",
                                         request, {.authorization = "Bearer " + suite_.admin_key()});
    ASSERT_TRUE(written.ok()) << written.error().message;
    for (int gateway : {0, 1}) {
      ASSERT_TRUE(Eventually(
          [&] { return Get("/v1/settings", {}, gateway).header("ratelimit-limit") == std::to_string(burst); }));
    }
  }

  Suite suite_{{.memberships = 2}};
};

TEST_F(ProtectionTest, TwoGatewaysShareOneLimitAndSurviveRedis) {
  EXPECT_EQ(Get("/v1/settings").header("ratelimit-limit"), "")
      << "off in these tests, until the operator says otherwise";
  Limit(1, 40);
  const auto started = std::chrono::steady_clock::now();
  int allowed = 0;
  Answer refused;
  for (int i = 0; i < 200; ++i) {
    auto answer = Get("/v1/settings", {}, i % 2);
    if (answer.status == 200)
      ++allowed;
    else
      refused = std::move(answer);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  // Together no more than one bucket; where the machine stalled for longer than the limiter waits, one each.
  EXPECT_LE(allowed, 2 * (40 + seconds + 1));
  EXPECT_GE(allowed, 30);
  ASSERT_EQ(refused.status, 429);
  EXPECT_EQ(refused.reason(), "RATE_LIMITED");
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(refused.header("ratelimit-remaining"), "0");
  EXPECT_EQ(refused.header("ratelimit-policy"), "1;w=1;burst=40;policy=\"tenant\"");

  Limit(1'000, 2'000);
  suite_.redis().Kill();
  for (int i = 0; i < 20; ++i) {
    const auto answer = Get("/v1/settings", {}, i % 2);
    EXPECT_EQ(answer.status, 200) << "Redis is no reason to refuse";
    EXPECT_EQ(answer.header("ratelimit-limit"), "2000");
  }
  suite_.redis().Start();
  EXPECT_EQ(Get("/v1/settings").status, 200);
}

TEST_F(ProtectionTest, ATenantsSettingsDecideWhichPagesMayCall) {
  const std::string page = "https://app.lanting.example";
  const http::HeaderList from_page{{"Origin", page}};
  auto fresh = Get("/v1/settings");
  ASSERT_EQ(fresh.status, 200) << boost::json::serialize(fresh.body);
  EXPECT_EQ(fresh.text("name"), "settings");
  const auto refused = Get("/v1/settings", from_page);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.reason(), "ORIGIN_NOT_ALLOWED");

  const auto bad = suite_.Call("PATCH", "/v1/settings", R"({"corsAllowedOrigins": ["https://*.example"]})");
  EXPECT_EQ(bad.status, 400);
  const auto written = suite_.Call("PATCH", "/v1/settings", R"({"corsAllowedOrigins": ["https://*.lanting.example"]})",
                                   {{"If-Match", fresh.text("etag")}, {"Idempotency-Key", "origins-1"}});
  ASSERT_EQ(written.status, 200) << boost::json::serialize(written.body);
  EXPECT_EQ(
      suite_.Call("PATCH", "/v1/settings", R"({"corsAllowedOrigins": []})", {{"If-Match", fresh.text("etag")}}).status,
      409);
  Answer allowed;
  ASSERT_TRUE(Eventually([&] { return (allowed = Get("/v1/settings", from_page)).status == 200; }));
  EXPECT_EQ(allowed.header("access-control-allow-origin"), page);
  EXPECT_EQ(Get("/v1/communities/nonsense", from_page).header("access-control-allow-origin"), page) << "errors too";
  EXPECT_EQ(suite_.CallAs(suite_.NewTenant("另一家"), "GET", "/v1/settings", "", from_page).status, 403)
      << "another tenant's list is its own";

  const auto preflight = suite_.CallAs("", "OPTIONS", "/v1/settings", "",
                                       {{"Origin", page},
                                        {"Access-Control-Request-Method", "PATCH"},
                                        {"Access-Control-Request-Headers", "authorization"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("access-control-allow-methods"), "GET, PATCH");
  const auto unknown = suite_.CallAs("lt_nonsense", "GET", "/v1/settings", "", from_page);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(unknown.header("access-control-allow-origin"), "*");
}

TEST_F(ProtectionTest, ARevokedKeyIsRefusedAtTheEdgeBeforeItsBody) {
  const auto made = suite_.Call("POST", "/v1/keys", R"({"displayName": "旧系统", "scopes": ["members.read"]})");
  ASSERT_EQ(made.status, 200);
  const auto key = made.text("secret");
  EXPECT_EQ(suite_.CallAs(key, "POST", "/v1/keys", "this is no JSON").status, 403) << "the scope comes first";
  ASSERT_EQ(suite_.Call("POST", "/v1/" + made.text("name") + ":revoke", "{}").status, 200);
  Answer refused;
  ASSERT_TRUE(
      Eventually([&] { return (refused = suite_.CallAs(key, "POST", "/v1/keys", "this is no JSON")).status == 401; }));
  const auto malformed = suite_.CallAs("nonsense", "POST", "/v1/keys", "this is no JSON");
  EXPECT_EQ(boost::json::serialize(refused.body), boost::json::serialize(malformed.body));
}

}  // namespace
}  // namespace lanting
