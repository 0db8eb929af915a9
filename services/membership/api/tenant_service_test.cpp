#include "membership/api/api_test_world.h"
#include "membership/api/key_source.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;

class TenantServiceTest : public ApiTest {
 protected:
  pb::CreateKeyRequest KeyRequest(std::vector<std::string> scopes) {
    pb::CreateKeyRequest request;
    request.mutable_key()->set_display_name("订单系统");
    for (auto& scope : scopes) request.mutable_key()->add_scopes(scope);
    return request;
  }
  pb::IntrospectKeyResponse Introspect(const std::string& secret) {
    pb::IntrospectKeyRequest request;
    request.set_secret(secret);
    return *tenants_.IntrospectKey(Operator("IntrospectKey", request), request);
  }
};

TEST_F(TenantServiceTest, ARetryFindsTheTenantTheFirstTryMade) {
  pb::CreateTenantRequest request;
  request.mutable_tenant()->set_display_name("Orchid Media");
  auto first = tenants_.CreateTenant(Operator("CreateTenant", request, "setup-1"), request);
  ASSERT_EQ(Reason(first), "OK");
  EXPECT_EQ(tenants_.CreateTenant(Operator("CreateTenant", request, "setup-1"), request)->SerializeAsString(),
            first->SerializeAsString());
  EXPECT_EQ(Count("tenant"), 3);
  EXPECT_EQ(Count("outbox WHERE type LIKE '%TenantCreated'"), 3);
  request.mutable_tenant()->set_display_name("Other");
  EXPECT_EQ(Reason(tenants_.CreateTenant(Operator("CreateTenant", request, "setup-1"), request)), "REQUEST_ID_REUSED");
  db_.Query("DELETE FROM membership.request_log");  // forgotten after its time
  EXPECT_EQ(Reason(tenants_.CreateTenant(Operator("CreateTenant", request, "setup-1"), request)), "TENANT_EXISTS");
}

TEST_F(TenantServiceTest, TheOperatorSeesTenantsInTheOrderOfTheirCreation) {
  std::vector<std::string> names{"tenants/" + tenant_.ToString(), "tenants/" + other_tenant_.ToString()};
  for (int i = 0; i < 3; ++i) {
    pb::CreateTenantRequest request;
    request.mutable_tenant()->set_display_name("T" + std::to_string(i));
    names.push_back(
        tenants_.CreateTenant(Operator("CreateTenant", request, "t-" + std::to_string(i)), request)->name());
  }
  pb::ListTenantsRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    auto page = tenants_.ListTenants(Operator("ListTenants", request), request);
    ASSERT_EQ(Reason(page), "OK");
    for (const auto& t : page->tenants()) seen.push_back(t.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, names);
  pb::GetTenantRequest get;
  get.set_name(names[2]);
  EXPECT_EQ(tenants_.GetTenant(Operator("GetTenant", get), get)->display_name(), "T0");
  get.set_name("tenants/" + Id::New().ToString());
  EXPECT_EQ(Reason(tenants_.GetTenant(Operator("GetTenant", get), get)), "TENANT_NOT_FOUND");
}

TEST_F(TenantServiceTest, ASecretIsShownOnceAndKeptNowhere) {
  auto request = KeyRequest({"members.read", "members.write"});
  auto made = keys_.CreateKey(Mine("CreateKey", request, "k-1"), request);
  ASSERT_EQ(Reason(made), "OK");
  ASSERT_FALSE(made->secret().empty());
  auto again = keys_.CreateKey(Mine("CreateKey", request, "k-1"), request);
  EXPECT_EQ(again->secret(), "");
  EXPECT_EQ(again->name(), made->name());
  EXPECT_EQ(Count("service_key"), 1);
  EXPECT_EQ(Count("request_log WHERE position(convert_to('" + made->secret() + "', 'UTF8') in response) > 0"), 0);
  pb::ListKeysRequest list;
  auto listed = keys_.ListKeys(Mine("ListKeys", list), list);
  ASSERT_EQ(listed->keys_size(), 1);
  EXPECT_EQ(listed->keys(0).secret(), "");
  EXPECT_EQ(keys_.ListKeys(Theirs("ListKeys", list), list)->keys_size(), 0);

  auto known = Introspect(made->secret());
  EXPECT_TRUE(known.active());
  EXPECT_EQ(known.tenant(), "tenants/" + tenant_.ToString());
  EXPECT_EQ(known.key(), made->name());
  EXPECT_THAT(known.scopes(), ElementsAre("members.read", "members.write"));
}

