// Members: proto <-> domain.
#pragma once

#include <vector>

#include "lanting/membership/v1/member.pb.h"
#include "lanting/membership/v1/profile.pb.h"
#include "membership/domain/join.h"
#include "membership/domain/member.h"
#include "membership/domain/note.h"
#include "platform/base/result.h"
#include "platform/rpc/call.h"

namespace lanting::membership::convert {

// Whether the caller may see, and say, what is for staff only: Member.staff and leave_reason.
inline bool SeesStaffView(const rpc::Call& call) { return call.principal.Has("members.staff"); }

// Without what is for staff only, unless the reader is of the staff.
lanting::membership::v1::Member ToProto(const Member& member, bool staff = false);

// What a caller says of a new member, with its path: SCOPE_MISSING if it has a staff view that the caller may not say;
// INVALID_FIELDS for its attributes.
Result<void> CheckStaffView(const rpc::Call& call, const lanting::membership::v1::Member& member,
                            const std::string& field);

lanting::membership::v1::MemberNote ToProto(const MemberNote& note);
lanting::membership::v1::StaffView ToProto(const StaffView& staff);
StaffView FromProto(const lanting::membership::v1::StaffView& from);

// What a caller may say of a person; the form of each field has been checked by the validator.
Person ToPerson(const lanting::membership::v1::Member& member);

// Why a batch is refused: the first refused member's error, with its place in metadata "index", and a violation for
// each refused member as "members[i]" (or a field of it).
Error RefuseBatch(const std::vector<Result<Member>>& decided);

}  // namespace lanting::membership::convert
