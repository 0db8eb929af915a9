// Readiness: what a process needs before it may be given work. Named checks, run one after the other by one thread once
// a second; the verdict feeds /readyz (obs::AdminServer) and the gRPC health service.
//
//   rpc::Readiness readiness;
//   readiness.Add("postgres", [&] { return pool.Ping(); });
//   readiness.Add("role", [&] { return pg::CheckRole(pool); }, rpc::Readiness::Failure::kFatal);
//   readiness.Start([&](bool ready) { server.SetServing(ready); }, [&](const std::string& why) { process.Fail(why); });
//   obs::AdminServer admin(address, [&] { return readiness.NotReady(); });
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace lanting::rpc {

class Readiness {
 public:
  // Must bound its own time (a second or two): the others wait for it. An exception counts as a failure.
  using Check = std::function<Result<void>()>;
  enum class Failure {
    kNotReady,  // heals by itself
    kFatal,     // unless the error is transient the process must go: e.g. a database role that isolation does not bind
  };

  explicit Readiness(std::chrono::milliseconds interval = std::chrono::seconds(1));
  ~Readiness();  // Stop()

  // Before Start only. Not ready until it has passed once.
  void Add(std::string name, Check check, Failure failure = Failure::kNotReady);
  // `on_change` gets the first verdict and every change; `on_fatal` at most once, with name and cause. Both run on the
  // checking thread; either may be empty.
  void Start(std::function<void(bool ready)> on_change, std::function<void(const std::string& why)> on_fatal = {});
  void Stop();

  bool Ready() const { return NotReady().empty(); }
  // Names of the checks that do not pass; "checks" if they have not been run for 15 s. Empty when ready. Never blocks
  // on a check.
  std::vector<std::string> NotReady() const;

 private:
  struct Item {
    std::string name;
    Check check;
    Failure failure;
    bool passed = false, ran = false;
    std::string cause;
  };
  void Loop();
  void RunOne(Item& item);

  const std::chrono::milliseconds interval_;
  mutable std::mutex mutex_;  // guards the verdicts in items_, last_round_, stopping_
  std::condition_variable wake_;
  std::vector<std::unique_ptr<Item>> items_;
  Deadline last_round_;
  bool stopping_ = false, fatal_ = false;
  std::function<void(bool)> on_change_;
  std::function<void(const std::string&)> on_fatal_;
  std::thread thread_;
};

}  // namespace lanting::rpc
