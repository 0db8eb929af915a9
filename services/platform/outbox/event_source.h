// For tests: a tenant of a service that writes MemberJoined events into its outbox.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "lanting/membership/v1/events.pb.h"
#include "platform/outbox/outbox.h"
#include "platform/pg/pool.h"
#include "platform/testing/pg_fixture.h"

namespace lanting::testing {

// Polls until `done` or until `limit` has passed; returns done().
inline bool Eventually(const std::function<bool()>& done,
                       std::chrono::milliseconds limit = std::chrono::milliseconds(20000)) {
  for (const auto end = DeadlineIn(limit); std::chrono::steady_clock::now() < end;) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return done();
}

inline outbox::Event Joined(const std::string& member, std::int64_t version) {
  membership::v1::MemberJoined payload;
  payload.set_member("communities/lanting/members/" + member);
  payload.set_group("communities/lanting/groups/曲水流觞");
  return outbox::MakeEvent(payload, payload.member(), version, Clock::System().Now(), "");
}

// Inserts into the outbox of the transaction's schema.
inline void Insert(pg::Tx& tx, const std::vector<outbox::Event>& events) {
  static constexpr pg::Statement kInsert{
      "test_insert_events",
      "INSERT INTO outbox (event_id, tenant_id, subject, aggregate_version, type, payload, traceparent, occurred_at) "
      "SELECT e, $1::uuid, s, v, t, p, '', o FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], "
      "$6::bytea[], "
      "$7::timestamptz[]) AS x(e, s, v, t, p, o)"};
  std::vector<Id> ids;
  std::vector<std::string> subjects, types;
  std::vector<std::int64_t> versions;
  std::vector<pg::Bytes> payloads;
  std::vector<Time> times;
  for (const auto& e : events) {
    ids.push_back(e.event_id);
    subjects.push_back(e.subject);
    types.push_back(e.type);
    versions.push_back(e.aggregate_version);
    payloads.push_back({e.payload});
    times.push_back(e.occurred_time);
  }
  tx.Run(kInsert, tx.tenant(), ids, subjects, versions, types, payloads, times);
}

class EventSource {
 public:
  EventSource(PgDatabase& db, const std::string& service)
      : pool_({.url = db.Url(service, PgRole::kApp), .size = 4}), tenant_(Id::New()) {}

  const Id& tenant() const { return tenant_; }
  pg::Pool& pool() { return pool_; }

  // One transaction; tries again while PostgreSQL is away.
  void Append(const std::vector<outbox::Event>& events) {
    const auto end = DeadlineIn(std::chrono::seconds(30));
    while (true) {
      auto done = pg::InTenantTx(pool_, tenant_, DeadlineIn(std::chrono::seconds(10)), [&](pg::Tx& tx) -> Result<void> {
        Insert(tx, events);
        return {};
      });
      if (done.ok()) return;
      ASSERT_LT(std::chrono::steady_clock::now(), end) << done.error().message << " " << done.error().internal;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  // `count` new members, `per_tx` in a transaction.
  void AppendMany(int count, int per_tx = 100) {
    for (int done = 0; done < count;) {
      std::vector<outbox::Event> events;
      for (int i = 0; i < per_tx && done < count; ++i, ++done)
        events.push_back(Joined("王羲之" + std::to_string(next_++), 1));
      Append(events);
    }
  }

 private:
  pg::Pool pool_;
  Id tenant_;
  int next_ = 0;
};

}  // namespace lanting::testing
