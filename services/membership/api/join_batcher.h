// All single and batch joins of this process go through here: what has queued for a tenant becomes one transaction
// (pg/batcher.h), five round trips whatever their number.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "membership/store/join_store.h"
#include "platform/pg/batcher.h"
#include "platform/pg/pool.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

// One call that lets people in.
struct JoinWrite {
  // The serialised reply, or why the call as a whole is refused: one result for each person, in order.
  using Answer = std::function<Result<std::string>(const std::vector<Result<Member>>&)>;

  Id tenant;
  Deadline deadline;
  std::size_t weight;
  const rpc::Call* call;  // valid until done
  // The people of one of these come in together or not at all.
  std::vector<JoinRequest> requests;
  Answer answer;
  std::function<void(Result<std::string>)> done;
};

class JoinBatcher {
 public:
  JoinBatcher(pg::Pool& pool, pg::BatcherOptions options);

  // The people come in together or not at all: `encode` makes the reply, `refuse` says why the call is refused, of
  // results of which at least one is an Error. Never blocks. `done` gets the serialised reply, that of the first call
  // if this one is a retry. Call times and semantics of errors as in idempotency/write.h; Overloaded when the queue is
  // full.
  void Submit(const rpc::Call& call, std::vector<JoinItem> items,
              std::function<std::string(const std::vector<Member>&)> encode,
              std::function<Error(const std::vector<Result<Member>>&)> refuse,
              std::function<void(Result<std::string>)> done);
  // Each person comes in alone, in order. When `answer` is an Error, nobody does.
  void SubmitEach(const rpc::Call& call, std::vector<JoinItem> items, JoinWrite::Answer answer,
                  std::function<void(Result<std::string>)> done);

 private:
  using Replies = std::vector<Result<std::string>>;
  Result<Replies> Flush(std::vector<JoinWrite>& writes);
  Result<std::string> FlushOne(const JoinWrite& write);
  Result<Replies> FlushTogether(const std::vector<JoinWrite>& writes);

  pg::Pool& pool_;
  pg::Batcher<JoinWrite, std::string> batcher_;
};

}  // namespace lanting::membership
