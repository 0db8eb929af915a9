// For tests: a migrated database, two tenants, and calls as a server would make them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "membership/api/community_service.h"
#include "membership/api/gate_service.h"
#include "membership/api/key_service.h"
#include "membership/api/tenant_service.h"
#include "membership/migrations.gen.h"
#include "platform/base/strings.h"
#include "platform/pg/pool.h"
#include "platform/testing/pg_fixture.h"

namespace lanting::membership {

namespace pb = v1;

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    for (auto* tenant : {&tenant_, &other_tenant_}) {
      pb::CreateTenantRequest request;
      request.mutable_tenant()->set_display_name("兰亭书院");
      auto made = tenants_.CreateTenant(Operator("CreateTenant", request), request);
      if (!made.ok()) ADD_FAILURE() << made.error().message << made.error().internal;
      *tenant = *Id::Parse(made->name().substr(8));
    }
  }

  template <typename Request>
  rpc::Call CallOf(const Id& tenant, const std::string& subject, const std::string& method, const Request& request,
                   const std::string& request_id) {
    return {.method = "/test/" + method,
            .principal = {.tenant = tenant, .subject = subject, .scopes = {"*"}},
            .deadline = DeadlineIn(std::chrono::seconds(20)),
            .now = Clock::System().Now(),
            .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            .request_id = request_id,
            .request_hash = Sha256(request.SerializeAsString())};
  }
  template <typename Request>
  rpc::Call Mine(const std::string& method, const Request& request, const std::string& request_id = "") {
    return CallOf(tenant_, "keys/test", method, request, request_id);
  }
  template <typename Request>
  rpc::Call Theirs(const std::string& method, const Request& request) {
    return CallOf(other_tenant_, "keys/test", method, request, "");
  }
  template <typename Request>
  rpc::Call Operator(const std::string& method, const Request& request, const std::string& request_id = "") {
    auto call = CallOf(Id(), "operator", method, request, request_id);
    call.principal.scopes = {"platform.*"};
    return call;
  }

  // A social ring with a gate of this kind.
  pb::Community Open(pb::GateKind gate = pb::GATE_KIND_QUESTIONS, const std::string& name = "绍兴书法社") {
    pb::CreateCommunityRequest request;
    auto* c = request.mutable_community();
    c->set_display_name(name);
    c->set_template_(pb::TEMPLATE_SOCIAL_RING);
    c->set_purpose("以书会友，切磋笔法");
    request.set_gate_kind(gate);
    return *communities_.CreateCommunity(Mine("CreateCommunity", request), request);
  }
  pb::Group AddGroup(const std::string& community, int capacity) {
    pb::CreateGroupRequest request;
    request.set_parent(community);
    request.mutable_group()->set_display_name("一群");
    request.mutable_group()->set_channel(pb::CHANNEL_WECOM);
    request.mutable_group()->set_capacity(capacity);
    return *communities_.CreateGroup(Mine("CreateGroup", request), request);
  }
  pb::Community Get(const std::string& name) {
    pb::GetCommunityRequest request;
    request.set_name(name);
    return *communities_.GetCommunity(Mine("GetCommunity", request), request);
  }

  // Types of this tenant's events in order, without the package, and their subjects' versions: "GateCreated:1".
  std::string Events() {
    return db_.Query(
        "SELECT coalesce(string_agg(split_part(type, '.', 4) || ':' || aggregate_version, ' ' ORDER BY id), '') "
        "FROM membership.outbox WHERE tenant_id = '" +
        tenant_.ToUuid() + "' AND type NOT LIKE '%TenantCreated'");
  }
  int Count(const std::string& table) { return std::stoi(db_.Query("SELECT count(*) FROM membership." + table)); }

  testing::PgDatabase db_{{{"membership", kMigrations}}};
  pg::Pool pool_{{.url = db_.Url("membership", testing::PgRole::kApp)}};
  CommunityService communities_{pool_};
  GateService gates_{pool_};
  KeyService keys_{pool_};
  TenantService tenants_{pool_};
  Id tenant_, other_tenant_;
};

// The reason of a refusal, or "OK".
template <typename T>
std::string Reason(const Result<T>& result) {
  return result.ok() ? "OK" : result.error().reason;
}
template <typename T>
std::vector<std::string> Faults(const Result<T>& result) {
  std::vector<std::string> faults;
  if (!result.ok()) {
    for (const auto& v : result.error().violations) faults.push_back(v.field + " " + v.reason);
  }
  return faults;
}

}  // namespace lanting::membership
