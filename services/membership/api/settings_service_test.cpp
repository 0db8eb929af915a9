#include "membership/api/settings_service.h"

#include <thread>

#include "membership/api/api_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SettingsServiceTest : public ApiTest {
 protected:
  pb::Settings Get() {
    pb::GetSettingsRequest request;
    return *settings_.GetSettings(Mine("GetSettings", request), request);
  }
  static pb::UpdateSettingsRequest With(std::vector<std::string> origins, const std::string& etag = "") {
    pb::UpdateSettingsRequest request;
    request.mutable_settings()->set_name("settings");
    request.mutable_settings()->set_etag(etag);
    for (auto& origin : origins) request.mutable_settings()->add_cors_allowed_origins(origin);
    request.mutable_update_mask()->add_paths("cors_allowed_origins");
    return request;
  }
  Result<pb::Settings> Update(const pb::UpdateSettingsRequest& request, const std::string& request_id = "") {
    return settings_.UpdateSettings(Mine("UpdateSettings", request, request_id), request);
  }
  pb::Key NewKey() {
    pb::CreateKeyRequest request;
    request.mutable_key()->set_display_name("网页小程序");
    request.mutable_key()->add_scopes("*");
    return *keys_.CreateKey(Mine("CreateKey", request), request);
  }
  pb::IntrospectKeyResponse Introspect(const std::string& secret) {
    pb::IntrospectKeyRequest request;
    request.set_secret(secret);
    return *tenants_.IntrospectKey(Operator("IntrospectKey", request), request);
  }
  Result<pb::TenantLimits> UpdateLimits(const pb::TenantLimits& limits, std::vector<std::string> mask = {}) {
    pb::UpdateTenantLimitsRequest request;
    *request.mutable_tenant_limits() = limits;
    if (limits.name().empty()) request.mutable_tenant_limits()->set_name("tenants/" + tenant_.ToString() + "/limits");
    for (auto& path : mask) request.mutable_update_mask()->add_paths(path);
    return tenants_.UpdateTenantLimits(Operator("UpdateTenantLimits", request), request);
  }

  SettingsService settings_{pool_};
};

TEST_F(SettingsServiceTest, ThereIsAlwaysOneAndAWriteMovesItsEtag) {
  const auto fresh = Get();
  EXPECT_EQ(fresh.name(), "settings");
  EXPECT_EQ(fresh.etag(), "\"0\"");
  EXPECT_FALSE(fresh.has_update_time());
  EXPECT_THAT(fresh.cors_allowed_origins(), IsEmpty());

  auto written = Update(With({"https://app.兰亭.cn"}));
  EXPECT_THAT(Faults(written), ElementsAre("settings.corsAllowedOrigins[0] INVALID_FORMAT"));
  written = Update(With({"https://app.xn--lvtu12a.cn", "https://*.example.com"}, "\"0\""));
  ASSERT_EQ(Reason(written), "OK");
  EXPECT_EQ(written->etag(), "\"1\"");
  EXPECT_TRUE(written->has_update_time());
  EXPECT_EQ(Get().SerializeAsString(), written->SerializeAsString());
  EXPECT_EQ(Reason(Update(With({}, "\"0\""))), "ETAG_MISMATCH");
  EXPECT_EQ(Update(With({"https://app.xn--lvtu12a.cn", "https://*.example.com"}))->etag(), "\"1\"") << "no change";
  EXPECT_THAT(Update(With({}))->cors_allowed_origins(), IsEmpty());

  pb::GetSettingsRequest get;
  EXPECT_EQ(settings_.GetSettings(Theirs("GetSettings", get), get)->etag(), "\"0\"");
}

TEST_F(SettingsServiceTest, ARetryGetsTheSameReply) {
  auto first = Update(With({"https://a.example.com"}), "s-1");
  ASSERT_EQ(Reason(first), "OK");
  ASSERT_EQ(Reason(Update(With({"https://b.example.com"}))), "OK");
  EXPECT_EQ(Update(With({"https://a.example.com"}), "s-1")->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Reason(Update(With({"https://c.example.com"}), "s-1")), "REQUEST_ID_REUSED");
  EXPECT_EQ(Get().etag(), "\"2\"");
}

