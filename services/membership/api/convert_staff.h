// Staff and their duties between their domain and their API form.
#pragma once

#include "lanting/membership/v1/duty.pb.h"
#include "lanting/membership/v1/staff.pb.h"
#include "membership/domain/duty.h"
#include "membership/domain/staff.h"

namespace lanting::membership::convert {

v1::Staff ToProto(const Staff& staff);
v1::StaffRoleInfo ToProto(const StaffRoleInfo& info);
v1::RoleNeed ToProto(const RoleNeed& need, const Id& community);
// Writes what a caller may set into `staff` and leaves the rest.
void FromProto(const v1::Staff& from, Staff* staff);

v1::Duty ToProto(const Duty& duty);
v1::DutyOccurrence ToProto(const DutyOccurrence& occurrence);
v1::ChecklistReport ToProto(const ChecklistReport& report, const Id& community);
// The same. start_local has been checked (calendar::ParseLocal).
void FromProto(const v1::Duty& from, Duty* duty);

}  // namespace lanting::membership::convert
