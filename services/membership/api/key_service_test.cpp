// Keys of a tenant: rotation, filters, bounds, and when they were used.
#include "membership/api/key_service.h"

#include <future>

#include "membership/api/api_test_world.h"
#include "membership/api/key_source.h"
#include "membership/workers/key_usage_worker.h"
#include "platform/auth/key.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class KeyServiceTest : public ApiTest {
 protected:
  Result<pb::Key> Make(const std::string& name = "商城", std::vector<std::string> scopes = {"members.*"},
                       std::optional<Time> expire = {}) {
    pb::CreateKeyRequest request;
    request.mutable_key()->set_display_name(name);
    for (auto& scope : scopes) request.mutable_key()->add_scopes(scope);
    if (expire) *request.mutable_key()->mutable_expire_time() = resource::ToTimestamp(*expire);
    return keys_.CreateKey(Mine("CreateKey", request), request);
  }
  Result<pb::Key> Rotate(const std::string& name, std::optional<int> overlap_s = {}, const std::string& id = "") {
    pb::RotateKeyRequest request;
    request.set_name(name);
    if (overlap_s) request.mutable_overlap()->set_seconds(*overlap_s);
    return keys_.RotateKey(Mine("RotateKey", request, id), request);
  }
  Result<pb::Key> Revoke(const std::string& name) {
    pb::RevokeKeyRequest request;
    request.set_name(name);
    return keys_.RevokeKey(Mine("RevokeKey", request), request);
  }
  Result<pb::Key> Get(const std::string& name) {
    pb::GetKeyRequest request;
    request.set_name(name);
    return keys_.GetKey(Mine("GetKey", request), request);
  }
  std::vector<std::string> List(const std::string& filter) {
    pb::ListKeysRequest request;
    request.set_filter(filter);
    auto reply = keys_.ListKeys(Mine("ListKeys", request), request);
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    std::vector<std::string> names;
    for (const auto& key : reply->keys()) names.push_back(key.display_name());
    return names;
  }
  Result<pb::IntrospectKeyResponse> Introspect(const std::string& secret, TenantService* tenants = nullptr) {
    pb::IntrospectKeyRequest request;
    request.set_secret(secret);
    return (tenants ? *tenants : tenants_).IntrospectKey(Operator("IntrospectKey", request), request);
  }
};

TEST_F(KeyServiceTest, ARotationHasItsSecretOnceAndLeavesNoneInTheDatabase) {
  const auto old = *Make();
  const auto fresh = Rotate(old.name(), 3600, "rotate-1");
  ASSERT_TRUE(fresh.ok()) << fresh.error().message << fresh.error().internal;
  EXPECT_TRUE(auth::ParseKey(fresh->secret()));
  EXPECT_NE(fresh->secret(), old.secret());
  EXPECT_EQ(fresh->rotated_from(), old.name());
  EXPECT_EQ(fresh->display_name(), "商城");
  EXPECT_THAT(fresh->scopes(), ElementsAre("members.*"));
  EXPECT_FALSE(fresh->has_expire_time());
  const auto before = *Get(old.name());
  EXPECT_EQ(before.replaced_by(), fresh->name());
  EXPECT_EQ(before.state(), pb::KEY_STATE_ACTIVE);
  EXPECT_NEAR(static_cast<double>(before.expire_time().seconds()),
              static_cast<double>(resource::ToTimestamp(Clock::System().Now()).seconds() + 3600), 20);
  EXPECT_TRUE(Introspect(old.secret())->active());
  EXPECT_TRUE(Introspect(fresh->secret())->active());

  const auto again = Rotate(old.name(), 3600, "rotate-1");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->name(), fresh->name());
  EXPECT_EQ(again->secret(), "") << "it was in the first reply only";
  EXPECT_EQ(Count("service_key"), 2);
  EXPECT_EQ(Events(), "KeyCreated:1 KeyCreated:1 KeyRotated:2");
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.request_log WHERE encode(response, 'escape') LIKE '%lt_%'"),
            "0");
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.outbox WHERE encode(payload, 'escape') LIKE '%lt_%'"), "0");
}

