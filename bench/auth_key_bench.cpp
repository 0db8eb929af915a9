// What a service spends on a key that it knows already, with every call. At most 2 us.
#include <benchmark/benchmark.h>

#include "platform/auth/key_authenticator.h"

namespace {

using namespace lanting;
using namespace lanting::auth;

struct OneTenant : KeySource {
  Result<std::optional<KeyInfo>> Find(const ParsedKey& key, Deadline) override {
    return std::optional<KeyInfo>(
        {{key.tenant, "keys/01hzy3k5v8c6q1m9t0w2x4b7nj", {"members.read", "segments.*"}}, {}});
  }
};

// `range` keys are in use, in turn.
void AuthenticateKnownKey(benchmark::State& state) {
  KeyAuthenticator authenticator(std::make_shared<OneTenant>(), {.valid_for = std::chrono::hours(1)});
  std::vector<std::string> keys;
  for (int i = 0; i < state.range(0); ++i) keys.push_back("Bearer " + GenerateKey(Id::New()));
  const auto deadline = DeadlineIn(std::chrono::minutes(10));
  for (const auto& key : keys) {
    if (!authenticator.Authenticate(key, deadline).ok()) return state.SkipWithError("refused");
  }
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(authenticator.Authenticate(keys[next++ % keys.size()], deadline));
}
BENCHMARK(AuthenticateKnownKey)->Arg(1)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
