// One row of a CSV as the member that an API caller would send.
#pragma once

#include <string>
#include <vector>

#include "lanting/membership/v1/member.pb.h"
#include "membership/domain/people_csv.h"

namespace lanting::membership {

struct CellFault {
  std::string column, reason, message;
};

struct ParsedRow {
  v1::Member member;
  std::vector<CellFault> faults;  // at most one a column
};

// Checked by the validators of the API, so that file and API cannot disagree. `row` has as many fields as the header.
ParsedRow ParsePerson(const csv::Row& row, const Header& header, const FileRules& rules);

}  // namespace lanting::membership
