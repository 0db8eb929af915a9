// For the tests of this room: a consumer "incentives" of the events of "membership", with a table that shows effects.
#pragma once

#include <atomic>

#include "platform/inbox/consumer.h"
#include "platform/inbox/dead_letter.h"
#include "platform/obs/metrics.h"
#include "platform/outbox/event_source.h"
#include "platform/redis/stream.h"
#include "platform/testing/redis_fixture.h"
#include "platform_test/migrations.gen.h"

namespace lanting::inbox {

inline constexpr char kJoined[] = "lanting.membership.v1.MemberJoined";

class ConsumerTest : public ::testing::Test {
 protected:
  ConsumerTest() {
    // No key: a second effect would be a second row.
    db_.Query(
        "CREATE TABLE incentives.effect (n bigserial, tenant_id uuid, event_id uuid, subject text, version bigint); "
        "GRANT ALL ON incentives.effect TO incentives_app; GRANT ALL ON SEQUENCE incentives.effect_n_seq TO "
        "incentives_app");
  }

  ConsumerOptions Options(const std::string& instance = "incentives-0") {
    return {.name = "incentives",
            .instance = instance,
            .sources = {"membership"},
            .redis_url = redis_.url(),
            .max_attempts = 3,
            .block = std::chrono::milliseconds(100),
            .claim_idle = std::chrono::milliseconds(60000),
            .retry_first = std::chrono::milliseconds(20),
            .retry_most = std::chrono::milliseconds(100)};
  }

  static Result<void> Effect(pg::Tx& tx, const EventEnvelope& e) {
    static constexpr pg::Statement kInsert{
        "test_effect",
        "INSERT INTO effect (tenant_id, event_id, subject, version) VALUES ($1::uuid, $2::uuid, $3, $4::bigint)"};
    tx.Run(kInsert, tx.tenant(), Id::Parse(e.event_id()), e.subject(),
           static_cast<std::int64_t>(e.aggregate_version()));
    return {};
  }

  EventEnvelope Envelope(const std::string& member, std::int64_t version, const std::string& type = kJoined) const {
    EventEnvelope e;
    e.set_event_id(Id::New().ToString());
    e.set_tenant_id(tenant_.ToString());
    e.set_type(type);
    e.set_subject("communities/lanting/members/" + member);
    e.set_aggregate_version(version);
    return e;
  }

  static std::string StreamOf(const EventEnvelope& e) {
    return redis::StreamKey("membership", redis::BucketOf(e.subject(), 4));
  }
  std::string Send(const EventEnvelope& e) { return SendRaw(StreamOf(e), e.SerializeAsString()); }
  std::string SendRaw(const std::string& stream, const std::string& bytes) {
    auto reply = client_.Command({"XADD", stream, "*", "e", bytes});
    EXPECT_TRUE(reply.ok() && !reply->error());
    return reply.ok() ? reply->text : "";
  }

  int Effects(const std::string& where = "true") {
    return std::stoi(db_.Query("SELECT count(*) FROM incentives.effect WHERE " + where));
  }
  int DistinctEffects() { return std::stoi(db_.Query("SELECT count(DISTINCT event_id) FROM incentives.effect")); }
  std::int64_t Letters() { return DeadLetters(client_, "incentives").Count().value(); }
  std::int64_t Pending() {
    std::int64_t n = 0;
    for (const auto& key : redis::StreamKeys("membership", 4))
      if (auto r = client_.Command({"XPENDING", key, "incentives"}); r.ok() && !r->items.empty())
        n += r->items[0].integer;
    return n;
  }

  Id tenant_ = Id::New();
  testing::RedisFixture redis_;
  redis::Client client_{{.url = redis_.url()}};
  testing::PgDatabase db_{{{"incentives", platform_test::kMigrations}}};
  pg::Pool pool_{{.url = db_.Url("incentives", testing::PgRole::kApp), .size = 4}};
};

}  // namespace lanting::inbox
