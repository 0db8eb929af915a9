// Members as rows of a CSV that an import reads back (domain/people_csv.h).
#pragma once

#include <string>
#include <vector>

#include "lanting/membership/v1/member.pb.h"
#include "membership/domain/member.h"
#include "platform/base/result.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

class ExportColumns {
 public:
  // Those that the members of the community need. `staff`: with what only staff may see.
  static Result<ExportColumns> Of(pg::Tx& tx, const Id& community, bool staff);

  std::vector<std::string> Titles() const;
  // CONCURRENT_WRITE: something of the member has no column, since it was not there when the export began.
  Result<std::vector<std::string>> Row(const v1::Member& member) const;

 private:
  Result<void> AddStaff(const v1::StaffView& staff, std::vector<std::string>& row) const;

  bool staff_ = false;
  std::vector<Channel> channels_;
  std::vector<std::string> keys_;  // of attributes
};

}  // namespace lanting::membership
