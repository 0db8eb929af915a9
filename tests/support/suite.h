// The suite as a tenant meets it: a private PostgreSQL and Redis, real membership and gateway processes, a tenant with
// a key. Everything is stopped and deleted at the end of its scope.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/http/client.h"
#include "platform/rpc/channel.h"
#include "platform/testing/child.h"
#include "platform/testing/pg_fixture.h"
#include "platform/testing/redis_fixture.h"

namespace lanting::testing {

struct Answer {
  int status = 0;
  boost::json::value body;
  http::HeaderList headers;

  std::string header(std::string_view name) const;  // the name in any case; "" if absent

  // "error.details[0].reason" of an AIP-193 body, or "".
  std::string reason() const;
  std::string text(std::string_view field) const;  // a string field of the body, or ""
  std::int64_t number(std::string_view field) const;
};

class Suite {
 public:
  using Env = std::map<std::string, std::string>;
  struct Options {
    int memberships = 1;  // processes; each has a gateway of its own in front
    Env membership_env;   // on top of what they need
    bool projector = false;
    std::string projector_types = "lanting.membership.v1.MemberJoined";
    bool webhooks = false;  // the webhooks service, which may send without TLS to this machine
  };
  Suite() : Suite(Options{}) {}
  explicit Suite(Options options);
  ~Suite();

  // A call of tenant A through gateway `i`. Bodies are JSON text; `key` "" sends no credential.
  Answer Call(const std::string& method, const std::string& path, const std::string& body = "",
              http::HeaderList headers = {}, int i = 0);
  Answer CallAs(const std::string& key, const std::string& method, const std::string& path,
                const std::string& body = "", http::HeaderList headers = {}, int i = 0);

  // A new tenant's key with scope "*".
  std::string NewTenant(const std::string& display_name);
  const std::string& key() const { return key_; }
  const std::string& admin_key() const { return admin_key_; }

  PgDatabase& db() { return *db_; }
  RedisFixture& redis() { return *redis_; }
  rpc::Channel& channel(int i = 0) { return *channels_[i]; }
  rpc::Channel& webhooks_channel() { return *webhooks_channel_; }
  int rest_port(int i = 0) const { return rest_ports_[i]; }
  int grpc_port(int i = 0) const { return grpc_ports_[i]; }
  int admin_port(int i = 0) const { return admin_ports_[i]; }
  Child& membership(int i = 0) { return *memberships_[i]; }
  Child& projector() { return *projector_; }

  // (Re)starts a process and waits until it is ready, unless a fault is set for it.
  void StartMembership(int i, const Env& extra = {});
  void StartWebhooks(const Env& extra = {});
  Child& webhooks() { return *webhooks_; }
  void WaitReady(int port, int seconds = 20);
  std::string MembershipLog(int i) const;

 private:
  Env MembershipEnv(int i) const;
  std::string Upstreams(int i) const;
  std::string Log(const std::string& name) const;

  Options options_;
  std::string admin_key_, key_, directory_;
  std::unique_ptr<PgDatabase> db_;
  std::unique_ptr<RedisFixture> redis_;
  std::vector<int> grpc_ports_, admin_ports_, rest_ports_, gateway_admin_ports_;
  std::vector<std::unique_ptr<Child>> memberships_, gateways_;
  std::vector<std::unique_ptr<rpc::Channel>> channels_;
  std::unique_ptr<Child> projector_;
  int webhooks_port_ = 0, webhooks_admin_port_ = 0;
  std::unique_ptr<rpc::Channel> webhooks_channel_;
  std::unique_ptr<Child> webhooks_;
};

// A port nobody listens on at this moment.
int FreePort();
// Polls until `done` is true; false after `seconds`.
bool Eventually(const std::function<bool()>& done, int seconds = 30);

// Distinct nicknames: those of a real chat log when the folder that LANTING_TEST_DATA names has it, then made-up
// Chinese and English ones.
std::vector<std::string> Nicknames(std::size_t count);
std::string PeopleCsv(const std::vector<std::string>& nicknames);

}  // namespace lanting::testing
