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

// One call that lets people in. Its people come in together or not at all.
struct JoinWrite {
  Id tenant;
  Deadline deadline;
  std::size_t weight;
  const rpc::Call* call;  // valid until done
  JoinRequest request;
  // The serialised reply.
  std::function<std::string(const std::vector<Member>&)> encode;
  // Why the call is refused, of results of which at least one is an Error.
  std::function<Error(const std::vector<Result<Member>>&)> refuse;
  std::function<void(Result<std::string>)> done;
};

class JoinBatcher {
 public:
  JoinBatcher(pg::Pool& pool, pg::BatcherOptions options);

  // Never blocks. `done` gets the serialised reply, that of the first call if this one is a retry. Call times and
  // semantics of errors as in idempotency/write.h; Overloaded when the queue is full.
  void Submit(const rpc::Call& call, std::vector<JoinItem> items,
              std::function<std::string(const std::vector<Member>&)> encode,
              std::function<Error(const std::vector<Result<Member>>&)> refuse,
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
