#include "gateway/protect/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "gateway/transcode/error_writer.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "lanting/membership/v1/tenant_service.pb.h"
#include "lanting/testing/v1/echo.pb.h"

namespace lanting::gateway {
namespace {

namespace pb = membership::v1;
using ::testing::HasSubstr;

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    (void)pb::GetMemberRequest::descriptor();
    (void)pb::IntrospectKeyRequest::descriptor();
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    get_member_.method = pool->FindMethodByName("lanting.membership.v1.MemberService.GetMember");
    for (const auto* service : {"lanting.testing.v1.EchoService"})
      for (int i = 0, n = pool->FindServiceByName(service)->method_count(); i < n && !open_.method; ++i) {
        const auto* method = pool->FindServiceByName(service)->method(i);
        if (method->options().GetExtension(common::v1::required_scope) == "public") open_.method = method;
      }
    Know(key_, {"members.read"});
  }
  GateOptions Options() {
    GateOptions options;
    options.limits = {0, 1, 0, 1, 0, 0};
    options.introspect = [this](const std::string& request, std::function<void(Result<std::string>)> done) {
      ++asked_;
      pb::IntrospectKeyRequest parsed;
      parsed.ParseFromString(request);
      auto answer = [this, secret = parsed.secret(), done = std::move(done)] {
        if (down_) return done(errors::DeadlineExceeded());
        auto it = keys_.find(secret);
        done((it == keys_.end() ? pb::IntrospectKeyResponse() : it->second).SerializeAsString());
      };
      if (hold_)
        held_.push_back(std::move(answer));
      else
        answer();
    };
    return options;
  }
  pb::IntrospectKeyResponse& Know(const std::string& key, std::vector<std::string> scopes) {
    auto& known = keys_[key];
    known.set_active(true);
    known.set_tenant("tenants/" + auth::ParseKey(key)->tenant.ToString());
    known.set_key("keys/" + std::to_string(keys_.size()));
    for (auto& scope : scopes) known.add_scopes(scope);
    return known;
  }
  static http::Request Request(const std::string& key, std::vector<std::pair<std::string, std::string>> headers = {},
                               const std::string& peer = "203.0.113.9:4711") {
    http::Request request{.method = "GET", .target = "/v1/x", .headers = std::move(headers), .peer = peer};
    if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + key);
    return request;
  }
  Pass Enter(Gate& gate, const http::Request& request) { return Enter(gate, request, get_member_); }
  Pass Enter(Gate& gate, const http::Request& request, const Route& route) {
    std::optional<Pass> got;
    gate.Enter(request, route, [&](Pass pass) { got = std::move(pass); });
    EXPECT_TRUE(got);
    return got ? std::move(*got) : Pass{.refused = errors::Internal("no answer")};
  }
  static std::string Reason(const Pass& pass) { return pass.refused ? pass.refused->reason : "OK"; }
  static std::string Reason(const std::optional<Pass>& pass) { return pass ? Reason(*pass) : "(nothing known)"; }
  static std::map<std::string, std::string> Headers(const Pass& pass) {
    http::Response response;
    pass.Decorate(&response);
    return {response.headers.begin(), response.headers.end()};
  }
  static std::string Stranger() { return auth::GenerateKey(Id::New()); }

  Route get_member_, open_;
  Id tenant_ = Id::New();
  std::string key_ = auth::GenerateKey(tenant_);
  std::map<std::string, pb::IntrospectKeyResponse> keys_;
  bool down_ = false, hold_ = false;
  int asked_ = 0;
  std::deque<std::function<void()>> held_;
};

TEST_F(GateTest, AKnownKeyComesInAtOnce) {
  Gate gate(Options());
  auto pass = Enter(gate, Request(key_));
  ASSERT_EQ(Reason(pass), "OK");
  EXPECT_EQ(pass.tenant, tenant_);
  EXPECT_EQ(pass.subject, "keys/1");
  EXPECT_TRUE(Headers(pass).empty()) << "no limit, no page: nothing to say";
  EXPECT_EQ(Reason(Enter(gate, Request(key_))), "OK");
  EXPECT_EQ(asked_, 1);
}

