#include "platform/inbox/dead_letter.h"

#include <charconv>

#include "platform/redis/stream.h"

namespace lanting::inbox {
namespace {

using redis::Reply;

std::int64_t ToInt(const std::string& text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

DeadLetter FromEntry(const redis::Entry& entry) {
  auto text = [&](const char* name) {
    const auto* value = entry.Field(name);
    return value ? *value : std::string();
  };
  return {.id = entry.id,
          .stream = text("stream"),
          .entry_id = text("entry_id"),
          .reason = text("reason"),
          .detail = text("detail"),
          .attempts = static_cast<int>(ToInt(text("attempts"))),
          .failed_time = Time(std::chrono::microseconds(ToInt(text("failed_us")))),
          .event_id = text("event_id"),
          .tenant_id = text("tenant_id"),
          .type = text("type"),
          .subject = text("subject"),
          .envelope = text(redis::kEnvelopeField)};
}

Error NotFound(const std::string& id) {
  return {.code = Code::kNotFound,
          .reason = "DEAD_LETTER_NOT_FOUND",
          .message = "There is no dead letter " + id + ".",
          .metadata = {{"id", id}}};
}

Error Refused(const Reply& reply) { return errors::Internal("redis: " + reply.text); }

}  // namespace

DeadLetters::DeadLetters(redis::Client& client, std::string consumer)
    : client_(client), key_(redis::DeadLetterKey(consumer)) {}

Result<void> DeadLetters::Add(const DeadLetter& l) {
  ASSIGN_OR_RETURN(const auto reply, client_.Command({"XADD",
                                                      key_,
                                                      "MAXLEN",
                                                      "~",
                                                      std::to_string(kMostDeadLetters),
                                                      "*",
                                                      "stream",
                                                      l.stream,
                                                      "entry_id",
                                                      l.entry_id,
                                                      "reason",
                                                      l.reason,
                                                      "detail",
                                                      l.detail,
                                                      "attempts",
                                                      std::to_string(l.attempts),
                                                      "failed_us",
                                                      std::to_string(l.failed_time.time_since_epoch().count()),
                                                      "event_id",
                                                      l.event_id,
                                                      "tenant_id",
                                                      l.tenant_id,
                                                      "type",
                                                      l.type,
                                                      "subject",
                                                      l.subject,
                                                      redis::kEnvelopeField,
                                                      l.envelope}));
  if (reply.error()) return Refused(reply);
  return {};
}

Result<std::vector<DeadLetter>> DeadLetters::List(const std::string& after, int limit) {
  ASSIGN_OR_RETURN(auto reply, client_.Command({"XRANGE", key_, after.empty() ? "-" : "(" + after, "+", "COUNT",
                                                std::to_string(limit)}));
  if (reply.error()) return Refused(reply);
  std::vector<DeadLetter> out;
  for (const auto& entry : redis::ToEntries(reply)) out.push_back(FromEntry(entry));
  return out;
}

Result<DeadLetter> DeadLetters::Show(const std::string& id) {
  if (!redis::StreamId::Parse(id)) return NotFound(id);
  ASSIGN_OR_RETURN(auto reply, client_.Command({"XRANGE", key_, id, id}));
  if (reply.error()) return Refused(reply);
  const auto entries = redis::ToEntries(reply);
  if (entries.empty()) return NotFound(id);
  return FromEntry(entries.front());
}

Result<void> DeadLetters::Redrive(const std::string& id) {
  ASSIGN_OR_RETURN(const auto letter, Show(id));
  // Next to the stream's last id rather than at the present time: if the stream has just lost its tail, the relay must
  // still see from its last id that it did (outbox/relay.h). The relay may add in between: again.
  for (int attempt = 0;; ++attempt) {
    ASSIGN_OR_RETURN(const auto info, client_.Command({"XINFO", "STREAM", letter.stream}));
    const auto* last = info.Find("last-generated-id");
    const auto at = last ? redis::StreamId::Parse(last->text) : std::nullopt;
    ASSIGN_OR_RETURN(const auto reply, client_.Command({"XADD", letter.stream, std::to_string(at ? at->ms : 0) + "-*",
                                                        redis::kEnvelopeField, letter.envelope}));
    if (!reply.error()) break;
    if (attempt == 20) return Refused(reply);
  }
  return Purge(id);
}

Result<void> DeadLetters::Purge(const std::string& id) {
  if (!redis::StreamId::Parse(id)) return NotFound(id);
  ASSIGN_OR_RETURN(const auto reply, client_.Command({"XDEL", key_, id}));
  if (reply.error()) return Refused(reply);
  if (reply.integer == 0) return NotFound(id);
  return {};
}

Result<std::int64_t> DeadLetters::PurgeAll() {
  ASSIGN_OR_RETURN(const auto reply, client_.Command({"XTRIM", key_, "MAXLEN", "0"}));
  if (reply.error()) return Refused(reply);
  return reply.integer;
}

Result<std::int64_t> DeadLetters::Count() {
  ASSIGN_OR_RETURN(const auto reply, client_.Command({"XLEN", key_}));
  if (reply.error()) return Refused(reply);
  return reply.integer;
}

}  // namespace lanting::inbox
