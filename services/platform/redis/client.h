// Client: one synchronous connection to Redis (hiredis, RESP2). It connects when first used and again after any fault:
// a context that timed out may still receive the late reply and is never used again.
//
// Not thread safe: one per thread. The first Client makes the process ignore SIGPIPE, unless it has a handler.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

struct redisContext;

namespace lanting::redis {

struct Reply {
  enum class Type { kNil, kString, kStatus, kInteger, kArray, kError };
  Type type = Type::kNil;
  std::string text;          // kString (binary safe), kStatus, kError
  std::int64_t integer = 0;  // kInteger
  std::vector<Reply> items;  // kArray

  bool nil() const { return type == Type::kNil; }
  bool error() const { return type == Type::kError; }
  // An error reply whose code is `code`: "NOGROUP", "BUSYGROUP".
  bool error(std::string_view code) const { return error() && text.starts_with(code); }
  // In a flat array of name and value (XINFO): the value, or nullptr.
  const Reply* Find(std::string_view name) const;
};

struct Options {
  // redis://[[user]:password@]host[:port][/db] or unix:///path/to/socket[?db=n]
  std::string url;
  std::chrono::milliseconds connect_timeout{2000};
  std::chrono::milliseconds command_timeout{5000};  // per reply, on top of what a command blocks by itself
};

using Args = std::vector<std::string>;

class Client {
 public:
  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;

  // One command. A refusal by Redis is a Reply of type kError; an Error (DependencyUnavailable "redis") means that the
  // outcome is unknown or that this node cannot serve now (LOADING, READONLY after a failover ...).
  // `block`: how long the command itself may block in Redis (XREADGROUP BLOCK).
  Result<Reply> Command(const Args& args, std::chrono::milliseconds block = {});

  // Sends all, then reads all: one round trip. Not atomic.
  Result<std::vector<Reply>> Pipeline(const std::vector<Args>& commands, std::chrono::milliseconds block = {});

  bool connected() const { return context_ != nullptr; }
  void Disconnect();

 private:
  Result<void> Connect();
  Result<void> SetReadTimeout(std::chrono::milliseconds timeout);
  Error Fail(const std::string& what);

  struct Free {
    void operator()(redisContext* c) const;
  };
  Options options_;
  std::unique_ptr<redisContext, Free> context_;
  std::chrono::milliseconds read_timeout_{};
};

}  // namespace lanting::redis
