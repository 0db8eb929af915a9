#include "platform/rpc/health.h"

#include <exception>
#include <optional>

#include "platform/obs/log.h"

namespace lanting::rpc {
namespace {

constexpr auto kStale = std::chrono::seconds(15);

Result<void> Try(const Readiness::Check& check) {
  try {
    return check();
  } catch (const std::exception& e) {
    return errors::DependencyUnavailable("check", e.what());
  }
}

}  // namespace

Readiness::Readiness(std::chrono::milliseconds interval)
    : interval_(interval), last_round_(std::chrono::steady_clock::now()) {}

Readiness::~Readiness() { Stop(); }

void Readiness::Add(std::string name, Check check, Failure failure) {
  items_.push_back(std::make_unique<Item>(Item{std::move(name), std::move(check), failure}));
}

void Readiness::Start(std::function<void(bool)> on_change, std::function<void(const std::string&)> on_fatal) {
  on_change_ = std::move(on_change);
  on_fatal_ = std::move(on_fatal);
  thread_ = std::thread([this] { Loop(); });
}

void Readiness::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> Readiness::NotReady() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& item : items_) {
    if (!item->passed) names.push_back(item->name);
  }
  if (std::chrono::steady_clock::now() - last_round_ > kStale) names.push_back("checks");
  return names;
}

void Readiness::Loop() {
  std::optional<bool> told;
  for (std::unique_lock lock(mutex_); !stopping_;) {
    lock.unlock();
    for (auto& item : items_) RunOne(*item);
    lock.lock();
    last_round_ = std::chrono::steady_clock::now();
    bool ready = true;
    for (const auto& item : items_) ready = ready && item->passed;
    if (told != ready) {
      lock.unlock();
      obs::Info(ready ? "ready" : "not ready");
      if (on_change_) on_change_(ready);
      told = ready;
      lock.lock();
    }
    wake_.wait_for(lock, interval_, [this] { return stopping_; });
  }
}

void Readiness::RunOne(Item& item) {
  auto result = Try(item.check);
  std::string cause = result.ok() ? std::string() : result.error().reason + " " + result.error().internal;
  bool changed;
  {
    std::lock_guard lock(mutex_);
    changed = !item.ran || item.passed != result.ok() || item.cause != cause;
    item.ran = true;
    item.passed = result.ok();
    item.cause = cause;
  }
  if (changed && result.ok()) obs::Info("check passed", {{"check", item.name}});
  if (changed && !result.ok()) obs::Warn("check failed", {{"check", item.name}, {"cause", cause}});
  if (result.ok() || item.failure != Failure::kFatal || result.error().transient() || fatal_) return;
  fatal_ = true;
  std::string why = item.name + ": " + result.error().message + (cause.empty() ? "" : " (" + cause + ")");
  if (on_fatal_) on_fatal_(why);
}

}  // namespace lanting::rpc
