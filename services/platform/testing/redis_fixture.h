// A private redis-server for a test: on a unix socket in a temporary directory, ended with its test process however
// that ends. Throws std::runtime_error when the server cannot be run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "platform/testing/child.h"

namespace lanting::testing {

class RedisFixture {
 public:
  struct Options {
    bool aof = false;   // append only file, appendfsync everysec
    bool start = true;  // false: nothing runs until Start()
  };
  RedisFixture() : RedisFixture(Options{}) {}
  explicit RedisFixture(Options options);
  ~RedisFixture();
  RedisFixture(const RedisFixture&) = delete;

  std::string url() const { return "unix://" + socket().string(); }

  void Start();  // returns when it answers; keeps what the data directory holds
  void Stop();   // orderly shutdown
  void Kill();   // SIGKILL
  void FlushAll();
  void WipeData();  // empties the data directory; only while stopped
  const std::filesystem::path& data_dir() const { return data_; }

 private:
  std::filesystem::path socket() const { return dir_ / "redis.sock"; }
  void End(int signal);

  Options options_;
  std::filesystem::path dir_, data_;
  std::optional<Child> process_;
};

}  // namespace lanting::testing
