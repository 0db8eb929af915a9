#include "platform/inbox/group_reader.h"

#include <algorithm>

namespace lanting::inbox {
namespace {

using redis::Args;
using redis::Reply;

// NOT_FOUND for a stream or group that is gone: answered by making them again. Anything else (NOPERM, OOM, WRONGTYPE)
// would be met again at once.
Error ToError(const Reply& reply) {
  const bool gone =
      reply.error("NOGROUP") || reply.error("UNBLOCKED") || reply.text.find("no such key") != reply.text.npos;
  if (!gone) return errors::DependencyUnavailable("redis", reply.text);
  return {.code = Code::kNotFound, .reason = "STREAM_GONE", .message = "A stream is gone.", .internal = reply.text};
}

}  // namespace

GroupReader::GroupReader(redis::Client& client, std::string group, std::string instance,
                         std::vector<std::string> streams, int batch)
    : client_(client),
      group_(std::move(group)),
      instance_(std::move(instance)),
      streams_(std::move(streams)),
      batch_(std::to_string(batch)) {}

Result<void> GroupReader::CreateGroups() {
  std::vector<Args> commands;
  for (const auto& stream : streams_) commands.push_back({"XGROUP", "CREATE", stream, group_, "0", "MKSTREAM"});
  ASSIGN_OR_RETURN(const auto replies, client_.Pipeline(commands));
  for (const auto& reply : replies)
    if (reply.error() && !reply.error("BUSYGROUP")) return errors::DependencyUnavailable("redis", reply.text);
  pending_from_.assign(streams_.size(), "0");
  return {};
}

std::size_t GroupReader::IndexOf(const std::string& stream) const {
  return static_cast<std::size_t>(std::ranges::find(streams_, stream) - streams_.begin());
}

void GroupReader::Collect(Reply& reply, std::vector<Delivery>& out) const {
  for (auto& stream : reply.items) {
    if (stream.items.size() != 2) continue;
    const auto index = IndexOf(stream.items[0].text);
    for (auto& entry : redis::ToEntries(stream.items[1])) out.push_back({index, std::move(entry)});
  }
}

Result<std::vector<Delivery>> GroupReader::Read(std::chrono::milliseconds block) {
  if (reading_pending()) return ReadPending();
  Args args = {"XREADGROUP", "GROUP", group_, instance_, "COUNT", batch_};
  // BLOCK 0 would be for ever.
  if (block.count() > 0) args.insert(args.end(), {"BLOCK", std::to_string(block.count())});
  args.push_back("STREAMS");
  args.insert(args.end(), streams_.begin(), streams_.end());
  args.insert(args.end(), streams_.size(), ">");
  ASSIGN_OR_RETURN(auto reply, client_.Command(args, block));
  if (reply.error()) return ToError(reply);
  std::vector<Delivery> out;
  Collect(reply, out);
  return out;
}

Result<std::vector<Delivery>> GroupReader::ReadPending() {
  Args args = {"XREADGROUP", "GROUP", group_, instance_, "COUNT", batch_, "STREAMS"};
  args.insert(args.end(), streams_.begin(), streams_.end());
  args.insert(args.end(), pending_from_.begin(), pending_from_.end());
  ASSIGN_OR_RETURN(auto reply, client_.Command(args));
  if (reply.error()) return ToError(reply);
  std::vector<Delivery> out;
  Collect(reply, out);
  for (const auto& delivery : out) pending_from_[delivery.stream] = delivery.entry.id;
  if (out.empty()) pending_from_.clear();
  return out;
}

Result<std::vector<Delivery>> GroupReader::Claim(std::chrono::milliseconds idle) {
  std::vector<Args> commands;
  for (const auto& stream : streams_)
    commands.push_back({"XAUTOCLAIM", stream, group_, instance_, std::to_string(idle.count()), "0", "COUNT", batch_});
  ASSIGN_OR_RETURN(auto replies, client_.Pipeline(commands));
  std::vector<Delivery> out;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].error()) return ToError(replies[i]);
    if (replies[i].items.size() < 2) continue;
    for (auto& entry : redis::ToEntries(replies[i].items[1])) out.push_back({i, std::move(entry)});
  }
  return out;
}

Result<std::int64_t> GroupReader::Deliveries(const Delivery& d) {
  ASSIGN_OR_RETURN(const auto reply,
                   client_.Command({"XPENDING", streams_[d.stream], group_, d.entry.id, d.entry.id, "1"}));
  if (reply.error()) return ToError(reply);
  if (reply.items.empty() || reply.items[0].items.size() != 4) return std::int64_t{0};
  return reply.items[0].items[3].integer;
}

Result<void> GroupReader::Acknowledge(const std::vector<Delivery>& deliveries) {
  std::vector<Args> commands(streams_.size());
  for (const auto& d : deliveries) {
    auto& command = commands[d.stream];
    if (command.empty()) command = {"XACK", streams_[d.stream], group_};
    command.push_back(d.entry.id);
  }
  std::erase_if(commands, [](const Args& c) { return c.empty(); });
  if (commands.empty()) return {};
  // A refusal means that the stream is gone; the next Read() finds out.
  ASSIGN_OR_RETURN(const auto replies, client_.Pipeline(commands));
  return {};
}

Result<std::int64_t> GroupReader::Lag(std::size_t from, std::size_t to) {
  std::int64_t total = 0;
  for (std::size_t i = from; i < to; ++i) {
    ASSIGN_OR_RETURN(const auto groups, client_.Command({"XINFO", "GROUPS", streams_[i]}));
    for (const auto& group : groups.items) {
      const auto *name = group.Find("name"), *pending = group.Find("pending"), *lag = group.Find("lag");
      if (!name || name->text != group_ || !pending || !lag) continue;
      total += pending->integer + (lag->nil() ? 0 : lag->integer);
    }
  }
  return total;
}

Result<void> GroupReader::Leave() {
  for (const auto& stream : streams_) {
    ASSIGN_OR_RETURN(const auto pending, client_.Command({"XPENDING", stream, group_, "-", "+", "1", instance_}));
    if (pending.error() || !pending.items.empty()) continue;
    ASSIGN_OR_RETURN(const auto left, client_.Command({"XGROUP", "DELCONSUMER", stream, group_, instance_}));
  }
  return {};
}

}  // namespace lanting::inbox