TEST_F(KeyServiceTest, AtMostTwoOfALineAreActiveWhoeverIsFaster) {
  const auto old = *Make();
  std::vector<std::future<Result<pb::Key>>> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(std::async(std::launch::async, [&] { return Rotate(old.name()); }));
  std::vector<std::string> made;
  for (auto& answer : answers) {
    auto reply = answer.get();
    if (reply.ok()) {
      made.push_back(reply->name());
    } else {
      EXPECT_EQ(reply.error().reason, "KEY_ALREADY_ROTATED") << reply.error().message;
    }
  }
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(Reason(Rotate(made[0])), "KEY_ALREADY_ROTATED");
  ASSERT_TRUE(Revoke(old.name()).ok());
  EXPECT_TRUE(Rotate(made[0]).ok());
  EXPECT_EQ(Reason(Rotate(old.name())), "KEY_NOT_ACTIVE");
  EXPECT_EQ(Reason(Rotate("keys/" + Id::New().ToString())), "KEY_NOT_FOUND");
}

TEST_F(KeyServiceTest, WithoutAnOverlapTheOldKeyIsDeadAtOnce) {
  const auto old = *Make();
  const auto fresh = *Rotate(old.name(), 0);
  EXPECT_FALSE(Introspect(old.secret())->active());
  EXPECT_TRUE(Introspect(fresh.secret())->active());
  EXPECT_EQ(Get(old.name())->state(), pb::KEY_STATE_EXPIRED);
}

TEST_F(KeyServiceTest, NobodyGetsMoreThanTheyHaveByRotating) {
  const auto strong = *Make("全权", {"*"});
  pb::RotateKeyRequest request;
  request.set_name(strong.name());
  auto call = Mine("RotateKey", request);
  call.principal.scopes = {"keys.*", "members.*"};
  EXPECT_EQ(Reason(keys_.RotateKey(call, request)), "SCOPE_MISSING");

  pb::CreateKeyRequest wanted;
  wanted.mutable_key()->set_display_name("群主");
  wanted.mutable_key()->set_role(pb::STAFF_ROLE_OWNER);
  call = Mine("CreateKey", wanted);
  call.principal.scopes = {"keys.*", "members.*"};
  EXPECT_EQ(Reason(keys_.CreateKey(call, wanted)), "SCOPE_MISSING") << "what the role brings counts";
  wanted.mutable_key()->set_role(pb::STAFF_ROLE_MODERATOR);
  const auto made = keys_.CreateKey(Mine("CreateKey", wanted), wanted);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->role(), pb::STAFF_ROLE_MODERATOR);
  EXPECT_THAT(made->scopes(), ::testing::Contains("members.read"));
  wanted.mutable_key()->clear_role();
  EXPECT_THAT(Faults(keys_.CreateKey(Mine("CreateKey", wanted), wanted)), ElementsAre("key.scopes REQUIRED"));
}

TEST_F(KeyServiceTest, FilterByState) {
  const auto now = Clock::System().Now();
  const auto revoked = *Make("撤销");
  ASSERT_TRUE(Revoke(revoked.name()).ok());
  ASSERT_TRUE(Make("有效").ok());
  const auto expired = *Make("过期", {"*"}, now + hours(1));
  db_.Query("UPDATE membership.service_key SET expire_time = now() WHERE display_name = '过期'");
  EXPECT_THAT(List("state = \"ACTIVE\""), ElementsAre("有效"));
  EXPECT_THAT(List("state = KEY_STATE_REVOKED"), ElementsAre("撤销"));
  EXPECT_THAT(List("state = EXPIRED"), ElementsAre("过期"));
  EXPECT_THAT(List("state != ACTIVE"), UnorderedElementsAre("撤销", "过期"));
  EXPECT_EQ(List("").size(), 3u);
  EXPECT_THAT(List("role = OWNER"), IsEmpty());
  EXPECT_EQ(Get(expired.name())->state(), pb::KEY_STATE_EXPIRED);
  EXPECT_FALSE(Introspect(expired.secret())->active());
  EXPECT_EQ(Events(), "KeyCreated:1 KeyRevoked:2 KeyCreated:1 KeyCreated:1");
  ASSERT_TRUE(Revoke(revoked.name()).ok());
  EXPECT_EQ(Events(), "KeyCreated:1 KeyRevoked:2 KeyCreated:1 KeyCreated:1") << "once is enough";
}