TEST_F(GateTest, WhateverIsWrongWithACredentialTheAnswerIsOne) {
  Gate gate(Options());
  const auto revoked = Stranger();
  std::vector<http::Request> requests{Request(""),
                                      Request("lt_nonsense"),
                                      Request(revoked),
                                      Request(revoked),
                                      Request("", {{"Authorization", "Basic " + key_}}),
                                      Request("operator-0123456789-0123456789-0123456789")};
  std::set<std::string> answers;
  for (const auto& request : requests) {
    const auto pass = Enter(gate, request);
    ASSERT_TRUE(pass.refused);
    auto response = ErrorResponse(*pass.refused);
    pass.Decorate(&response);
    std::string text = std::to_string(response.status) + response.body;
    for (const auto& [name, value] : response.headers) text += name + value;
    answers.insert(text);
    EXPECT_TRUE(pass.tenant.IsNil());
  }
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(asked_, 1) << "only a well-formed key that is not remembered costs a question";
}

TEST_F(GateTest, AKeyOfAnotherTenantIsNone) {
  Gate gate(Options());
  keys_[key_].set_tenant("tenants/" + Id::New().ToString());
  EXPECT_EQ(Reason(Enter(gate, Request(key_))), "UNAUTHENTICATED");
}

TEST_F(GateTest, NobodyKnowsWhileMembershipIsDown) {
  Gate gate(Options());
  down_ = true;
  const auto pass = Enter(gate, Request(key_));
  EXPECT_EQ(Reason(pass), "DEPENDENCY_UNAVAILABLE");
  EXPECT_EQ(HttpStatus(*pass.refused), 503);
  down_ = false;
  EXPECT_EQ(Reason(Enter(gate, Request(key_))), "OK");
}

TEST_F(GateTest, TheScopeIsAskedBeforeTheBody) {
  Gate gate(Options());
  keys_[key_].clear_scopes();
  keys_[key_].add_scopes("members.write");
  const auto pass = Enter(gate, Request(key_));
  ASSERT_EQ(Reason(pass), "SCOPE_MISSING");
  EXPECT_EQ(pass.refused->message, errors::ScopeMissing("members.read").message) << "as the service says it";
  EXPECT_EQ(Reason(gate.Admit(Request(key_), get_member_)), "SCOPE_MISSING");
}

TEST_F(GateTest, OpenCallsNeedNoKeyButTakeNoWrongOne) {
  ASSERT_TRUE(open_.method);
  Gate gate(Options());
  EXPECT_EQ(Reason(Enter(gate, Request(""), open_)), "OK");
  EXPECT_EQ(Reason(Enter(gate, Request(key_), open_)), "OK");
  EXPECT_EQ(Reason(Enter(gate, Request("nonsense"), open_)), "UNAUTHENTICATED");
  EXPECT_EQ(Reason(gate.Admit(Request(""), open_)), "(nothing known)");
}

TEST_F(GateTest, GuessingCannotFloodMembership) {
  auto options = Options();
  options.failed_auth_per_minute = 1;
  options.failed_auth_burst = 5;
  Gate gate(std::move(options));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Reason(Enter(gate, Request(Stranger()))), "UNAUTHENTICATED");
  const auto refused = Enter(gate, Request(Stranger()));
  ASSERT_EQ(Reason(refused), "RATE_LIMITED");
  EXPECT_EQ(refused.refused->metadata.at("limit"), "address");
  EXPECT_GT(refused.refused->retry_after_ms.value_or(0), 50'000);
  EXPECT_EQ(asked_, 5);
  EXPECT_EQ(Reason(gate.Admit(Request(Stranger()), get_member_)), "RATE_LIMITED");
  EXPECT_EQ(asked_, 5);
  EXPECT_EQ(Reason(Enter(gate, Request("nonsense"))), "UNAUTHENTICATED") << "costs nobody anything";
  // Another address, and who is known from this one.
  EXPECT_EQ(Reason(Enter(gate, Request(key_, {}, "203.0.113.10:1"))), "OK");
  EXPECT_EQ(Reason(Enter(gate, Request(key_))), "OK");
}

