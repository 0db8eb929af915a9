#include "membership/api/duty_service.h"

#include <future>

#include "membership/api/api_test_world.h"
#include "membership/api/staff_service.h"
#include "membership/domain/duty.h"
#include "platform/calendar/schedule.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DutyServiceTest : public ApiTest {
 protected:
  DutyServiceTest() : community_(Open()) { Zone("Asia/Shanghai"); }

  void Zone(const std::string& zone) {
    db_.Query("UPDATE membership.community SET time_zone = '" + zone + "'");
    zone_ = calendar::TimeZone::Find(zone);
  }
  Time At(const std::string& local) { return zone_->ToTime(*calendar::ParseLocal(local)); }
  // Calls are made at this time.
  template <typename Request>
  rpc::Call Now(const std::string& method, const Request& request, const std::string& id = "") {
    auto call = Mine(method, request, id);
    call.now = now_;
    return call;
  }

  Result<pb::Duty> Make(const std::string& rrule, const std::string& start_local, int due_minutes = 60,
                        pb::StaffRole role = pb::STAFF_ROLE_ORGANISER, const std::string& assignee = "") {
    pb::CreateDutyRequest request;
    request.set_parent(community_.name());
    auto* duty = request.mutable_duty();
    duty->set_role(role);
    duty->set_title("欢迎新成员");
    duty->set_rrule(rrule);
    duty->set_start_local(start_local);
    duty->set_due_minutes(due_minutes);
    duty->set_assignee(assignee);
    return duties_.CreateDuty(Now("CreateDuty", request), request);
  }
  pb::Staff Person(pb::StaffRole role, const std::string& name) {
    pb::CreateStaffRequest request;
    request.set_parent(community_.name());
    request.mutable_staff()->set_role(role);
    request.mutable_staff()->set_display_name(name);
    StaffService staff(pool_);
    return *staff.CreateStaff(Mine("CreateStaff", request), request);
  }
  pb::ListDutyOccurrencesRequest Window(const std::string& from, const std::string& to) {
    pb::ListDutyOccurrencesRequest request;
    request.set_parent(community_.name());
    *request.mutable_start_time() = resource::ToTimestamp(At(from));
    *request.mutable_end_time() = resource::ToTimestamp(At(to));
    return request;
  }
  Result<pb::ListDutyOccurrencesResponse> List(const pb::ListDutyOccurrencesRequest& request) {
    return duties_.ListDutyOccurrences(Now("ListDutyOccurrences", request), request);
  }
  // "05-02T09:00 MISSED"
  std::vector<std::string> Show(const std::string& from, const std::string& to) {
    auto reply = List(Window(from, to));
    EXPECT_TRUE(reply.ok()) << reply.error().message << reply.error().internal;
    std::vector<std::string> out;
    for (const auto& one : reply->occurrences()) {
      out.push_back(one.occurrence_local().substr(5, 11) + " " + pb::OccurrenceState_Name(one.state()).substr(17));
    }
    return out;
  }
  Result<pb::DutyOccurrence> Complete(const std::string& duty, Time at, const std::string& staff = "",
                                      const std::string& id = "") {
    pb::CompleteDutyRequest request;
    request.set_name(duty);
    *request.mutable_occurrence_time() = resource::ToTimestamp(at);
    request.set_staff(staff);
    request.set_note("已欢迎三位新朋友");
    return duties_.CompleteDuty(Now("CompleteDuty", request, id), request);
  }
  Result<pb::DutyOccurrence> Undo(const std::string& duty, Time at) {
    pb::UndoCompletionRequest request;
    request.set_name(duty);
    *request.mutable_occurrence_time() = resource::ToTimestamp(at);
    return duties_.UndoCompletion(Now("UndoCompletion", request), request);
  }
  pb::ApplyTemplateDutiesResponse Apply(std::vector<pb::StaffRole> roles = {}) {
    pb::ApplyTemplateDutiesRequest request;
    request.set_parent(community_.name());
    for (auto role : roles) request.add_roles(role);
    auto reply = duties_.ApplyTemplateDuties(Now("ApplyTemplateDuties", request), request);
    EXPECT_TRUE(reply.ok()) << reply.error().message << reply.error().internal;
    return *reply;
  }

  DutyService duties_{pool_};
  pb::Community community_;
  std::shared_ptr<const calendar::TimeZone> zone_;
  Time now_ = Time(seconds(1'777'564'800));  // 2026-05-01 00:00 in Shanghai
};

TEST_F(DutyServiceTest, WhatIsDoneOpenMissedAndUpcoming) {
  const auto duty = Make("FREQ=DAILY", "2026-05-01T09:00:00");
  ASSERT_TRUE(duty.ok()) << duty.error().message << duty.error().internal;
  now_ = At("2026-05-03T09:30:00");
  EXPECT_THAT(Show("2026-04-28T00:00:00", "2026-05-05T00:00:00"),
              ElementsAre("05-01T09:00 MISSED", "05-02T09:00 MISSED", "05-03T09:00 OPEN", "05-04T09:00 UPCOMING"));

  const auto wang = Person(pb::STAFF_ROLE_ORGANISER, "王敏");
  const auto done = Complete(duty->name(), At("2026-05-03T09:00:00"), wang.name(), "done-1");
  ASSERT_TRUE(done.ok()) << done.error().message << done.error().internal;
  EXPECT_EQ(done->state(), pb::OCCURRENCE_STATE_DONE);
  EXPECT_EQ(done->completed_by(), wang.name());
  EXPECT_FALSE(done->late());
  EXPECT_EQ(Complete(duty->name(), At("2026-05-03T09:00:00"), wang.name(), "done-1")->SerializeAsString(),
            done->SerializeAsString());
  const auto twice = Complete(duty->name(), At("2026-05-03T09:00:00"));
  EXPECT_EQ(Reason(twice), "DUTY_DONE");
  EXPECT_EQ(twice.error().metadata.at("staff"), wang.name());
  const auto late = Complete(duty->name(), At("2026-05-01T09:00:00"));
  ASSERT_TRUE(late.ok());
  EXPECT_TRUE(late->late());
  EXPECT_THAT(Faults(Complete(duty->name(), At("2026-05-03T09:01:00"))), ElementsAre("occurrenceTime UNKNOWN_VALUE"));
  EXPECT_THAT(Faults(Complete(duty->name(), At("2026-05-05T09:00:00"))), ElementsAre("occurrenceTime OUT_OF_RANGE"));
  EXPECT_EQ(Reason(Complete(duty->name(), At("2026-05-04T09:00:00"))), "OK") << "less than a day ahead";
  EXPECT_THAT(Show("2026-05-01T00:00:00", "2026-05-05T00:00:00"),
              ElementsAre("05-01T09:00 DONE", "05-02T09:00 MISSED", "05-03T09:00 DONE", "05-04T09:00 DONE"));

  EXPECT_EQ(Undo(duty->name(), At("2026-05-03T09:00:00"))->state(), pb::OCCURRENCE_STATE_OPEN);
  EXPECT_EQ(Undo(duty->name(), At("2026-05-03T09:00:00"))->state(), pb::OCCURRENCE_STATE_OPEN);
  EXPECT_EQ(Undo(duty->name(), At("2026-05-01T09:00:00"))->state(), pb::OCCURRENCE_STATE_MISSED);
  EXPECT_THAT(Events(), ::testing::HasSubstr("DutyCompleted:2 DutyCompleted:3 DutyCompleted:4 DutyCompletionUndone:5 "
                                             "DutyCompletionUndone:6"));
  EXPECT_EQ(
      db_.Query("SELECT count(*) FROM membership.outbox WHERE position(convert_to('已欢迎', 'UTF8') IN payload) > 0"),
      "0");
}

TEST_F(DutyServiceTest, OfManyWhoDoItAtOnceOneDid) {
  const auto duty = *Make("FREQ=DAILY", "2026-05-01T09:00:00");
  now_ = At("2026-05-01T09:10:00");
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(
        std::async(std::launch::async, [&] { return Reason(Complete(duty.name(), At("2026-05-01T09:00:00"))); }));
  }
  std::multiset<std::string> reasons;
  for (auto& answer : answers) reasons.insert(answer.get());
  EXPECT_EQ(reasons.count("OK"), 1u);
  EXPECT_EQ(reasons.count("DUTY_DONE"), 7u);
  EXPECT_EQ(Count("duty_completion"), 1);
}

