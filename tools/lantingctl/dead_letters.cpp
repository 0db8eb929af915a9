// lantingctl dlq: what consumers gave up on.
#include <ctime>

#include "consumers.h"
#include "context.h"
#include "platform/base/strings.h"
#include "platform/inbox/dead_letter.h"

namespace lanting::ctl {
namespace {

constexpr int kPage = 500;

std::string When(Time t) {
  auto seconds = std::chrono::system_clock::to_time_t(t);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%SZ", &utc);
  return text;
}

std::string JsonOf(const std::string& consumer, const inbox::DeadLetter& letter) {
  std::string out = "{";
  auto field = [&](std::string_view name, std::string_view value) {
    out += (out.size() > 1 ? "," : "") + ToJson(name) + ":" + ToJson(value);
  };
  field("consumer", consumer);
  field("id", letter.id);
  field("stream", letter.stream);
  field("entryId", letter.entry_id);
  field("reason", letter.reason);
  field("detail", letter.detail);
  field("failedTime", When(letter.failed_time));
  field("eventId", letter.event_id);
  field("tenantId", letter.tenant_id);
  field("type", letter.type);
  field("subject", letter.subject);
  field("envelope", Base64UrlEncode(letter.envelope));
  return out + ",\"attempts\":" + std::to_string(letter.attempts) + "}";
}

struct Options {
  std::string consumer, id;
  bool all = false;
};

// Those there are now: a redriven event that fails again comes back as a new letter, and must not be met again.
// At most inbox::kMostDeadLetters ids.
Result<std::vector<std::string>> AllIds(inbox::DeadLetters& letters) {
  std::vector<std::string> ids;
  while (ids.size() < inbox::kMostDeadLetters) {
    ASSIGN_OR_RETURN(auto page, letters.List(ids.empty() ? "" : ids.back(), kPage));
    for (auto& letter : page) ids.push_back(std::move(letter.id));
    if (page.size() < kPage) break;
  }
  return ids;
}

// Runs `act` on the named letter, or with --all on those there are; says how many.
void ForEach(Context& context, inbox::DeadLetters& letters, const Options& options, const char* done,
             const std::function<Result<void>(const std::string&)>& act) {
  int count = 0;
  auto one = [&](const std::string& id) {
    auto result = act(id);
    if (!result.ok() && options.all && result.error().code == Code::kNotFound) return true;  // somebody else was faster
    if (!result.ok()) Report(context, result.error());
    count += result.ok();
    return result.ok();
  };
  if (!options.all) {
    one(options.id);
  } else {
    auto ids = AllIds(letters);
    if (!ids.ok()) return Report(context, ids.error());
    for (const auto& id : *ids) {
      if (!one(id)) break;
    }
  }
  if (context.json) {
    std::printf("{\"%s\":%d}\n", done, count);
  } else {
    std::printf("%s %d\n", done, count);
  }
}

// Letters of one consumer onto the end of `rows`, or printed at once as JSON.
Result<void> ListOf(const Context& context, redis::Client& client, const std::string& consumer,
                    std::vector<Cells>& rows) {
  inbox::DeadLetters letters(client, consumer);
  for (std::string after;;) {
    ASSIGN_OR_RETURN(const auto page, letters.List(after, kPage));
    for (const auto& letter : page) {
      if (context.json) {
        std::printf("%s\n", JsonOf(consumer, letter).c_str());
      } else {
        rows.push_back({consumer, letter.id, When(letter.failed_time), letter.reason, std::to_string(letter.attempts),
                        letter.type, letter.subject});
      }
    }
    if (page.size() < kPage) return {};
    after = page.back().id;
  }
}

// The consumer that was named, or all of them; an unknown name is refused with those that are known.
Result<std::set<std::string>> Chosen(redis::Client& client, const std::string& name, Deadline deadline) {
  ASSIGN_OR_RETURN(auto known, KnownConsumers(client, deadline));
  if (name.empty()) return known;
  if (known.contains(name)) return std::set<std::string>{name};
  std::string list;
  for (const auto& consumer : known) list += (list.empty() ? "" : ", ") + consumer;
  return Error{
      .code = Code::kNotFound,
      .reason = "CONSUMER_NOT_FOUND",
      .message = "There is no consumer " + name + " in this Redis; known: " + (list.empty() ? "none" : list) + ".",
      .metadata = {{"consumer", name}, {"known", list}}};
}

}  // namespace

void AddDeadLetters(CLI::App& app, Context& context) {
  auto* dlq = app.add_subcommand("dlq", "events that a consumer gave up on (needs --redis)");
  dlq->require_subcommand(1);
  static Options options;
  dlq->add_option("--consumer", options.consumer,
                  "the service that consumes events, by the name of its group in the streams; list without it shows "
                  "the letters of all");
  // `body` gets the consumers that are meant.
  auto with_consumers = [&context](auto body) {
    if (context.redis_url.empty()) throw CLI::RequiredError("--redis (LANTING_REDIS_URL)");
    redis::Client client({.url = context.redis_url});
    auto consumers = Chosen(client, options.consumer, context.deadline());
    if (!consumers.ok()) return Report(context, consumers.error());
    body(client, *consumers);
  };
  auto with = [with_consumers](auto body) {
    if (options.consumer.empty()) throw CLI::RequiredError("--consumer");
    with_consumers([&](redis::Client& client, const std::set<std::string>&) {
      inbox::DeadLetters letters(client, options.consumer);
      body(letters);
    });
  };

  dlq->add_subcommand("list", "all dead letters, oldest first")->callback([&, with_consumers] {
    with_consumers([&](redis::Client& client, const std::set<std::string>& consumers) {
      std::vector<Cells> rows;
      for (const auto& consumer : consumers) {
        if (auto listed = ListOf(context, client, consumer, rows); !listed.ok()) return Report(context, listed.error());
      }
      if (!context.json) PrintTable({"CONSUMER", "ID", "FAILED", "REASON", "ATTEMPTS", "TYPE", "SUBJECT"}, rows);
      if (!context.json && consumers.empty()) std::fprintf(stderr, "No service consumes events of this Redis yet.\n");
    });
  });

  auto* show = dlq->add_subcommand("show", "one dead letter, whole");
  show->add_option("id", options.id, "id from dlq list")->required();
  show->callback([&, with] {
    with([&](inbox::DeadLetters& letters) {
      auto letter = letters.Show(options.id);
      if (!letter.ok()) return Report(context, letter.error());
      std::printf("%s\n", JsonOf(options.consumer, *letter).c_str());
    });
  });

  auto add_target = [](CLI::App* command) {
    auto* id = command->add_option("id", options.id, "id from dlq list");
    auto* all = command->add_flag("--all", options.all, "every dead letter of the consumer");
    id->excludes(all);
    return command;
  };
  auto check_target = [] {
    if (options.id.empty() && !options.all) throw CLI::RequiredError("an id or --all");
  };

  add_target(dlq->add_subcommand("redrive", "put events back into their stream; who had handled them ignores them"))
      ->callback([&, with, check_target] {
        check_target();
        with([&](inbox::DeadLetters& letters) {
          ForEach(context, letters, options, "redriven", [&](const std::string& id) { return letters.Redrive(id); });
        });
      });
  add_target(dlq->add_subcommand("purge", "forget dead letters"))->callback([&, with, check_target] {
    check_target();
    with([&](inbox::DeadLetters& letters) {
      ForEach(context, letters, options, "purged", [&](const std::string& id) { return letters.Purge(id); });
    });
  });
}

}  // namespace lanting::ctl
