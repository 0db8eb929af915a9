#include "gateway/config.h"

#include <gmock/gmock.h>

#include <map>

#include "gateway/gateway.h"

namespace lanting::gateway {
namespace {

Config Read(const std::map<std::string, std::string>& settings, std::vector<std::string>* faults) {
  config::Reader env([&](const char* name) {
    auto found = settings.find(name);
    return found == settings.end() ? nullptr : found->second.c_str();
  });
  Config config = ReadConfig(env, faults);
  faults->insert(faults->end(), env.Faults().begin(), env.Faults().end());
  return config;
}

TEST(GatewayConfig, Upstreams) {
  std::vector<std::string> faults;
  auto config =
      Read({{"LANTING_UPSTREAMS", "lanting.membership.v1=127.0.0.1:9101, lanting.content.v1=content:9102;[::1]:9102"}}, &faults);
  EXPECT_THAT(faults, ::testing::IsEmpty());
  ASSERT_EQ(config.upstreams.size(), 2u);
  EXPECT_EQ(config.upstreams[1].package, "lanting.content.v1");
  EXPECT_EQ(config.upstreams[1].target, "content:9102,[::1]:9102");
}

TEST(GatewayConfig, FaultsNameTheSetting) {
  for (const char* bad : {"lanting.membership.v1", "=127.0.0.1:1", "lanting.membership.v1=", ",", ""}) {
    std::vector<std::string> faults;
    Read({{"LANTING_UPSTREAMS", bad}}, &faults);
    ASSERT_FALSE(faults.empty()) << bad;
    EXPECT_THAT(faults[0], ::testing::StartsWith("LANTING_UPSTREAMS")) << bad;
  }
}

TEST(GatewayConfig, BoundsOfBodies) {
  const std::pair<std::string, std::string> upstreams{"LANTING_UPSTREAMS", "lanting.membership.v1=127.0.0.1:9101"};
  std::vector<std::string> faults;
  EXPECT_EQ(Read({upstreams}, &faults).listening.limits.body_timeout, std::chrono::seconds(60));
  auto config = Read({upstreams,
                      {"LANTING_BODY_TIMEOUT_MS", "5000"},
                      {"LANTING_MAX_BODY_BYTES", "16777216"},
                      {"LANTING_MAX_BUFFERED_BYTES", "33554432"}},
                     &faults);
  EXPECT_THAT(faults, ::testing::IsEmpty());
  EXPECT_EQ(config.listening.limits.body_timeout, std::chrono::seconds(5));
  EXPECT_EQ(config.listening.limits.max_buffered_bytes, 33554432u);
  Read({upstreams, {"LANTING_MAX_BODY_BYTES", "16777217"}}, &faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0], ::testing::StartsWith("LANTING_MAX_BODY_BYTES"));
}

TEST(GatewayConfig, LimitsAndTrustedProxies) {
  const std::pair<std::string, std::string> upstreams{"LANTING_UPSTREAMS", "lanting.membership.v1=127.0.0.1:9101"};
  std::vector<std::string> faults;
  const auto config = Read({upstreams,
                            {"LANTING_KEY_RATE", "7"},
                            {"LANTING_TENANT_IN_FLIGHT", "0"},
                            {"LANTING_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"}},
                           &faults);
  EXPECT_THAT(faults, ::testing::IsEmpty());
  EXPECT_EQ(config.gate.limits.key_per_second, 7);
  EXPECT_EQ(config.gate.limits.tenant_in_flight, 0);
  EXPECT_EQ(config.gate.trusted_proxies.size(), 2u);
  Read({upstreams, {"LANTING_TRUSTED_PROXIES", "10.0.0.1/8"}}, &faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0], ::testing::StartsWith("LANTING_TRUSTED_PROXIES"));
}

TEST(GatewayConfig, APackageWithoutServicesIsRefusedAtStart) {
  Config config;
  const auto io = std::make_shared<http::Io>(1);
  config.upstreams = {{"lanting.nowhere.v1", "127.0.0.1:1"}};
  EXPECT_THROW(Gateway gateway(config, io), BadSettings);
  config.upstreams = {{"lanting.membership.v1", "127.0.0.1:1"}, {"lanting.membership.v1", "127.0.0.1:2"}};
  EXPECT_THROW(Gateway gateway(config, io), BadSettings);
  config.upstreams = {{"lanting.testing.v1", "127.0.0.1:1"}};
  config.introspect_key = std::string(32, 'k');
  EXPECT_THROW(Gateway gateway(config, io), BadSettings) << "nobody to ask about keys";
}

TEST(GatewayConfig, EveryMembershipCallThatIsNotInternalHasARoute) {
  Config config;
  config.upstreams = {{"lanting.membership.v1", "127.0.0.1:1"}};
  Gateway gateway(config, std::make_shared<http::Io>(1));
  EXPECT_NE(gateway.routes().Find("POST", "/v1/communities/c/members").route, nullptr);
  EXPECT_EQ(gateway.routes().Find("POST", "/v1/echo").route, nullptr) << "the test service is not served";
}

}  // namespace
}  // namespace lanting::gateway
