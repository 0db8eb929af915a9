// The calls of DutyService about occurrences: what is to be done, what was, and how much of it.
#include <charconv>

#include "membership/api/cause.h"
#include "membership/api/convert_staff.h"
#include "membership/api/duty_occurrences.h"
#include "membership/api/duty_service.h"
#include "membership/domain/names.h"
#include "membership/domain/staff_errors.h"
#include "membership/events/publish_staff.h"
#include "membership/store/community_store.h"
#include "membership/store/duty_store.h"
#include "membership/store/staff_store.h"
#include "platform/base/strings.h"
#include "platform/idempotency/write.h"
#include "platform/paging/page_token.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = duty_store;
using idempotency::Work;
using std::chrono::hours;

// Most occurrences that a report counts.
constexpr std::size_t kMaxReported = 20'000;

// What a page begins after, and where its window ends: "<from>,<to>" in microseconds, and the duty.
struct Cursor {
  Time from, to;
  Id after;
};

std::string Encode(const paging::ListKey& key, const Cursor& cursor) {
  const auto number = [](Time time) { return std::to_string(time.time_since_epoch().count()); };
  return paging::EncodePageToken(
      key, {.last_value = number(cursor.from) + "," + number(cursor.to), .last_id = cursor.after});
}

std::optional<Time> ReadTime(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Time(Time::duration(value));
}

// The window of the first page, or what is left of it.
Result<Cursor> WindowOf(const rpc::Call& call, const pb::ListDutyOccurrencesRequest& request,
                        const paging::ListKey& key) {
  ASSIGN_OR_RETURN(const auto token, paging::DecodePageToken(key, request.page_token()));
  if (token) {
    const auto text = token->last_value.value_or("");
    const auto parts = Split(text, ',');
    const auto from = parts.size() == 2 ? ReadTime(parts[0]) : std::nullopt;
    const auto to = parts.size() == 2 ? ReadTime(parts[1]) : std::nullopt;
    if (!from || !to) return lanting::errors::InvalidField("pageToken", "INVALID_PAGE_TOKEN", "Is not of this list.");
    return Cursor{*from, *to, token->last_id};
  }
  Cursor window{.from = call.now - hours(24), .to = {}, .after = {}};
  if (request.has_start_time()) window.from = resource::FromTimestamp(request.start_time());
  window.to = request.has_end_time() ? resource::FromTimestamp(request.end_time()) : window.from + hours(24 * 8);
  RETURN_IF_ERROR(CheckWindow(window.from, window.to));
  return window;
}

Result<Community> CommunityOf(pg::Tx& tx, const std::string& parent) {
  auto community = community_store::Get(tx, names::Parse(parent).first);
  if (!community) return errors::CommunityNotFound(parent);
  return *std::move(community);
}

Result<std::shared_ptr<const calendar::TimeZone>> ZoneOf(const Community& community) {
  auto zone = calendar::TimeZone::Find(community.time_zone);
  if (!zone) return lanting::errors::Internal("no such zone: " + community.time_zone);
  return zone;
}

Result<store::Filter> FilterOf(pg::Tx& tx, const pb::ListDutyOccurrencesRequest& request, const Id& community) {
  store::Filter filter;
  if (request.role() != pb::STAFF_ROLE_UNSPECIFIED) filter.role = static_cast<StaffRole>(request.role());
  if (request.assignee().empty()) return filter;
  const auto name = names::Parse(request.assignee());
  const auto staff = name.first == community ? staff_store::Get(tx, community, name.second) : std::nullopt;
  if (!staff) return errors::StaffNotFound(request.assignee());
  filter.assignee = staff->id;
  filter.assignee_role = staff->role;
  return filter;
}

// The duty, locked, and its occurrence at that time.
struct Found {
  Duty duty;
  DutyOccurrence occurrence;
};
Result<Found> FindOccurrence(pg::Tx& tx, const std::string& name, const google::protobuf::Timestamp& at, Time now) {
  const auto id = names::Parse(name);
  auto duty = store::Lock(tx, id.first, id.second);
  if (!duty) return errors::DutyNotFound(name);
  ASSIGN_OR_RETURN(const auto community, CommunityOf(tx, names::Community(id.first)));
  ASSIGN_OR_RETURN(auto zone, ZoneOf(community));
  auto occurrence = DutyOccurrences(id.first, std::move(zone), now).At(tx, id.second, resource::FromTimestamp(at));
  if (!occurrence) {
    return lanting::errors::InvalidField("occurrenceTime", "UNKNOWN_VALUE", "The duty is not to be done at that time.");
  }
  return Found{*std::move(duty), *std::move(occurrence)};
}

// Who did it, of the community of the duty and still there. Nil: nobody was named.
Result<Id> DoneBy(pg::Tx& tx, const std::string& staff_name, const Id& community) {
  if (staff_name.empty()) return Id();
  const auto name = names::Parse(staff_name);
  const auto staff = name.first == community ? staff_store::Get(tx, community, name.second) : std::nullopt;
  if (!staff) return errors::StaffNotFound(staff_name);
  if (staff->end_time) return errors::StaffEnded(staff_name);
  return staff->id;
}

}  // namespace

