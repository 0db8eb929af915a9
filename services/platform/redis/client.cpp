#include "platform/redis/client.h"

#include <hiredis/hiredis.h>

#include "platform/base/broken_pipe.h"
#include "platform/redis/url.h"

namespace lanting::redis {
namespace {

using std::chrono::milliseconds;

timeval ToTimeval(milliseconds d) {
  return {static_cast<time_t>(d.count() / 1000), static_cast<suseconds_t>(d.count() % 1000 * 1000)};
}

Reply Convert(const redisReply& r) {
  Reply out;
  switch (r.type) {
    case REDIS_REPLY_STRING:
      out.type = Reply::Type::kString;
      out.text.assign(r.str, r.len);
      break;
    case REDIS_REPLY_STATUS:
      out.type = Reply::Type::kStatus;
      out.text.assign(r.str, r.len);
      break;
    case REDIS_REPLY_ERROR:
      out.type = Reply::Type::kError;
      out.text.assign(r.str, r.len);
      break;
    case REDIS_REPLY_INTEGER:
      out.type = Reply::Type::kInteger;
      out.integer = r.integer;
      break;
    case REDIS_REPLY_ARRAY:
      out.type = Reply::Type::kArray;
      out.items.reserve(r.elements);
      for (std::size_t i = 0; i < r.elements; ++i) out.items.push_back(Convert(*r.element[i]));
      break;
    default:
      break;
  }
  return out;
}

// The node cannot serve now; another connection, or the same one later, can.
bool NodeUnfit(const Reply& reply) {
  for (const char* code : {"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "OOM", "MISCONF", "TRYAGAIN"})
    if (reply.error(code)) return true;
  return false;
}

}  // namespace

const Reply* Reply::Find(std::string_view name) const {
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i].text == name) return &items[i + 1];
  return nullptr;
}

void Client::Free::operator()(redisContext* c) const { redisFree(c); }

Client::Client(Options options) : options_(std::move(options)) { IgnoreBrokenPipes(); }
Client::~Client() = default;

void Client::Disconnect() { context_.reset(); }

Error Client::Fail(const std::string& what) {
  std::string cause = what;
  if (context_ && context_->err != 0) cause += std::string(": ") + context_->errstr;
  Disconnect();
  return errors::DependencyUnavailable("redis", cause);
}

Result<void> Client::Connect() {
  ASSIGN_OR_RETURN(const Address address, ParseUrl(options_.url));
  const timeval timeout = ToTimeval(options_.connect_timeout);
  context_.reset(address.unix_path.empty() ? redisConnectWithTimeout(address.host.c_str(), address.port, timeout)
                                           : redisConnectUnixWithTimeout(address.unix_path.c_str(), timeout));
  if (!context_ || context_->err != 0) return Fail("connect");
  if (address.unix_path.empty()) redisEnableKeepAlive(context_.get());
  read_timeout_ = {};
  std::vector<Args> hello;
  if (!address.password.empty())
    hello.push_back(address.user.empty() ? Args{"AUTH", address.password}
                                         : Args{"AUTH", address.user, address.password});
  if (address.db != 0) hello.push_back({"SELECT", std::to_string(address.db)});
  if (hello.empty()) return {};
  ASSIGN_OR_RETURN(auto replies, Pipeline(hello));
  for (const auto& reply : replies)
    if (reply.error()) return Fail("login: " + reply.text);
  return {};
}

Result<void> Client::SetReadTimeout(milliseconds timeout) {
  if (timeout == read_timeout_) return {};
  if (redisSetTimeout(context_.get(), ToTimeval(timeout)) != REDIS_OK) return Fail("set timeout");
  read_timeout_ = timeout;
  return {};
}

Result<Reply> Client::Command(const Args& args, milliseconds block) {
  ASSIGN_OR_RETURN(auto replies, Pipeline({args}, block));
  return std::move(replies.front());
}

Result<std::vector<Reply>> Client::Pipeline(const std::vector<Args>& commands, milliseconds block) {
  if (!context_) RETURN_IF_ERROR(Connect());
  // The socket must outlive the time a command blocks in Redis, or the reply would arrive at a dead context.
  RETURN_IF_ERROR(SetReadTimeout(options_.command_timeout + block));
  std::vector<const char*> argv;
  std::vector<std::size_t> lengths;
  for (const auto& args : commands) {
    argv.clear();
    lengths.clear();
    for (const auto& arg : args) {
      argv.push_back(arg.data());
      lengths.push_back(arg.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(args.size()), argv.data(), lengths.data()) != REDIS_OK)
      return Fail("send");
  }
  std::vector<Reply> out;
  out.reserve(commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) return Fail("read");
    auto* reply = static_cast<redisReply*>(raw);
    out.push_back(Convert(*reply));
    freeReplyObject(reply);
    if (NodeUnfit(out.back())) return Fail(out.back().text);
  }
  return out;
}

}  // namespace lanting::redis
