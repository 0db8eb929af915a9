#include "consumers.h"

#include "platform/redis/stream.h"

namespace lanting::ctl {
namespace {

// Keys of streams that begin as ours do.
Result<std::vector<std::string>> StreamKeysOf(redis::Client& client, Deadline deadline) {
  std::vector<std::string> keys;
  std::string cursor = "0";
  do {
    if (Remaining(deadline).count() <= 0) return errors::DeadlineExceeded();
    ASSIGN_OR_RETURN(const auto page,
                     client.Command({"SCAN", cursor, "MATCH", "lanting:*", "COUNT", "1000", "TYPE", "stream"}));
    if (page.error() || page.items.size() != 2) return errors::Internal("redis: SCAN: " + page.text);
    cursor = page.items[0].text;
    for (const auto& key : page.items[1].items) keys.push_back(key.text);
  } while (cursor != "0");
  return keys;
}

}  // namespace

Result<std::set<std::string>> KnownConsumers(redis::Client& client, Deadline deadline) {
  // "lanting:dlq:{" and "}": whatever is between them is a name.
  const std::string around = redis::DeadLetterKey("");
  const std::string before = around.substr(0, around.size() - 1);
  std::set<std::string> names;
  ASSIGN_OR_RETURN(const auto keys, StreamKeysOf(client, deadline));
  std::vector<redis::Args> questions;
  for (const auto& key : keys) {
    if (key.starts_with(before)) {
      names.insert(key.substr(before.size(), key.size() - around.size()));
    } else {
      questions.push_back({"XINFO", "GROUPS", key});
    }
  }
  if (questions.empty()) return names;
  ASSIGN_OR_RETURN(const auto answers, client.Pipeline(questions));
  for (const auto& answer : answers) {  // an error: the stream has just gone
    for (const auto& group : answer.items) {
      if (const auto* name = group.Find("name")) names.insert(name->text);
    }
  }
  return names;
}

}  // namespace lanting::ctl