Result<pb::ListDutyOccurrencesResponse> DutyService::ListDutyOccurrences(
    const rpc::Call& call, const pb::ListDutyOccurrencesRequest& request) {
  const auto arguments = request.start_time().SerializeAsString() + "/" + request.end_time().SerializeAsString() + "/" +
                         std::to_string(request.role()) + "/" + request.assignee();
  const auto filter_hash = Sha256(arguments);
  const paging::ListKey key{call.tenant(), call.method, request.parent(), filter_hash, ""};
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto window, WindowOf(call, request, key));
  return pg::ReadTenant(
      pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::ListDutyOccurrencesResponse> {
        ASSIGN_OR_RETURN(const auto community, CommunityOf(tx, request.parent()));
        ASSIGN_OR_RETURN(auto zone, ZoneOf(community));
        ASSIGN_OR_RETURN(const auto filter, FilterOf(tx, request, community.id));
        const auto schedules = store::Schedules(tx, community.id, window.from, window.to, filter);
        ASSIGN_OR_RETURN(const auto page, DutyOccurrences(community.id, std::move(zone), call.now)
                                              .Page(tx, schedules, window.from, window.after, window.to,
                                                    static_cast<std::size_t>(size)));
        pb::ListDutyOccurrencesResponse response;
        for (const auto& one : page.list) *response.add_occurrences() = convert::ToProto(one);
        if (page.more && !page.list.empty()) {
          response.set_next_page_token(Encode(key, {page.list.back().time, window.to, page.list.back().duty}));
        }
        return response;
      });
}

Result<pb::DutyOccurrence> DutyService::CompleteDuty(const rpc::Call& call, const pb::CompleteDutyRequest& request) {
  return idempotency::Write<pb::DutyOccurrence>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::DutyOccurrence> {
    ASSIGN_OR_RETURN(auto found, FindOccurrence(tx, request.name(), request.occurrence_time(), call.now));
    auto& [duty, occurrence] = found;
    ASSIGN_OR_RETURN(const auto staff, DoneBy(tx, request.staff(), duty.community));
    if (occurrence.done) {
      const auto& by = occurrence.done->staff;
      return errors::DutyDone(calendar::FormatLocal(occurrence.local),
                              by.IsNil() ? "" : names::Staff(duty.community, by));
    }
    RETURN_IF_ERROR(CheckCompletable(occurrence.time, call.now));
    occurrence.done = {.staff = staff, .note = request.note(), .time = call.now, .late = call.now >= occurrence.due};
    occurrence.state = OccurrenceState::kDone;
    ++duty.version;
    store::Complete(work, tx.tenant(), duty, occurrence.local, *occurrence.done);
    work.Publish(events::DutyCompleted(duty, occurrence.time, *occurrence.done, CauseOf(call)));
    return convert::ToProto(occurrence);
  });
}

Result<pb::DutyOccurrence> DutyService::UndoCompletion(const rpc::Call& call,
                                                       const pb::UndoCompletionRequest& request) {
  return idempotency::Write<pb::DutyOccurrence>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::DutyOccurrence> {
    ASSIGN_OR_RETURN(auto found, FindOccurrence(tx, request.name(), request.occurrence_time(), call.now));
    auto& [duty, occurrence] = found;
    if (!occurrence.done) return convert::ToProto(occurrence);
    occurrence.done.reset();
    occurrence.state = StateOf(occurrence, call.now);
    ++duty.version;
    store::Undo(work, tx.tenant(), duty, occurrence.local);
    work.Publish(events::DutyCompletionUndone(duty, occurrence.time, CauseOf(call)));
    return convert::ToProto(occurrence);
  });
}

Result<pb::ChecklistReport> DutyService::GetChecklistReport(const rpc::Call& call,
                                                            const pb::GetChecklistReportRequest& request) {
  const Time end = request.has_end_time() ? resource::FromTimestamp(request.end_time()) : call.now;
  const Time start = request.has_start_time() ? resource::FromTimestamp(request.start_time()) : end - hours(24 * 28);
  RETURN_IF_ERROR(CheckWindow(start, end));
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::ChecklistReport> {
    ASSIGN_OR_RETURN(const auto community, CommunityOf(tx, request.parent()));
    ASSIGN_OR_RETURN(auto zone, ZoneOf(community));
    const auto schedules = store::Schedules(tx, community.id, start, end, {});
    const DutyOccurrences occurrences(community.id, std::move(zone), call.now);
    ASSIGN_OR_RETURN(const auto all, occurrences.All(tx, schedules, start, end, kMaxReported));
    if (!all) {
      return lanting::errors::InvalidField("endTime", "OUT_OF_RANGE",
                                           "More than 20,000 occurrences lie between: take a shorter time.");
    }
    std::set<Id> people;
    for (const auto& one : *all) {
      if (!one.assignee.IsNil()) people.insert(one.assignee);
      if (one.done && !one.done->staff.IsNil()) people.insert(one.done->staff);
    }
    const auto roles = store::RolesOf(tx, community.id, people);
    ChecklistReport report;
    for (const auto& one : *all) Add(report, one, roles, call.now);
    return convert::ToProto(report, community.id);
  });
}

}  // namespace lanting::membership
