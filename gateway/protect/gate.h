// Gate: who comes in. Everything that is asked of a request between its route and its body: the key, the address of who
// fails, the origin, the scope, the number of calls in flight, the rates.
//
//   gate.Enter(request, *match.route, [job](Pass pass) {
//     if (pass.refused) response = Failed(job, *pass.refused); else ... call upstream ...
//     pass.Decorate(&response);   // of every reply, errors too
//     pass.Leave();                 // before it is sent; at the latest when `pass` goes
//   });
//
// Order: process at capacity 503 OVERLOADED; no credential, or not one of ours 401 (or 429 RATE_LIMITED, from an
// address that failed too often); membership cannot be asked 503; origin 403 ORIGIN_NOT_ALLOWED; scope 403; tenant at
// capacity 429 TOO_MANY_IN_FLIGHT; rates 429 RATE_LIMITED.
//
// 401 is the same byte for byte whatever is wrong with the credential. The operator's key is not accepted at the edge.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/auth/client_address.h"
#include "gateway/auth/key_cache.h"
#include "gateway/protect/rate_limiter.h"
#include "gateway/transcode/route_table.h"
#include "platform/base/error.h"
#include "platform/http/server.h"

namespace lanting::gateway {

// What may change while the process runs. 0: no limit.
struct GateLimits {
  int key_per_second = 100, key_burst = 200;
  int tenant_per_second = 500, tenant_burst = 1'000;
  int tenant_in_flight = 64;
  int process_in_flight = 1'024;
};

struct GateOptions {
  GateLimits limits;
  int failed_auth_per_minute = 20, failed_auth_burst = 20;  // of one address; 0: no limit
  std::vector<Cidr> trusted_proxies;
  // Empty: nobody can be asked, and any well-formed key comes in. Then no limit of a tenant is counted (anybody can
  // make a key that claims one), cross-origin requests are refused, and scopes are the service's to check.
  Introspect introspect;
  // Default: runs the function where it is.
  Post post;
  RateLimiterOptions rates;
  KeyCacheOptions keys;
};

// A place among the calls in flight, given back when it goes.
class Ticket {
 public:
  Ticket() = default;
  // Empty if `count` is at `most` (0: no limit) already.
  static std::optional<Ticket> Take(std::shared_ptr<std::atomic<int>> count, int most);

 private:
  std::shared_ptr<void> held_;
};

// The outcome for one request. Movable and copyable; copies share the tickets.
struct Pass {
  std::optional<Error> refused;
  Id tenant;            // nil without a key; while `introspect` is empty: claimed only
  std::string subject;  // "keys/<id>"; empty as long as the key is not known

  // Adds RateLimit-* and what a browser needs (CORS).
  void Decorate(http::Response* response) const;
  // Gives the places in flight back: before the reply is sent, or a client that waits for each of its replies could
  // find them still taken by the one it has just read. Copies share them until each has left or gone.
  void Leave() { process = of_tenant = Ticket(); }

  // --- for the gate ---
  enum class Readers { kUntouched, kAnyPage, kOrigin };
  Readers readers = Readers::kUntouched;
  std::string origin;
  std::optional<RateDecision> rates;
  Ticket process, of_tenant;
};

class Gate {
 public:
  using Done = std::function<void(Pass)>;

  explicit Gate(GateOptions options);
  // Drain the server first: what waits for an answer of membership is dropped.
  ~Gate();

  // `done` is called once: at once if memory answers and no rate is on, otherwise on an I/O thread.
  void Enter(const http::Request& request, const Route& route, Done done);
  // For http::ServerOptions::admit: a refusal that memory knows, before the body is read; nothing is taken or counted
  // but a failure of the address. Begins to ask for a key that memory does not know, so that Enter need not wait.
  std::optional<Pass> Admit(const http::Request& request, const Route& route);
  // The answer to a CORS preflight of a path with these methods; nullopt: it is none.
  static std::optional<http::Response> Preflight(const http::Request& request, const std::set<std::string>& methods);
  // For replies made before Enter (no such path, a malformed target): any page may read them.
  static void DecorateUnentered(const http::Request& request, http::Response* response);

  IpAddress AddressOf(const http::Request& request) const;
  // From the next request on. Thread safe.
  void SetLimits(const GateLimits& limits);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lanting::gateway
