// Members: proto <-> domain.
#pragma once

#include <vector>

#include "lanting/membership/v1/member.pb.h"
#include "membership/domain/join.h"
#include "membership/domain/member.h"
#include "platform/base/result.h"

namespace lanting::membership::convert {

lanting::membership::v1::Member ToProto(const Member& member);

lanting::membership::v1::StaffView ToProto(const StaffView& staff);
StaffView FromProto(const lanting::membership::v1::StaffView& from);

// What a caller may say of a person; the form of each field has been checked by the validator.
Person ToPerson(const lanting::membership::v1::Member& member);

// Why a batch is refused: the first refused member's error, with its place in metadata "index", and a violation for
// each refused member as "members[i]" (or a field of it).
Error RefuseBatch(const std::vector<Result<Member>>& decided);

}  // namespace lanting::membership::convert
