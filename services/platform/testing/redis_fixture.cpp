#include "platform/testing/redis_fixture.h"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "platform/redis/client.h"

namespace lanting::testing {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "lanting-redis.";

// Directories of test processes that died without their destructors.
void SweepTheDead() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored)) {
    std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    pid_t owner = 0;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), owner);
    if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

RedisFixture::RedisFixture(Options options) : options_(options) {
  SweepTheDead();
  std::string name = (fs::temp_directory_path() / kPrefix).string() + std::to_string(getpid()) + ".XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  dir_ = name;
  data_ = dir_ / "data";
  fs::create_directory(data_);
  if (options_.start) Start();
}

RedisFixture::~RedisFixture() {
  End(SIGKILL);
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

void RedisFixture::Start() {
  if (process_) throw std::runtime_error("redis-server runs already");
  const std::vector<std::string> args = {
      "redis-server",          "--port",        "0",       "--unixsocket", socket().string(),           "--dir",
      data_.string(),          "--save",        "",        "--appendonly", options_.aof ? "yes" : "no", "--logfile",
      (dir_ / "log").string(), "--appendfsync", "everysec"};
  process_.emplace(args);
  redis::Client client({.url = url(), .connect_timeout = std::chrono::milliseconds(200)});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto reply = client.Command({"PING"}); reply.ok() && reply->text == "PONG") return;
    if (process_->Ended()) {
      process_.reset();
      throw std::runtime_error("redis-server ended at once; is it installed? see " + (dir_ / "log").string());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw std::runtime_error("redis-server does not answer");
}

void RedisFixture::End(int signal) {
  if (!process_) return;
  process_->End(signal);
  process_.reset();
  std::error_code ignored;
  fs::remove(socket(), ignored);
}

void RedisFixture::Stop() { End(SIGTERM); }
void RedisFixture::Kill() { End(SIGKILL); }

void RedisFixture::FlushAll() {
  redis::Client client({.url = url()});
  auto reply = client.Command({"FLUSHALL"});
  if (!reply.ok() || reply->error()) throw std::runtime_error("FLUSHALL failed");
}

void RedisFixture::WipeData() {
  if (process_) throw std::runtime_error("redis-server still runs");
  fs::remove_all(data_);
  fs::create_directory(data_);
}

}  // namespace lanting::testing