TEST_F(SettingsServiceTest, AllFaultsAreNamedAtOnce) {
  EXPECT_THAT(
      Faults(Update(With({"https://a.example.com", "a.example.com", "https://a.example.com", "*"}))),
      ElementsAre("settings.corsAllowedOrigins[1] INVALID_FORMAT", "settings.corsAllowedOrigins[2] DUPLICATE_VALUE",
                  "settings.corsAllowedOrigins[3] INVALID_FORMAT"));
  EXPECT_EQ(Get().etag(), "\"0\"");
}

TEST_F(SettingsServiceTest, NoWriteIsLostAmongMany) {
  constexpr int kWriters = 4, kWrites = 5;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kWrites; ++i) {
        auto request = With({"https://w" + std::to_string(w) + "-" + std::to_string(i) + ".example.com"});
        EXPECT_EQ(Reason(Update(request)), "OK");
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(Get().etag(), "\"" + std::to_string(kWriters * kWrites) + "\"");
}

TEST_F(SettingsServiceTest, TheGatewayIsToldWithTheKey) {
  const auto key = NewKey();
  auto known = Introspect(key.secret());
  EXPECT_TRUE(known.active());
  EXPECT_EQ(known.limits().ByteSizeLong(), 0u);
  EXPECT_THAT(known.cors_allowed_origins(), IsEmpty());

  ASSERT_EQ(Reason(Update(With({"https://app.example.com"}))), "OK");
  pb::TenantLimits limits;
  limits.set_tenant_per_second(20);
  limits.set_tenant_burst(40);
  limits.set_max_in_flight(0);
  ASSERT_EQ(Reason(UpdateLimits(limits)), "OK");
  known = Introspect(key.secret());
  EXPECT_THAT(known.cors_allowed_origins(), ElementsAre("https://app.example.com"));
  EXPECT_EQ(known.limits().tenant_per_second(), 20);
  EXPECT_EQ(known.limits().tenant_burst(), 40);
  EXPECT_TRUE(known.limits().has_max_in_flight());
  EXPECT_FALSE(known.limits().has_key_per_second());
}

TEST_F(SettingsServiceTest, LimitsAreTheOperators) {
  pb::TenantLimits limits;
  limits.set_key_per_second(5);
  limits.set_key_burst(7);
  auto written = UpdateLimits(limits);
  ASSERT_EQ(Reason(written), "OK");
  EXPECT_EQ(written->name(), "tenants/" + tenant_.ToString() + "/limits");
  EXPECT_TRUE(written->has_update_time());
  pb::TenantLimits more;
  more.set_max_in_flight(3);
  EXPECT_EQ(UpdateLimits(more)->key_burst(), 7) << "what is not named stays";

  pb::GetTenantLimitsRequest get;
  get.set_name(written->name());
  auto got = tenants_.GetTenantLimits(Operator("GetTenantLimits", get), get);
  ASSERT_EQ(Reason(got), "OK");
  EXPECT_EQ(got->key_per_second(), 5);
  EXPECT_EQ(got->max_in_flight(), 3);

  auto cleared = UpdateLimits(pb::TenantLimits(), {"*"});
  ASSERT_EQ(Reason(cleared), "OK");
  EXPECT_FALSE(cleared->has_key_per_second());
  EXPECT_FALSE(cleared->has_max_in_flight());

  limits.set_name("tenants/" + Id::New().ToString() + "/limits");
  EXPECT_EQ(Reason(UpdateLimits(limits)), "TENANT_NOT_FOUND");
  get.set_name(limits.name());
  EXPECT_EQ(Reason(tenants_.GetTenantLimits(Operator("GetTenantLimits", get), get)), "TENANT_NOT_FOUND");
}

}  // namespace
}  // namespace lanting::membership
