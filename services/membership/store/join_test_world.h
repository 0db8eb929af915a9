// For tests: a database of the service with one tenant, communities, groups and links, and what to look for in it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "membership/domain/join.h"
#include "membership/migrations.gen.h"
#include "platform/pg/pool.h"
#include "platform/testing/pg_fixture.h"

namespace lanting::membership {

class JoinWorld {
 public:
  JoinWorld() : tenant(AddTenant()), community(AddCommunity(tenant)) {}

  testing::PgDatabase db{{{"membership", kMigrations}}};
  pg::Pool pool{{.url = db.Url("membership", testing::PgRole::kApp)}};
  Time now = Clock::System().Now();
  Id tenant;
  Id community;

  Id AddTenant() {
    auto id = Id::New();
    db.Query("INSERT INTO membership.tenant VALUES ('" + id.ToUuid() + "', '兰亭书院', now())");
    return id;
  }
  Id AddCommunity(const Id& of, int rules_version = 2) {
    auto id = Id::New();
    db.Query(
        "INSERT INTO membership.community (tenant_id, id, display_name, template, structure, purpose, vision,"
        " target_user, product, declarations, locale, time_zone, state, house_rules_version, version, create_time,"
        " update_time) VALUES ('" +
        of.ToUuid() + "', '" + id.ToUuid() +
        "', '读书会', 1, 1, 'read', '', '', '', '', 'zh-CN', 'Asia/Shanghai', 1, " + std::to_string(rules_version) +
        ", 1, now(), now())");
    return id;
  }
  static std::string GroupSql(const Id& tenant, const Id& community, const Id& id, int capacity, int kind = 1) {
    return "INSERT INTO membership.chat_group (tenant_id, id, community_id, display_name, kind, channel,"
           " channel_group_id, capacity, version, create_time, update_time) VALUES ('" +
           tenant.ToUuid() + "', '" + id.ToUuid() + "', '" + community.ToUuid() + "', '一群', " + std::to_string(kind) +
           ", 1, '', " + std::to_string(capacity) + ", 1, now(), now())";
  }
  Id AddGroup(int capacity, int kind = 1) {
    auto id = Id::New();
    db.Query(GroupSql(tenant, community, id, capacity, kind));
    return id;
  }
  Id AddLink(const std::string& code, int max_uses, const Id& group = {}) {
    auto gate = Id::New(), id = Id::New();
    db.Query("INSERT INTO membership.gate VALUES ('" + tenant.ToUuid() + "', '" + gate.ToUuid() + "', '" +
             community.ToUuid() + "', '邀请', 2, '', now())");
    db.Query(
        "INSERT INTO membership.invite_link (tenant_id, id, community_id, gate_id, group_id, code, max_uses,"
        " create_time) VALUES ('" +
        tenant.ToUuid() + "', '" + id.ToUuid() + "', '" + community.ToUuid() + "', '" + gate.ToUuid() + "', " +
        (group.IsNil() ? "NULL" : "'" + group.ToUuid() + "'") + ", '" + code + "', " + std::to_string(max_uses) +
        ", now())");
    return id;
  }

  JoinItem Person(const std::string& name, const std::string& external_id = "",
                  std::vector<ChannelIdentity> identities = {}) {
    JoinItem item{.community = community, .member_id = Id::New()};
    item.person = {.external_id = external_id, .display_name = name, .identities = std::move(identities)};
    return item;
  }

  std::string One(const std::string& sql) { return db.Query("SET search_path = membership; " + sql); }
  int Count(const std::string& table_and_where) {
    return std::stoi(db.Query("SELECT count(*) FROM membership." + table_and_where));
  }
  int MemberCount(const Id& group) {
    return std::stoi(db.Query("SELECT member_count FROM membership.chat_group WHERE id = '" + group.ToUuid() + "'"));
  }
  // "MemberJoined,GroupFull": types of the events in order.
  std::string Events() {
    return db.Query(
        "SELECT coalesce(string_agg(split_part(type, '.', 4), ',' ORDER BY id), '') FROM membership.outbox");
  }
  // What members, places and queue add up to must be what the counters say.
  void ExpectCountersTrue() {
    EXPECT_EQ(Count("chat_group g WHERE member_count <> (SELECT count(*) FROM membership.member m"
                    " WHERE m.group_id = g.id AND m.state IN (1, 4))"
                    " + (SELECT count(*) FROM membership.group_place p WHERE p.group_id = g.id)"),
              0);
    EXPECT_EQ(Count("community c WHERE waiting_count <> (SELECT count(*) FROM membership.member m"
                    " WHERE m.community_id = c.id AND m.state = 2)"),
              0);
  }
  // Until `n` sessions wait for a lock.
  void AwaitBlocked(int n) {
    for (auto deadline = DeadlineIn(std::chrono::seconds(20)); Remaining(deadline).count() > 0;) {
      if (std::stoi(db.Query("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")) >= n) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    FAIL() << "nobody waits for a lock";
  }
};

// Holds the lock of a row of `table` until Release.
class RowLock {
 public:
  RowLock(JoinWorld& world, const std::string& table, const Id& id)
      : connection_(world.db.Url("membership", testing::PgRole::kSuperuser)), tx_(connection_) {
    tx_.exec("SELECT 1 FROM membership." + table + " WHERE id = '" + id.ToUuid() + "' FOR UPDATE");
  }
  pqxx::work& tx() { return tx_; }
  void Release() { tx_.commit(); }

 private:
  pqxx::connection connection_;
  pqxx::work tx_;
};

}  // namespace lanting::membership
