// BatchCreateMembers with allow_partial: each person stands alone. What is wrong in form is kept apart from what goes
// to the join, and comes back at its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lanting/membership/v1/member_service.pb.h"
#include "membership/domain/join.h"
#include "platform/base/result.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

class PartialBatch {
 public:
  // Checks the form of each member, and that who calls may say it: what is right is in `members`, as the validator leaves
  // it.
  PartialBatch(const rpc::Call& call, const v1::BatchCreateMembersRequest& request);

  const std::vector<v1::Member>& members() const { return members_; }
  // The serialised reply, of the results of `members`. A community that is not there is the fault of the whole request.
  Result<std::string> Answer(const std::vector<Result<Member>>& decided) const;

 private:
  bool staff_;  // the caller sees what only staff know
  std::vector<v1::Member> members_;
  std::vector<std::optional<Error>> malformed_;  // one for each member of the request
};

}  // namespace lanting::membership