TEST_F(KeyServiceTest, AHundredActiveKeysAndNoMore) {
  db_.Query(
      "INSERT INTO membership.service_key (tenant_id, id, display_name, secret_hash, scopes, create_time) SELECT '" +
      tenant_.ToUuid() +
      "', gen_random_uuid(), 'k', sha256(n::text::bytea), '{*}', now() FROM generate_series(1, 97) n");
  std::vector<std::future<Result<pb::Key>>> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(std::async(std::launch::async, [&] { return Make(); }));
  std::vector<pb::Key> made;
  for (auto& answer : answers) {
    auto reply = answer.get();
    if (reply.ok()) {
      made.push_back(*reply);
    } else {
      EXPECT_EQ(reply.error().reason, "TOO_MANY_KEYS");
      EXPECT_EQ(reply.error().metadata.at("limit"), "100");
    }
  }
  ASSERT_EQ(made.size(), 3u);
  EXPECT_EQ(Reason(Rotate(made[0].name())), "TOO_MANY_KEYS");
  EXPECT_EQ(Reason(Rotate(made[0].name(), 0)), "OK") << "one comes and one goes";
  ASSERT_TRUE(Revoke(made[1].name()).ok());
  EXPECT_EQ(Reason(Make()), "OK");
}

TEST_F(KeyServiceTest, WhenAKeyWasUsedIsWrittenOnceAMinute) {
  struct HandClock : Clock {
    Time now = Clock::System().Now();
    Time Now() const override { return now; }
  } clock;
  const auto key = *Make();
  EXPECT_FALSE(key.has_last_used_time());
  const auto id = *Id::Parse(key.name().substr(5));
  KeyUsage usage;
  KeyUsageWorker worker(pool_, usage, clock);
  const auto last_used = [&] { return resource::FromTimestamp(Get(key.name())->last_used_time()); };

  const auto first = clock.now;
  usage.Note(tenant_, id, first);
  usage.Note(other_tenant_, Id::New(), first);  // gone meanwhile: hurts nobody
  EXPECT_EQ(worker.RunOnce(), 2);
  EXPECT_EQ(last_used(), first);
  clock.now += seconds(20);
  usage.Note(tenant_, id, clock.now);
  EXPECT_EQ(worker.RunOnce(), 0) << "within the minute";
  EXPECT_EQ(last_used(), first);
  const auto second = clock.now;
  clock.now += seconds(41);
  EXPECT_EQ(worker.RunOnce(), 1) << "it was not forgotten";
  EXPECT_EQ(last_used(), second);
  clock.now += seconds(5);
  usage.Note(tenant_, id, clock.now);
  EXPECT_EQ(worker.RunOnce(true), 1) << "at the end of the process nobody waits";

  // Both ways to authenticate note it.
  KeyUsage seen;
  TenantService tenants(pool_, &seen);
  EXPECT_TRUE(Introspect(key.secret(), &tenants)->active());
  EXPECT_EQ(seen.Take(Clock::System().Now())[tenant_].keys, std::vector{id});
  StoreKeySource source(pool_, &seen);
  const auto found = source.Find(*auth::ParseKey(key.secret()), DeadlineIn(seconds(5)));
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ(seen.Take(Clock::System().Now() + seconds(61))[tenant_].keys, std::vector{id});
  ASSERT_TRUE(Revoke(key.name()).ok());
  EXPECT_FALSE(Introspect(key.secret(), &tenants)->active());
  EXPECT_TRUE(seen.Take(Clock::System().Now() + hours(1)).empty()) << "a revoked key is not used";
}

TEST(KeyUsageTest, ItsMemoryIsBounded) {
  KeyUsage usage(3);
  const Time now = Clock::System().Now();
  const auto tenant = Id::New();
  for (int i = 0; i < 10; ++i) usage.Note(tenant, Id::New(), now);
  EXPECT_EQ(usage.Take(now)[tenant].keys.size(), 3u);
  EXPECT_TRUE(usage.Take(now + seconds(61)).empty());
  usage.Note(tenant, Id::New(), now + seconds(61));
  EXPECT_EQ(usage.Take(now + seconds(61))[tenant].keys.size(), 1u) << "those that rest have made room";
}

TEST(KeyUsageTest, WhatWasNotWrittenComesAgain) {
  KeyUsage usage;
  const Time now = Clock::System().Now();
  const auto tenant = Id::New(), key = Id::New();
  usage.Note(tenant, key, now);
  const auto taken = usage.Take(now)[tenant];
  usage.PutBack(tenant, taken);
  EXPECT_EQ(usage.Take(now + seconds(1))[tenant].times, std::vector{now});
  usage.Note(tenant, key, now + seconds(5));
  usage.PutBack(tenant, taken);
  EXPECT_EQ(usage.Take(now + seconds(6))[tenant].times, std::vector{now + seconds(5)}) << "the later time stands";
}

}  // namespace
}  // namespace lanting::membership
