#include "platform/outbox/relay_streams.h"

#include <algorithm>
#include <limits>

#include "platform/base/clock.h"

namespace lanting::outbox {
namespace {

using redis::Reply;
using redis::StreamId;

// KEYS[1] stream; ARGV[1] the last id we know of or ''; ARGV[2..] envelopes. Returns the last id, or nil if the
// stream's own last id is before ours: then it is not the stream we added to. One script, so that nothing can be lost
// between the comparison and the adding.
constexpr char kAdd[] = R"(
local last = ARGV[1]
if last ~= '' then
  local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
  if info.err then return false end
  local have
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then have = info[i + 1] end
  end
  local hm, hs = string.match(have, '(%d+)-(%d+)')
  local wm, ws = string.match(last, '(%d+)-(%d+)')
  hm, hs, wm, ws = tonumber(hm), tonumber(hs), tonumber(wm), tonumber(ws)
  if hm < wm or (hm == wm and hs < ws) then return false end
end
for i = 2, #ARGV do last = redis.call('XADD', KEYS[1], '*', 'e', ARGV[i]) end
return last
)";

constexpr std::int64_t kDayMs = 86400000;

std::int64_t UnixMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::System().Now().time_since_epoch()).count();
}

Error Refused(const std::string& what) { return errors::DependencyUnavailable("redis", what); }

}  // namespace

RelayStreams::RelayStreams(std::string redis_url, const std::string& service, int buckets)
    : client_({.url = std::move(redis_url)}), keys_(redis::StreamKeys(service, buckets)) {}

Result<std::vector<std::string>> RelayStreams::Add(const std::vector<Row>& rows, Cursor& cursor) {
  std::vector<redis::Args> commands;
  for (const auto& key : keys_) {
    auto known = cursor.last.find(key);
    commands.push_back({"EVAL", kAdd, "1", key, known == cursor.last.end() ? "" : known->second.ToString()});
  }
  for (const auto& row : rows)
    commands[redis::BucketOf(row.subject, static_cast<int>(keys_.size()))].push_back(row.envelope);
  ASSIGN_OR_RETURN(const auto replies, client_.Pipeline(commands));
  std::vector<std::string> lost;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (replies[i].error()) return Refused(keys_[i] + ": " + replies[i].text);
    if (replies[i].nil()) {
      cursor.last.erase(keys_[i]);
      lost.push_back(keys_[i]);
    } else if (auto id = StreamId::Parse(replies[i].text)) {
      cursor.last[keys_[i]] = *id;
    }
  }
  return lost;
}

Result<bool> RelayStreams::NoteGroups(const std::string& key, Cursor& cursor, std::vector<std::string>& names,
                                      StreamId& acknowledged) {
  ASSIGN_OR_RETURN(const auto groups, client_.Command({"XINFO", "GROUPS", key}));
  if (groups.error()) return false;  // no such stream yet
  acknowledged = {std::numeric_limits<std::uint64_t>::max(), 0};
  bool changed = false;
  for (const auto& group : groups.items) {
    const Reply *name = group.Find("name"), *pending = group.Find("pending"), *last = group.Find("last-delivered-id");
    if (!name || !pending || !last) return Refused("XINFO GROUPS: unexpected reply");
    acknowledged = std::min(acknowledged, StreamId::Parse(last->text).value_or(StreamId{}));
    if (pending->integer > 0) {
      ASSIGN_OR_RETURN(const auto summary, client_.Command({"XPENDING", key, name->text}));
      if (summary.items.size() == 4 && !summary.items[1].nil())
        acknowledged = std::min(acknowledged, StreamId::Parse(summary.items[1].text).value_or(StreamId{}));
    }
    names.push_back(name->text);
    auto& seen = cursor.groups[name->text];
    if (UnixMs() - seen > kDayMs / 24) {
      seen = UnixMs();
      changed = true;
    }
  }
  return changed;
}

// Whether any stream has had entries that it no longer has.
Result<bool> RelayStreams::Trimmed() {
  for (const auto& key : keys_) {
    ASSIGN_OR_RETURN(const auto info, client_.Command({"XINFO", "STREAM", key}));
    if (info.error()) continue;  // no such stream yet
    const Reply *added = info.Find("entries-added"), *length = info.Find("length");
    if (!added || !length || added->integer > length->integer) return true;
  }
  return false;
}

Result<bool> RelayStreams::Trim(Cursor& cursor, int keep_days) {
  struct Seen {
    std::vector<std::string> groups;
    StreamId acknowledged;
  };
  const StreamId too_old{static_cast<std::uint64_t>(UnixMs() - keep_days * kDayMs), 0};
  bool changed =
      std::erase_if(cursor.groups, [&](const auto& g) { return UnixMs() - g.second > keep_days * kDayMs; }) > 0;
  const auto known = cursor.groups;
  std::vector<Seen> seen(keys_.size());
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    ASSIGN_OR_RETURN(const bool noted, NoteGroups(keys_[i], cursor, seen[i].groups, seen[i].acknowledged));
    changed |= noted;
  }
  if (std::ranges::any_of(cursor.groups, [&](const auto& g) { return !known.contains(g.first); })) {
    ASSIGN_OR_RETURN(const bool missed, Trimmed());
    if (missed) cursor.position = {};
    return true;
  }
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const auto& [present, acknowledged] = seen[i];
    const bool all_there = !present.empty() && std::ranges::all_of(known, [&groups = present](const auto& group) {
      return std::ranges::find(groups, group.first) != groups.end();
    });
    const StreamId from = all_there ? std::max(acknowledged, too_old) : too_old;
    ASSIGN_OR_RETURN(const auto trimmed, client_.Command({"XTRIM", keys_[i], "MINID", from.ToString()}));
    if (trimmed.error()) return Refused(keys_[i] + ": " + trimmed.text);
  }
  return changed;
}

}  // namespace lanting::outbox
