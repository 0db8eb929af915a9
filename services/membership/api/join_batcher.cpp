#include "membership/api/join_batcher.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "platform/base/fault.h"
#include "platform/idempotency/write.h"

namespace lanting::membership {
namespace {

using Decided = std::vector<Result<Member>>;

// The results of one call, of the `next` ones of all.
Decided TakeResults(const JoinWrite& write, std::vector<Decided>::iterator& next) {
  if (write.requests.size() == 1) return std::move(*next++);
  Decided all;
  for (std::size_t i = 0; i < write.requests.size(); ++i, ++next) {
    for (auto& one : *next) all.push_back(std::move(one));
  }
  return all;
}

bool HasTwins(const std::vector<JoinWrite>& writes) {
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> seen;
  return std::any_of(writes.begin(), writes.end(), [&](const JoinWrite& w) {
    return !w.call->request_id.empty() &&
           !seen.emplace(w.call->principal.subject, w.call->method, w.call->request_id).second;
  });
}

void Remember(idempotency::Work& work, const rpc::Call& call, const std::string& reply) {
  if (call.request_id.empty()) return;
  work.Remember({call.principal.subject, call.method, call.request_id, call.request_hash, reply});
}

// Whether a call that stands for several requests has let somebody in.
bool LetIn(const JoinWrite& write, const Decided& results) {
  return write.requests.size() > 1 && std::any_of(results.begin(), results.end(), [](const auto& r) { return r.ok(); });
}

// The body of the transaction. The locks of the communities come first, so that a twin of one of these calls in another
// process has committed, and its reply is found, or comes after us.
Result<std::vector<Result<std::string>>> JoinAll(pg::Tx& tx, idempotency::Work& work,
                                                 const std::vector<JoinWrite>& writes) {
  std::vector<const JoinRequest*> requests;
  for (const auto& write : writes) {
    for (const auto& request : write.requests) requests.push_back(&request);
  }
  auto view = LoadJoinView(tx, requests);
  std::vector<const rpc::Call*> calls;
  for (const auto& write : writes) calls.push_back(write.call);
  auto remembered = idempotency::FindReplies(tx, calls);

  requests.clear();
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (remembered.contains(i)) continue;
    for (const auto& request : writes[i].requests) requests.push_back(&request);
  }
  auto decided = DecideJoin(tx.tenant(), view, work, requests);

  std::vector<Result<std::string>> replies;
  replies.reserve(writes.size());
  auto next = decided.begin();
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (auto found = remembered.find(i); found != remembered.end()) {
      replies.push_back(std::move(found->second));
      continue;
    }
    const auto results = TakeResults(writes[i], next);
    replies.push_back(writes[i].answer(results));
    if (replies.back().ok()) {
      Remember(work, *writes[i].call, *replies.back());
    } else if (LetIn(writes[i], results)) {
      return replies.back().error();  // refused as a whole after all: each call is flushed alone
    }
  }
  if (!work.Apply(tx)) return lanting::errors::RequestInProgress();
  LANTING_FAULT_POINT("write.before_commit");
  return replies;
}

}  // namespace

JoinBatcher::JoinBatcher(pg::Pool& pool, pg::BatcherOptions options)
    : pool_(pool), batcher_(std::move(options), [this](std::vector<JoinWrite>& writes) { return Flush(writes); }) {}

void JoinBatcher::Submit(const rpc::Call& call, std::vector<JoinItem> items,
                         std::function<std::string(const std::vector<Member>&)> encode,
                         std::function<Error(const std::vector<Result<Member>>&)> refuse,
                         std::function<void(Result<std::string>)> done) {
  auto answer = [encode = std::move(encode),
                 refuse = std::move(refuse)](const Decided& decided) -> Result<std::string> {
    std::vector<Member> members;
    members.reserve(decided.size());
    for (const auto& one : decided) {
      if (!one.ok()) return refuse(decided);
      members.push_back(*one);
    }
    return encode(members);
  };
  JoinWrite write{.tenant = call.tenant(),
                  .deadline = call.deadline,
                  .weight = items.size(),
                  .call = &call,
                  .requests = {},
                  .answer = std::move(answer),
                  .done = std::move(done)};
  write.requests.push_back({{call.now, call.traceparent}, std::move(items)});
  batcher_.Submit(std::move(write));
}

void JoinBatcher::SubmitEach(const rpc::Call& call, std::vector<JoinItem> items, JoinWrite::Answer answer,
                             std::function<void(Result<std::string>)> done) {
  JoinWrite write{.tenant = call.tenant(),
                  .deadline = call.deadline,
                  .weight = items.size(),
                  .call = &call,
                  .requests = {},
                  .answer = std::move(answer),
                  .done = std::move(done)};
  for (auto& item : items) {
    JoinRequest one{.context = {call.now, call.traceparent}, .items = {}};
    one.items.push_back(std::move(item));
    write.requests.push_back(std::move(one));
  }
  batcher_.Submit(std::move(write));
}

Result<JoinBatcher::Replies> JoinBatcher::Flush(std::vector<JoinWrite>& writes) {
  if (writes.size() > 1) return FlushTogether(writes);
  Replies replies;
  replies.push_back(FlushOne(writes.front()));
  return replies;
}

Result<std::string> JoinBatcher::FlushOne(const JoinWrite& write) {
  return idempotency::detail::RunWrite(pool_, *write.call,
                                       [&](pg::Tx& tx, idempotency::Work& work) -> Result<std::string> {
                                         std::vector<const JoinRequest*> requests;
                                         for (const auto& request : write.requests) requests.push_back(&request);
                                         auto view = LoadJoinView(tx, requests);
                                         auto decided = DecideJoin(tx.tenant(), view, work, requests);
                                         auto next = decided.begin();
                                         return write.answer(TakeResults(write, next));
                                       });
}

// An Error makes the batcher flush each write alone, where a taken claim or a broken constraint is answered exactly.
Result<JoinBatcher::Replies> JoinBatcher::FlushTogether(const std::vector<JoinWrite>& writes) {
  if (HasTwins(writes)) return lanting::errors::RequestInProgress();
  // The latest deadline: a call in a hurry must not fail its neighbours.
  auto deadline = std::max_element(writes.begin(), writes.end(), [](const auto& a, const auto& b) {
                    return a.deadline < b.deadline;
                  })->deadline;
  std::optional<idempotency::Work> work;
  auto replies = pg::InTenantTx(
      pool_, writes.front().tenant, deadline, [&](pg::Tx& tx) { return JoinAll(tx, work.emplace(), writes); },
      [&](std::string_view constraint) { return work->ConflictError(constraint); });
  if (!replies.ok()) return replies;
  LANTING_FAULT_POINT("write.after_commit");
  if (work->publishes()) idempotency::WakeRelay();
  return replies;
}

}  // namespace lanting::membership