TEST_F(GateTest, BehindAProxyOfOursTheClientIsTheAddress) {
  auto options = Options();
  options.failed_auth_per_minute = 1;
  options.failed_auth_burst = 1;
  options.trusted_proxies = {*Cidr::Parse("10.0.0.0/8")};
  Gate gate(std::move(options));
  const auto from = [&](const char* forwarded) {
    return Enter(gate, Request(Stranger(), {{"x-forwarded-for", forwarded}}, "10.0.0.1:4711"));
  };
  EXPECT_EQ(Reason(from("198.51.100.1")), "UNAUTHENTICATED");
  EXPECT_EQ(Reason(from("198.51.100.1")), "RATE_LIMITED");
  EXPECT_EQ(Reason(from("9.9.9.9, 198.51.100.1")), "RATE_LIMITED") << "a claim of the client's";
  EXPECT_EQ(Reason(from("198.51.100.2")), "UNAUTHENTICATED");
  EXPECT_EQ(gate.AddressOf(Request("", {{"X-Forwarded-For", "198.51.100.7"}})).ToString(), "203.0.113.9");
}

TEST_F(GateTest, PagesOfListedOriginsOnly) {
  Gate gate(Options());
  keys_[key_].add_cors_allowed_origins("https://app.example.com");
  const auto listed = Enter(gate, Request(key_, {{"Origin", "https://app.example.com"}}));
  ASSERT_EQ(Reason(listed), "OK");
  EXPECT_EQ(Headers(listed).at("access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(Headers(listed).at("vary"), "Origin");
  const auto foreign = Enter(gate, Request(key_, {{"Origin", "https://evil.example"}}));
  ASSERT_EQ(Reason(foreign), "ORIGIN_NOT_ALLOWED");
  EXPECT_EQ(HttpStatus(*foreign.refused), 403);
  EXPECT_TRUE(Headers(foreign).empty());
  EXPECT_EQ(Reason(gate.Admit(Request(key_, {{"Origin", "https://evil.example"}}), get_member_)), "ORIGIN_NOT_ALLOWED");
  EXPECT_EQ(Reason(Enter(gate, Request(key_, {{"Origin", "https://api.cn"}, {"Host", "api.cn"}}))), "OK")
      << "a page of this very host";
  // Before anybody is known, any page may read the refusal: it says nothing about anybody.
  const auto unknown = Enter(gate, Request(Stranger(), {{"Origin", "https://evil.example"}}));
  EXPECT_EQ(Headers(unknown).at("access-control-allow-origin"), "*");
  http::Response not_found;
  Gate::DecorateUnentered(Request("", {{"Origin", "https://evil.example"}}), &not_found);
  EXPECT_EQ(not_found.headers.at(0).second, "*");
}

TEST_F(GateTest, CallsInFlightOfATenantAndOfTheProcess) {
  auto options = Options();
  options.limits.tenant_in_flight = 2;
  options.limits.process_in_flight = 3;
  Gate gate(std::move(options));
  const auto other = auth::GenerateKey(tenant_), stranger = auth::GenerateKey(Id::New());
  Know(other, {"*"});
  Know(stranger, {"*"});
  std::optional<Pass> first = Enter(gate, Request(key_)), second = Enter(gate, Request(other));
  auto third = Enter(gate, Request(key_));
  ASSERT_EQ(Reason(third), "TOO_MANY_IN_FLIGHT");
  EXPECT_EQ(HttpStatus(*third.refused), 429);
  EXPECT_EQ(third.refused->retry_after_ms, 1000);
  EXPECT_EQ(Reason(gate.Admit(Request(key_), get_member_)), "TOO_MANY_IN_FLIGHT");
  std::optional<Pass> of_another = Enter(gate, Request(stranger));
  ASSERT_EQ(Reason(*of_another), "OK");
  auto beyond = Enter(gate, Request(stranger));
  ASSERT_EQ(Reason(beyond), "OVERLOADED");
  EXPECT_EQ(HttpStatus(*beyond.refused), 503);
  EXPECT_EQ(Reason(gate.Admit(Request(stranger), get_member_)), "OVERLOADED");
  of_another->Leave();
  first.reset();
  EXPECT_EQ(Reason(Enter(gate, Request(key_))), "OK");
  EXPECT_EQ(Reason(Enter(gate, Request(key_))), "OK") << "the one before is gone again";
}

TEST_F(GateTest, TheOperatorsLimitsOfATenantWin) {
  auto options = Options();
  options.limits.tenant_in_flight = 1;
  options.limits.key_per_second = 1;
  Gate gate(std::move(options));
  keys_[key_].mutable_limits()->set_max_in_flight(0);
  keys_[key_].mutable_limits()->set_key_per_second(0);
  std::vector<Pass> passes;
  for (int i = 0; i < 20; ++i) passes.push_back(Enter(gate, Request(key_)));
  for (const auto& pass : passes) EXPECT_EQ(Reason(pass), "OK");
}

TEST_F(GateTest, RatesSayWhatIsLeft) {
  auto options = Options();
  options.limits.key_burst = 3;
  options.limits.tenant_burst = 50;
  Gate gate(std::move(options));
  auto limits = GateLimits{.key_per_second = 1,
                           .key_burst = 3,
                           .tenant_per_second = 100,
                           .tenant_burst = 50,
                           .tenant_in_flight = 0,
                           .process_in_flight = 0};
  gate.SetLimits(limits);
  const auto first = Headers(Enter(gate, Request(key_)));
  EXPECT_EQ(first.at("ratelimit-limit"), "3");
  EXPECT_EQ(first.at("ratelimit-remaining"), "2");
  EXPECT_EQ(first.at("ratelimit-reset"), "1");
  EXPECT_EQ(first.at("ratelimit-policy"), "1;w=1;burst=3;policy=\"key\", 100;w=1;burst=50;policy=\"tenant\"");
  Pass refused;
  for (int i = 0; i < 100 && !refused.refused; ++i) refused = Enter(gate, Request(key_));
  ASSERT_EQ(Reason(refused), "RATE_LIMITED");
  EXPECT_EQ(refused.refused->metadata.at("limit"), "key");
  const auto response = ErrorResponse(*refused.refused);
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.body, HasSubstr("RetryInfo"));
  EXPECT_EQ(Headers(refused).at("ratelimit-remaining"), "0");
  limits.key_per_second = 0;
  gate.SetLimits(limits);
  const auto freed = Headers(Enter(gate, Request(key_)));
  EXPECT_EQ(freed.at("ratelimit-limit"), "50") << "from the next request on";
}

TEST_F(GateTest, ARefusalByRateIsKnownBeforeTheBody) {
  auto options = Options();
  options.limits.key_per_second = 1;
  options.limits.key_burst = 1;
  Gate gate(std::move(options));
  keys_[key_].mutable_limits()->set_tenant_burst(1'000);
  Pass refused;
  for (int i = 0; i < 100 && !refused.refused; ++i) refused = Enter(gate, Request(key_));
  bool seen = false;
  for (int i = 0; i < 100 && !seen; ++i) {
    const auto early = gate.Admit(Request(key_), get_member_);
    seen = Reason(early) == "RATE_LIMITED";
    if (!early) (void)Enter(gate, Request(key_));  // a slow machine: the bucket had filled
  }
  EXPECT_TRUE(seen);
}

TEST_F(GateTest, AdmissionAsksAheadForAKeyItDoesNotKnow) {
  Gate gate(Options());
  hold_ = true;
  EXPECT_EQ(Reason(gate.Admit(Request(key_), get_member_)), "(nothing known)");
  EXPECT_EQ(asked_, 1);
  std::string outcome = "waiting";
  gate.Enter(Request(key_), get_member_, [&](const Pass& pass) { outcome = Reason(pass); });
  EXPECT_EQ(outcome, "waiting");
  EXPECT_EQ(asked_, 1);
  held_.front()();
  EXPECT_EQ(outcome, "OK");
  EXPECT_EQ(Reason(gate.Admit(Request("nonsense"), get_member_)), "UNAUTHENTICATED");
}

TEST_F(GateTest, WithoutAnybodyToAskFormsAreChecked) {
  auto options = Options();
  options.introspect = nullptr;
  options.limits = {};
  Gate gate(std::move(options));
  const auto pass = Enter(gate, Request(key_));
  EXPECT_EQ(Reason(pass), "OK");
  EXPECT_EQ(pass.tenant, tenant_);
  EXPECT_TRUE(Headers(pass).empty());
  EXPECT_EQ(Reason(Enter(gate, Request("nonsense"))), "UNAUTHENTICATED");
  EXPECT_EQ(Reason(Enter(gate, Request(key_, {{"Origin", "https://app.example.com"}}))), "ORIGIN_NOT_ALLOWED");
}

TEST_F(GateTest, AnAnswerThatComesAfterTheEndFindsNobody) {
  bool answered = false;
  {
    Gate gate(Options());
    hold_ = true;
    gate.Enter(Request(key_), get_member_, [&](const Pass&) { answered = true; });
  }
  held_.front()();
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace lanting::gateway
