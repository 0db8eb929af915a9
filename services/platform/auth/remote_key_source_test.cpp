// Introspection over a real connection to a tenant service.
#include "platform/auth/remote_key_source.h"

#include <gtest/gtest.h>

#include <map>

#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/rpc/channel.h"
#include "platform/rpc/server.h"
#include "platform/rpc/service.h"

namespace lanting::auth {
namespace {

namespace mb = membership::v1;
using std::chrono::seconds;

constexpr const char* kOperator = "operator-0123456789-0123456789-0123456789";

class NoKeys : public KeySource {
 public:
  Result<std::optional<KeyInfo>> Find(const ParsedKey&, Deadline) override { return std::optional<KeyInfo>(); }
};

template <typename Request, typename Reply>
void Unused(rpc::Service& service, const char* method) {
  service.Unary<Request, Reply>(method, [](const rpc::Call&, const Request&) -> Result<Reply> {
    return errors::Internal("not part of this test");
  });
}

class RemoteKeySourceTest : public ::testing::Test {
 protected:
  RemoteKeySourceTest() {
    Unused<mb::CreateTenantRequest, mb::Tenant>(service_, "CreateTenant");
    Unused<mb::GetTenantRequest, mb::Tenant>(service_, "GetTenant");
    Unused<mb::ListTenantsRequest, mb::ListTenantsResponse>(service_, "ListTenants");
    Unused<mb::CreateTenantKeyRequest, mb::Key>(service_, "CreateTenantKey");
    Unused<mb::GetTenantLimitsRequest, mb::TenantLimits>(service_, "GetTenantLimits");
    Unused<mb::UpdateTenantLimitsRequest, mb::TenantLimits>(service_, "UpdateTenantLimits");
    service_.Unary<mb::IntrospectKeyRequest, mb::IntrospectKeyResponse>(
        "IntrospectKey", [this](const rpc::Call&, const mb::IntrospectKeyRequest& request) {
          auto it = keys_.find(request.secret());
          return it == keys_.end() ? mb::IntrospectKeyResponse() : it->second;
        });
    auto authenticator =
        std::make_shared<KeyAuthenticator>(std::make_shared<NoKeys>(), KeyAuthenticatorOptions{.admin_key = kOperator});
    server_ = std::make_unique<rpc::Server>(rpc::ServerOptions{.authenticator = authenticator},
                                            std::vector<rpc::Service*>{&service_});
    channel_ = std::make_shared<rpc::Channel>("127.0.0.1:" + std::to_string(server_->port()), "membership");
    auto& known = keys_[key_];
    known.set_active(true);
    known.set_tenant("tenants/" + tenant_.ToString());
    known.set_key("keys/1");
    known.add_scopes("members.*");
    known.mutable_expire_time()->set_seconds(1'900'000'000);
  }

  Id tenant_ = Id::New();
  std::string key_ = GenerateKey(tenant_);
  std::map<std::string, mb::IntrospectKeyResponse> keys_;
  rpc::Service service_{"lanting.membership.v1.TenantService"};
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<rpc::Channel> channel_;
};

TEST_F(RemoteKeySourceTest, KnownAndUnknownKeys) {
  RemoteKeySource source(channel_, kOperator);
  auto known = source.Find(*ParseKey(key_), DeadlineIn(seconds(5)));
  ASSERT_TRUE(known.ok()) << known.error().internal;
  ASSERT_TRUE(known->has_value());
  EXPECT_EQ((*known)->principal.tenant, tenant_);
  EXPECT_EQ((*known)->principal.subject, "keys/1");
  EXPECT_TRUE((*known)->principal.Has("members.read"));
  EXPECT_EQ((*known)->expire_time, Time(seconds(1'900'000'000)));
  auto unknown = source.Find(*ParseKey(GenerateKey(tenant_)), DeadlineIn(seconds(5)));
  ASSERT_TRUE(unknown.ok());
  EXPECT_FALSE(unknown->has_value());
}

TEST_F(RemoteKeySourceTest, WhatIsNotTheCallersFaultIsUnavailable) {
  RemoteKeySource stranger(channel_, "not the operator's key, though long enough");
  auto refused = stranger.Find(*ParseKey(key_), DeadlineIn(seconds(5)));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  server_->Shutdown(seconds(1));
  RemoteKeySource source(channel_, kOperator);
  auto gone = source.Find(*ParseKey(key_), DeadlineIn(seconds(5)));
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, Code::kUnavailable);
  EXPECT_EQ(gone.error().metadata.at("dependency"), "membership");
}

}  // namespace
}  // namespace lanting::auth
