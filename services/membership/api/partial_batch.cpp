#include "membership/api/partial_batch.h"

#include "membership/api/convert_member.h"
#include "platform/rpc/status.h"
#include "platform/rpc/validate.h"

namespace lanting::membership {
namespace pb = v1;
namespace {

// Paths below the list of the request, whether they begin with the member or with one of its fields.
Error At(std::size_t index, Error error) {
  constexpr std::string_view kOne = "member.";
  const auto at = "members[" + std::to_string(index) + "].";
  for (auto& violation : error.violations) {
    violation.field = at + (violation.field.starts_with(kOne) ? violation.field.substr(kOne.size()) : violation.field);
  }
  error.internal.clear();
  return error;
}

void Refuse(std::size_t index, const Error& error, pb::BatchCreateMembersResult* result) {
  const auto status = rpc::ToStatus(At(index, error));
  result->mutable_status()->ParseFromString(status.error_details());
}

}  // namespace

PartialBatch::PartialBatch(const rpc::Call& call, const pb::BatchCreateMembersRequest& request)
    : staff_(convert::SeesStaffView(call)) {
  for (const auto& member : request.members()) {
    pb::Member copy = member;
    auto valid = rpc::Validate(copy);
    if (valid.ok()) valid = convert::CheckStaffView(call, copy, "member");
    malformed_.push_back(valid.ok() ? std::nullopt : std::optional(valid.error()));
    if (valid.ok()) members_.push_back(std::move(copy));
  }
}

Result<std::string> PartialBatch::Answer(const std::vector<Result<Member>>& decided) const {
  pb::BatchCreateMembersResponse response;
  auto next = decided.begin();
  for (std::size_t i = 0; i < malformed_.size(); ++i) {
    auto* result = response.add_results();
    if (malformed_[i]) {
      Refuse(i, *malformed_[i], result);
    } else if (const auto& one = *next++; one.ok()) {
      *result->mutable_member() = convert::ToProto(*one, staff_);
    } else if (one.error().reason == "COMMUNITY_NOT_FOUND" || one.error().reason == "COMMUNITY_ARCHIVED") {
      return one.error();
    } else {
      Refuse(i, one.error(), result);
    }
  }
  return response.SerializeAsString();
}

}  // namespace lanting::membership