TEST_F(DutyServiceTest, ANewScheduleIsForTheTimeFromNowOn) {
  const auto duty = *Make("FREQ=DAILY", "2026-05-01T09:00:00");
  now_ = At("2026-05-03T12:00:00");
  ASSERT_TRUE(Complete(duty.name(), At("2026-05-02T09:00:00")).ok());
  pb::UpdateDutyRequest update;
  update.mutable_duty()->set_name(duty.name());
  update.mutable_duty()->set_start_local("2026-05-01T20:00:00");
  update.mutable_duty()->set_rrule("FREQ=DAILY;INTERVAL=2");
  const auto changed = duties_.UpdateDuty(Now("UpdateDuty", update), update);
  ASSERT_TRUE(changed.ok()) << changed.error().message << changed.error().internal;
  EXPECT_EQ(changed->start_local(), "2026-05-01T20:00:00");
  EXPECT_EQ(changed->due_minutes(), 60);
  now_ = At("2026-05-05T20:30:00");
  EXPECT_THAT(Show("2026-05-01T00:00:00", "2026-05-08T00:00:00"),
              ElementsAre("05-01T09:00 MISSED", "05-02T09:00 DONE", "05-03T09:00 MISSED", "05-03T20:00 MISSED",
                          "05-05T20:00 OPEN", "05-07T20:00 UPCOMING"));

  pb::DeleteDutyRequest gone;
  gone.set_name(duty.name());
  gone.set_etag(duty.etag());
  EXPECT_EQ(Reason(duties_.DeleteDuty(Now("DeleteDuty", gone), gone)), "ETAG_MISMATCH");
  gone.clear_etag();
  ASSERT_TRUE(duties_.DeleteDuty(Now("DeleteDuty", gone), gone).ok());
  EXPECT_EQ(Reason(duties_.DeleteDuty(Now("DeleteDuty", gone), gone)), "DUTY_NOT_FOUND");
  EXPECT_THAT(Show("2026-05-04T00:00:00", "2026-05-09T00:00:00"), ElementsAre("05-05T20:00 OPEN"))
      << "what was before stays, nothing comes";
  EXPECT_EQ(Reason(Complete(duty.name(), At("2026-05-05T20:00:00"))), "DUTY_NOT_FOUND");
}

