#include "membership/api/convert_staff.h"

#include "membership/domain/names.h"
#include "platform/calendar/time_zone.h"
#include "platform/resource/etag.h"
#include "platform/resource/times.h"

namespace lanting::membership::convert {
namespace {

v1::ChecklistCount ToProto(const ChecklistCount& count, StaffRole role) {
  v1::ChecklistCount p;
  p.set_role(static_cast<v1::StaffRole>(role));
  p.set_done_count(count.done);
  p.set_done_late_count(count.done_late);
  p.set_missed_count(count.missed);
  p.set_open_count(count.open);
  if (const auto percent = count.percent()) p.set_completion_percent(*percent);
  p.set_completed_by_count(count.completed_by);
  return p;
}

}  // namespace

v1::Staff ToProto(const Staff& s) {
  v1::Staff p;
  p.set_name(names::Staff(s.community, s.id));
  p.set_role(static_cast<v1::StaffRole>(s.role));
  p.set_display_name(s.display_name);
  if (!s.member.IsNil()) p.set_member(names::Member(s.community, s.member));
  if (s.contact) {
    p.mutable_contact()->set_channel(static_cast<v1::Channel>(s.contact->channel));
    p.mutable_contact()->set_user_id(s.contact->user_id);
  }
  for (const auto& group : s.groups) p.add_groups(names::Group(s.community, group));
  p.set_grade(s.grade);
  p.set_state(s.end_time ? v1::STAFF_STATE_ENDED : v1::STAFF_STATE_ACTIVE);
  *p.mutable_create_time() = resource::ToTimestamp(s.create_time);
  *p.mutable_update_time() = resource::ToTimestamp(s.update_time);
  if (s.end_time) *p.mutable_end_time() = resource::ToTimestamp(*s.end_time);
  p.set_etag(resource::Etag(s.version));
  return p;
}

v1::StaffRoleInfo ToProto(const StaffRoleInfo& info) {
  v1::StaffRoleInfo p;
  p.set_role(static_cast<v1::StaffRole>(info.role));
  p.set_display_name(info.display_name);
  p.set_description(info.description);
  for (const auto& scope : info.scopes) p.add_scopes(scope);
  for (const auto& duty : info.duties) {
    auto* to = p.add_duties();
    to->set_title(duty.title);
    to->set_description(duty.description);
    to->set_rrule(duty.rrule);
    to->set_local_time(duty.local_time);
    to->set_due_minutes(duty.due_minutes);
    if (duty.structure) to->set_structure(static_cast<v1::Structure>(*duty.structure));
    if (duty.opened_from) to->set_template_(static_cast<v1::Template>(*duty.opened_from));
  }
  return p;
}

v1::RoleNeed ToProto(const RoleNeed& need, const Id& community) {
  v1::RoleNeed p;
  p.set_role(static_cast<v1::StaffRole>(need.role));
  p.set_why(need.why);
  p.set_required(need.required);
  p.set_filled(need.filled);
  for (const auto& staff : need.staff) p.add_staff(names::Staff(community, staff));
  for (const auto& group : need.uncovered_groups) p.add_uncovered_groups(names::Group(community, group));
  return p;
}

void FromProto(const v1::Staff& from, Staff* s) {
  s->display_name = from.display_name();
  s->member = names::Parse(from.member()).second;
  s->contact.reset();
  if (from.has_contact()) s->contact = {static_cast<Channel>(from.contact().channel()), from.contact().user_id()};
  s->groups.clear();
  for (const auto& group : from.groups()) s->groups.push_back(names::Parse(group).second);
  s->grade = from.grade();
}

v1::Duty ToProto(const Duty& d) {
  v1::Duty p;
  p.set_name(names::Duty(d.community, d.id));
  p.set_role(static_cast<v1::StaffRole>(d.role));
  p.set_title(d.title);
  p.set_description(d.description);
  p.set_rrule(d.schedule.rrule);
  p.set_start_local(calendar::FormatLocal(d.schedule.start_local));
  p.set_due_minutes(d.schedule.due_minutes);
  if (!d.assignee.IsNil()) p.set_assignee(names::Staff(d.community, d.assignee));
  p.set_template_key(d.template_key);
  *p.mutable_create_time() = resource::ToTimestamp(d.create_time);
  *p.mutable_update_time() = resource::ToTimestamp(d.update_time);
  p.set_etag(resource::Etag(d.version));
  return p;
}

v1::DutyOccurrence ToProto(const DutyOccurrence& o) {
  v1::DutyOccurrence p;
  p.set_duty(names::Duty(o.community, o.duty));
  p.set_role(static_cast<v1::StaffRole>(o.role));
  p.set_title(o.title);
  if (!o.assignee.IsNil()) p.set_assignee(names::Staff(o.community, o.assignee));
  *p.mutable_occurrence_time() = resource::ToTimestamp(o.time);
  p.set_occurrence_local(calendar::FormatLocal(o.local));
  *p.mutable_due_time() = resource::ToTimestamp(o.due);
  p.set_state(static_cast<v1::OccurrenceState>(o.state));
  if (!o.done) return p;
  if (!o.done->staff.IsNil()) p.set_completed_by(names::Staff(o.community, o.done->staff));
  *p.mutable_complete_time() = resource::ToTimestamp(o.done->time);
  p.set_late(o.done->late);
  p.set_note(o.done->note);
  return p;
}

v1::ChecklistReport ToProto(const ChecklistReport& report, const Id& community) {
  v1::ChecklistReport p;
  *p.mutable_total() = ToProto(report.total, StaffRole::kUnspecified);
  p.mutable_total()->set_completed_by_count(0);
  for (const auto& [role, count] : report.roles) *p.add_roles() = ToProto(count, role);
  for (const auto& [staff, of] : report.staff) {
    auto* row = p.add_staff();
    *row = ToProto(of.second, of.first);
    row->set_staff(names::Staff(community, staff));
  }
  return p;
}

void FromProto(const v1::Duty& from, Duty* d) {
  d->role = static_cast<StaffRole>(from.role());
  d->title = from.title();
  d->description = from.description();
  d->schedule = {.rrule = from.rrule(),
                 .start_local = calendar::ParseLocal(from.start_local()).value_or(calendar::LocalTime{}),
                 .due_minutes = from.due_minutes() == 0 ? kDefaultDueMinutes : from.due_minutes()};
  d->assignee = names::Parse(from.assignee()).second;
}

}  // namespace lanting::membership::convert