TEST_F(TenantServiceTest, AKeyGrantsNoMoreThanItHas) {
  auto request = KeyRequest({"members.read", "gates.read"});
  auto call = Mine("CreateKey", request);
  call.principal.scopes = {"members.*", "keys.write"};
  EXPECT_EQ(Reason(keys_.CreateKey(call, request)), "SCOPE_MISSING");
  request = KeyRequest({"*"});
  EXPECT_EQ(Reason(keys_.CreateKey(call, request)), "SCOPE_MISSING");
  request = KeyRequest({"members.*", "members.join"});
  EXPECT_EQ(Reason(keys_.CreateKey(call, request)), "OK");
  pb::CreateTenantKeyRequest operators;
  operators.set_parent("tenants/" + tenant_.ToString());
  *operators.mutable_key() = KeyRequest({"platform.tenants"}).key();
  EXPECT_THAT(Faults(tenants_.CreateTenantKey(Operator("CreateTenantKey", operators), operators)),
              ElementsAre("key.scopes[0] UNKNOWN_VALUE"));
}

TEST_F(TenantServiceTest, TheOperatorMakesATenantsFirstKey) {
  pb::CreateTenantKeyRequest request;
  request.set_parent("tenants/" + tenant_.ToString());
  *request.mutable_key() = KeyRequest({"*"}).key();
  auto made = tenants_.CreateTenantKey(Operator("CreateTenantKey", request, "k-1"), request);
  ASSERT_EQ(Reason(made), "OK");
  EXPECT_EQ(Introspect(made->secret()).tenant(), request.parent());
  request.set_parent("tenants/" + Id::New().ToString());
  EXPECT_EQ(Reason(tenants_.CreateTenantKey(Operator("CreateTenantKey", request), request)), "TENANT_NOT_FOUND");
}

TEST_F(TenantServiceTest, RevokedAndExpiredKeysAreNotActive) {
  auto request = KeyRequest({"*"});
  auto made = keys_.CreateKey(Mine("CreateKey", request), request);
  StoreKeySource source(pool_);
  auto parsed = auth::ParseKey(made->secret());
  ASSERT_TRUE(parsed);
  auto found = source.Find(*parsed, DeadlineIn(std::chrono::seconds(5)));
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->principal.tenant, tenant_);
  EXPECT_EQ((*found)->principal.subject, made->name());

  pb::RevokeKeyRequest revoke;
  revoke.set_name(made->name());
  EXPECT_EQ(Reason(keys_.RevokeKey(Theirs("RevokeKey", revoke), revoke)), "KEY_NOT_FOUND");
  auto revoked = keys_.RevokeKey(Mine("RevokeKey", revoke), revoke);
  ASSERT_TRUE(revoked->has_revoke_time());
  EXPECT_EQ(keys_.RevokeKey(Mine("RevokeKey", revoke), revoke)->SerializeAsString(), revoked->SerializeAsString());
  EXPECT_FALSE(Introspect(made->secret()).active());
  EXPECT_FALSE(source.Find(*parsed, DeadlineIn(std::chrono::seconds(5)))->has_value());

  made = keys_.CreateKey(Mine("CreateKey", request), request);
  db_.Query("UPDATE membership.service_key SET expire_time = now() - interval '1 second' WHERE revoke_time IS NULL");
  EXPECT_FALSE(Introspect(made->secret()).active());
  EXPECT_FALSE(Introspect("lt_nonsense").active());
  EXPECT_FALSE(Introspect(auth::GenerateKey(tenant_)).active());
}

TEST_F(TenantServiceTest, EveryTableHasItsWall) {
  EXPECT_THAT(testing::TablesWithoutRls(db_, "membership"), ElementsAre());
}

}  // namespace
}  // namespace lanting::membership