TEST_F(DutyServiceTest, AnotherZoneMovesTheTimesAndKeepsWhatWasDone) {
  Zone("America/New_York");
  now_ = At("2026-03-06T00:00:00");
  const auto duty = *Make("FREQ=DAILY", "2026-03-06T09:00:00");
  now_ = At("2026-03-09T12:00:00");
  EXPECT_THAT(Show("2026-03-06T00:00:00", "2026-03-10T00:00:00").size(), 4u);
  const auto summer = At("2026-03-08T09:00:00");
  EXPECT_EQ(summer - At("2026-03-07T09:00:00"), hours(23));
  ASSERT_TRUE(Complete(duty.name(), summer).ok());
  Zone("Europe/Berlin");
  EXPECT_THAT(Show("2026-03-08T00:00:00", "2026-03-09T00:00:00"), ElementsAre("03-08T09:00 DONE"));
  EXPECT_NE(At("2026-03-08T09:00:00"), summer);
}

TEST_F(DutyServiceTest, PagesAreTheWholeInPieces) {
  for (const auto* rule : {"FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9,10,11", "FREQ=WEEKLY", ""}) {
    ASSERT_TRUE(Make(rule, "2026-05-01T09:00:00").ok());
    ASSERT_TRUE(Make(rule, "2026-05-01T09:00:00").ok());
  }
  auto request = Window("2026-05-01T00:00:00", "2026-05-15T00:00:00");
  request.set_page_size(1000);
  const auto whole = *List(request);
  EXPECT_EQ(whole.next_page_token(), "");
  EXPECT_EQ(whole.occurrences_size(), 2 * (327 + 42 + 2 + 1));
  std::vector<std::string> expected, found;
  for (const auto& one : whole.occurrences()) expected.push_back(one.SerializeAsString());
  request.set_page_size(13);
  do {
    const auto page = List(request);
    ASSERT_TRUE(page.ok()) << page.error().message;
    EXPECT_LE(page->occurrences_size(), 13);
    for (const auto& one : page->occurrences()) found.push_back(one.SerializeAsString());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(found, expected);

  auto other = Window("2026-05-01T00:00:00", "2026-05-16T00:00:00");
  request = Window("2026-05-01T00:00:00", "2026-05-15T00:00:00");
  request.set_page_size(1);
  other.set_page_token(List(request)->next_page_token());
  EXPECT_THAT(Faults(List(other)), ElementsAre("pageToken INVALID_PAGE_TOKEN"));
  EXPECT_THAT(Faults(List(Window("2026-05-01T00:00:00", "2026-08-02T00:00:00"))), ElementsAre("endTime OUT_OF_RANGE"));
  EXPECT_THAT(Faults(List(Window("2026-05-01T00:00:00", "2026-05-01T00:00:00"))), ElementsAre("endTime OUT_OF_RANGE"));
}

TEST_F(DutyServiceTest, WhoHasToDoWhat) {
  const auto wang = Person(pb::STAFF_ROLE_ORGANISER, "王敏"), li = Person(pb::STAFF_ROLE_ORGANISER, "李雷");
  ASSERT_TRUE(Make("FREQ=DAILY", "2026-05-01T09:00:00", 60, pb::STAFF_ROLE_ORGANISER, wang.name()).ok());
  ASSERT_TRUE(Make("FREQ=DAILY", "2026-05-01T10:00:00", 60, pb::STAFF_ROLE_ORGANISER).ok());
  ASSERT_TRUE(Make("FREQ=DAILY", "2026-05-01T11:00:00", 60, pb::STAFF_ROLE_EDITOR).ok());
  const auto of = [&](const std::string& assignee, pb::StaffRole role) {
    auto request = Window("2026-05-01T00:00:00", "2026-05-02T00:00:00");
    request.set_assignee(assignee);
    request.set_role(role);
    std::string times;
    auto reply = List(request);
    if (!reply.ok()) return reply.error().reason;
    for (const auto& one : reply->occurrences()) times += one.occurrence_local().substr(11, 2) + " ";
    return times;
  };
  EXPECT_EQ(of(wang.name(), {}), "09 10 ");
  EXPECT_EQ(of(li.name(), {}), "10 ");
  EXPECT_EQ(of("", pb::STAFF_ROLE_EDITOR), "11 ");
  EXPECT_EQ(of("", {}), "09 10 11 ");
  EXPECT_EQ(of(community_.name() + "/staff/" + Id::New().ToString(), {}), "STAFF_NOT_FOUND");
  EXPECT_EQ(Reason(Make("", "2026-05-01T09:00:00", 60, pb::STAFF_ROLE_EDITOR,
                        Open(pb::GATE_KIND_QUESTIONS, "另一个").name() + "/staff/" +
                            wang.name().substr(wang.name().rfind('/') + 1))),
            "STAFF_NOT_FOUND");
}

TEST_F(DutyServiceTest, TheChecklistsOfATemplate) {
  now_ = At("2026-05-01T15:00:00");
  const auto made = Apply();
  std::map<int, int> by_role;
  for (const auto& duty : made.duties()) {
    ++by_role[duty.role()];
    EXPECT_TRUE(duty.start_local().starts_with("2026-05-02T")) << duty.start_local();
    EXPECT_FALSE(duty.template_key().empty());
  }
  EXPECT_EQ(by_role.size(), 6u);
  EXPECT_EQ(by_role[pb::STAFF_ROLE_ORGANISER], 3) << "a ring has no micro-lecture and no homework";
  EXPECT_THAT(Apply().duties(), IsEmpty()) << "once is enough";
  pb::DeleteDutyRequest gone;
  gone.set_name(made.duties(0).name());
  ASSERT_TRUE(duties_.DeleteDuty(Now("DeleteDuty", gone), gone).ok());
  EXPECT_THAT(Apply({pb::STAFF_ROLE_EDITOR}).duties(), IsEmpty());
  EXPECT_EQ(Apply().duties_size(), 1) << "what was deleted can be had again";
  db_.Query("UPDATE membership.community SET locale = 'en', structure = 2");
  const auto lessons = Apply();
  ASSERT_EQ(lessons.duties_size(), 2);
  EXPECT_EQ(lessons.duties(0).title(), "Host the weekly micro-lecture");
  // Twice a day, in the zone of the community.
  pb::ListDutyOccurrencesRequest request = Window("2026-05-02T00:00:00", "2026-05-03T00:00:00");
  request.set_role(pb::STAFF_ROLE_MODERATOR);
  std::vector<std::string> times;
  const auto moderators = *List(request);
  for (const auto& one : moderators.occurrences()) times.push_back(one.occurrence_local().substr(11, 5));
  EXPECT_THAT(times, ElementsAre("10:00", "18:00"));
}

TEST_F(DutyServiceTest, HowMuchWasDone) {
  const auto wang = Person(pb::STAFF_ROLE_ORGANISER, "王敏"), li = Person(pb::STAFF_ROLE_VOLUNTEER, "李雷");
  const auto mine = *Make("FREQ=DAILY", "2026-05-01T09:00:00", 60, pb::STAFF_ROLE_ORGANISER, wang.name());
  const auto ours = *Make("FREQ=DAILY", "2026-05-01T10:00:00", 60, pb::STAFF_ROLE_EDITOR);
  now_ = At("2026-05-01T09:30:00");
  ASSERT_TRUE(Complete(mine.name(), At("2026-05-01T09:00:00"), wang.name()).ok());
  now_ = At("2026-05-02T12:00:00");
  ASSERT_TRUE(Complete(mine.name(), At("2026-05-02T09:00:00"), li.name()).ok());
  now_ = At("2026-05-04T09:30:00");
  pb::GetChecklistReportRequest request;
  request.set_parent(community_.name());
  *request.mutable_start_time() = resource::ToTimestamp(At("2026-05-01T00:00:00"));
  *request.mutable_end_time() = resource::ToTimestamp(At("2026-06-01T00:00:00"));
  const auto report = duties_.GetChecklistReport(Now("GetChecklistReport", request), request);
  ASSERT_TRUE(report.ok()) << report.error().message << report.error().internal;
  const auto& total = report->total();
  EXPECT_EQ(total.done_count(), 1);
  EXPECT_EQ(total.done_late_count(), 1);
  EXPECT_EQ(total.missed_count(), 4);  // mine on the 3rd, ours on the 1st to the 3rd
  EXPECT_EQ(total.open_count(), 1);
  EXPECT_EQ(total.completion_percent(), 33);
  ASSERT_EQ(report->roles_size(), 2);
  EXPECT_EQ(report->roles(0).role(), pb::STAFF_ROLE_ORGANISER);
  EXPECT_EQ(report->roles(0).completion_percent(), 66);
  EXPECT_EQ(report->roles(1).completion_percent(), 0);
  ASSERT_EQ(report->staff_size(), 2);
  EXPECT_EQ(report->staff(0).staff(), wang.name());
  EXPECT_EQ(report->staff(0).missed_count(), 1);
  EXPECT_EQ(report->staff(0).completed_by_count(), 1);
  EXPECT_EQ(report->staff(1).role(), pb::STAFF_ROLE_VOLUNTEER);
  EXPECT_EQ(report->staff(1).completed_by_count(), 1);
  EXPECT_FALSE(report->staff(1).has_completion_percent()) << "nothing was theirs to do";
}

TEST_F(DutyServiceTest, WhatIsNoDuty) {
  EXPECT_THAT(Faults(Make("FREQ=SECONDLY", "2026-05-01T09:00:00")), ElementsAre("duty.rrule INVALID_FORMAT"));
  EXPECT_THAT(Faults(Make("FREQ=DAILY", "2026-05-01 09:00")), ElementsAre("duty.startLocal INVALID_FORMAT"));
  EXPECT_THAT(Faults(Make("FREQ=DAILY;UNTIL=20250101", "2026-05-01T09:00:00")),
              ElementsAre("duty.rrule INVALID_FORMAT"));
  EXPECT_EQ(Count("duty"), 0);
  for (int i = 0; i < kMaxDuties; ++i) ASSERT_TRUE(Make("FREQ=HOURLY", "2026-05-01T09:00:00").ok());
  EXPECT_EQ(Reason(Make("", "2026-05-01T09:00:00")), "LIMIT_REACHED");
  now_ = At("2026-07-30T00:00:00");
  auto request = Window("2026-05-01T00:00:00", "2026-07-30T00:00:00");
  request.set_page_size(1000);
  const auto page = List(request);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->occurrences_size(), 1000);
  pb::GetChecklistReportRequest report;
  report.set_parent(community_.name());
  EXPECT_THAT(Faults(duties_.GetChecklistReport(Now("GetChecklistReport", report), report)),
              ElementsAre("endTime OUT_OF_RANGE"))
      << "bounded, whatever was declared";
}

}  // namespace
}  // namespace lanting::membership
