// What members can be found by: the fields of the filters of ListMembers and of segments, for PostgreSQL and for a
// member in memory alike.
#pragma once

#include <string>
#include <vector>

#include "membership/api/convert_member.h"
#include "membership/domain/member.h"
#include "platform/paging/filter.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

// The fields of sql::kSelectMembers' m. Of `staff`: with customer_class, fan_score, values_fit and attributes.KEY,
// which for others do not exist.
const std::vector<paging::FilterField>& MemberFields(bool staff);

// The filter of whoever calls: INVALID_FILTER.
inline Result<paging::Filter> ParseMemberFilter(const rpc::Call& call, const std::string& text) {
  return paging::Filter::Parse(text, MemberFields(convert::SeesStaffView(call)));
}
// Whether a filter asks for what only staff know.
bool AsksForStaffView(const paging::Filter& filter);

// Whether the filter finds the member, as the lists do: people who left or were merged only if it asks for a state.
bool Finds(const paging::Filter& filter, const Member& member);

}  // namespace lanting::membership
