// What the gate costs a request, in CPU time of this process (the limiter's thread included, Redis' own not).
#include <benchmark/benchmark.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "gateway/protect/gate.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/testing/redis_fixture.h"

namespace {

using namespace lanting;
using namespace lanting::gateway;

struct World {
  explicit World(RateLimiterOptions rates, GateLimits limits)
      : gate({.limits = limits,
              .introspect =
                  [this](const std::string&, const auto& done) {
                    membership::v1::IntrospectKeyResponse reply;
                    reply.set_active(true);
                    reply.set_tenant("tenants/" + tenant.ToString());
                    reply.set_key("keys/" + Id::New().ToString());
                    reply.add_scopes("*");
                    done(reply.SerializeAsString());
                  },
              .rates = std::move(rates)}) {
    route.method = membership::v1::GetMemberRequest::descriptor()
                       ->file()
                       ->FindServiceByName("MemberService")
                       ->FindMethodByName("GetMember");
    request.headers = {{"Host", "api.lanting.cn"},
                       {"User-Agent", "bench/1.0"},
                       {"Accept", "application/json"},
                       {"Authorization", "Bearer " + auth::GenerateKey(tenant)}};
    request.peer = "203.0.113.9:4711";
  }
  Id tenant = Id::New();
  Route route;
  http::Request request{.method = "GET", .target = "/v1/communities/x/members/y"};
  Gate gate;
};

constexpr GateLimits kOff{0, 1, 0, 1, 0, 0};
constexpr GateLimits kHigh{100'000, 1'000'000, 100'000, 1'000'000, 0, 0};

void EnterFromMemory(benchmark::State& state) {
  World world({}, kOff);
  int allowed = 0;
  for (auto _ : state)
    world.gate.Enter(world.request, world.route, [&](const Pass& pass) { allowed += !pass.refused; });
  if (allowed == 0) state.SkipWithError("refused");
}
BENCHMARK(EnterFromMemory);

void ParseAndRecall(benchmark::State& state) {
  const auto key = auth::GenerateKey(Id::New());
  KeyCache cache(
      [&](const std::string&, const auto& done) {
        membership::v1::IntrospectKeyResponse reply;
        reply.set_active(true);
        reply.set_tenant("tenants/" + auth::ParseKey(key)->tenant.ToString());
        done(reply.SerializeAsString());
      },
      [](const auto& f) { f(); });
  cache.Lookup(*auth::ParseKey(key), [](const auto&) {});
  for (auto _ : state) benchmark::DoNotOptimize(cache.Recall(*auth::ParseKey(key)));
}
BENCHMARK(ParseAndRecall);

void EnterCountedHere(benchmark::State& state) {
  World world({}, kHigh);
  int allowed = 0;
  for (auto _ : state)
    world.gate.Enter(world.request, world.route, [&](const Pass& pass) { allowed += !pass.refused; });
  if (allowed == 0) state.SkipWithError("refused");
}
BENCHMARK(EnterCountedHere);

void RefusedFromMemory(benchmark::State& state) {
  World world({}, {1, 1, 0, 1, 0, 0});
  int refused = 0;
  world.gate.Enter(world.request, world.route, [](const Pass&) {});
  for (auto _ : state)
    world.gate.Enter(world.request, world.route, [&](const Pass& pass) { refused += pass.refused.has_value(); });
  if (refused == 0) state.SkipWithError("allowed");
}
BENCHMARK(RefusedFromMemory);

// `range` requests are under way at a time, as under load.
void EnterCountedInRedis(benchmark::State& state) {
  testing::RedisFixture redis;
  World world({.redis_url = redis.url(), .deadline = std::chrono::seconds(5)}, kHigh);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  std::mutex mutex;
  std::condition_variable changed;
  int open = 0, counted_here = 0;
  const int most = static_cast<int>(state.range(0));
  for (auto _ : state) {
    {
      std::unique_lock lock(mutex);
      if (open == most) changed.wait(lock, [&] { return open <= most / 2; });
      ++open;
    }
    world.gate.Enter(world.request, world.route, [&](const Pass& pass) {
      std::lock_guard lock(mutex);
      counted_here += pass.refused.has_value();
      if (--open <= most / 2) changed.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return open == 0; });
  if (counted_here > 0) state.SkipWithError("refused");
}
BENCHMARK(EnterCountedInRedis)->Arg(1)->Arg(16)->Arg(64)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
