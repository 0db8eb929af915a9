// What every command of lantingctl shares: the global options, how results are printed, and how calls are made.
#pragma once

#include <google/protobuf/message.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

#include "platform/base/result.h"
#include "platform/rpc/channel.h"

namespace lanting::ctl {

// Exit codes (sysexits.h where it has one).
inline constexpr int kOk = 0, kFailed = 1, kUsage = 64, kUnavailable = 69;

struct Context {
  bool json = false;
  int timeout_s = 10;
  std::string membership;  // host:port of the gRPC address
  std::string admin_key;   // the operator's key
  std::string key;         // a tenant's service key
  std::string redis_url;
  int exit_code = kOk;

  Deadline deadline() const { return DeadlineIn(std::chrono::seconds(timeout_s)); }
  // Throw CLI::RequiredError, which names the variable (exit 64).
  void NeedKey() const;
  void NeedAdminKey() const;
  bool interactive() const;  // progress may be drawn: stderr is a terminal, and not --json
};

// A cell of a table for people; the JSON form is the message itself.
using Cells = std::vector<std::string>;

// One message: as JSON, or through `text`.
void Print(const Context& context, const google::protobuf::Message& message, const std::function<std::string()>& text);
void PrintTable(const Cells& header, const std::vector<Cells>& rows);
std::string ToJson(const google::protobuf::Message& message);
std::string ToJson(std::string_view text);

// Says the error on stderr (JSON with --json) and sets the exit code.
void Report(Context& context, const Error& error);

// A call to membership as the operator or as a tenant.
template <typename Reply, typename Request>
Result<Reply> CallMembership(const Context& context, const std::string& service, const std::string& method,
                             const Request& request, const std::string& credential) {
  rpc::Channel channel(context.membership, "membership");
  return rpc::CallUnary<Reply>(channel, "/lanting.membership.v1." + service + "/" + method, request,
                               {.deadline = context.deadline(), .authorization = "Bearer " + credential});
}

// Each registers its commands; the callbacks run inside CLI11's parse.
void AddMigrate(CLI::App& app, Context& context);
void AddStatus(CLI::App& app, Context& context);
void AddTenant(CLI::App& app, Context& context);
void AddKey(CLI::App& app, Context& context);
void AddDeadLetters(CLI::App& app, Context& context);
void AddImport(CLI::App& app, Context& context);

}  // namespace lanting::ctl
