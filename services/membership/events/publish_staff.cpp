#include "membership/events/publish_staff.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"
#include "platform/resource/times.h"

namespace lanting::membership::events {
namespace pb = lanting::membership::v1;
namespace {

template <typename Message>
outbox::Event About(const Message& fact, std::string subject, std::int64_t version, const Cause& cause) {
  return outbox::MakeEvent(fact, std::move(subject), version, cause.now, cause.traceparent);
}

}  // namespace

outbox::Event StaffAssigned(const Staff& staff, const Cause& cause) {
  pb::StaffAssigned fact;
  fact.set_staff(names::Staff(staff.community, staff.id));
  fact.set_role(static_cast<pb::StaffRole>(staff.role));
  if (!staff.member.IsNil()) fact.set_member(names::Member(staff.community, staff.member));
  for (const auto& group : staff.groups) fact.add_groups(names::Group(staff.community, group));
  return About(fact, fact.staff(), staff.version, cause);
}

outbox::Event StaffEnded(const Staff& staff, const Cause& cause) {
  pb::StaffEnded fact;
  fact.set_staff(names::Staff(staff.community, staff.id));
  fact.set_role(static_cast<pb::StaffRole>(staff.role));
  if (!staff.member.IsNil()) fact.set_member(names::Member(staff.community, staff.member));
  return About(fact, fact.staff(), staff.version, cause);
}

outbox::Event DutyCompleted(const Duty& duty, Time occurrence, const Completion& completion, const Cause& cause) {
  pb::DutyCompleted fact;
  fact.set_duty(names::Duty(duty.community, duty.id));
  fact.set_role(static_cast<pb::StaffRole>(duty.role));
  *fact.mutable_occurrence_time() = resource::ToTimestamp(occurrence);
  if (!completion.staff.IsNil()) fact.set_staff(names::Staff(duty.community, completion.staff));
  fact.set_late(completion.late);
  return About(fact, fact.duty(), duty.version, cause);
}

outbox::Event DutyCompletionUndone(const Duty& duty, Time occurrence, const Cause& cause) {
  pb::DutyCompletionUndone fact;
  fact.set_duty(names::Duty(duty.community, duty.id));
  *fact.mutable_occurrence_time() = resource::ToTimestamp(occurrence);
  return About(fact, fact.duty(), duty.version, cause);
}

}  // namespace lanting::membership::events
