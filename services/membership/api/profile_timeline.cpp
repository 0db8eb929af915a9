// ProfileService: notes of staff, and the timeline.
#include <algorithm>
#include <charconv>

#include "lanting/membership/v1/profile.pb.h"
#include "membership/api/convert_member.h"
#include "membership/api/profile_service.h"
#include "membership/api/text_page.h"
#include "membership/domain/errors.h"
#include "membership/domain/profile_errors.h"
#include "membership/store/profile_store.h"
#include "membership/store/sql_profile.h"
#include "membership/store/timeline_store.h"
#include "platform/idempotency/write.h"
#include "platform/resource/page.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = profile_store;
using idempotency::Work;
using timeline_store::Place;

pb::TimelineEntry ToProto(const TimelineEntry& entry, const std::string& locale) {
  pb::TimelineEntry to;
  to.set_kind(static_cast<pb::TimelineKind>(entry.kind));
  *to.mutable_event_time() = resource::ToTimestamp(entry.time);
  to.set_actor(entry.actor);
  to.mutable_details()->insert(entry.details.begin(), entry.details.end());
  to.set_text(TimelineText(entry, locale));
  return to;
}

// A page ends early at about this many bytes of texts.
constexpr std::size_t kMaxPageBytes = 1024 * 1024;

// How many of the first `count` entries a page holds: at least one, if there is one.
std::size_t Fitting(const std::vector<TimelineEntry>& entries, std::size_t count) {
  std::size_t bytes = 0, shown = 0;
  while (shown < std::min(entries.size(), count) && bytes < kMaxPageBytes) {
    for (const auto& [key, text] : entries[shown].details) bytes += key.size() + text.size();
    ++shown;
  }
  return shown;
}

// A place as the text of a token: microseconds, ' ', key.
std::string ToText(const TimelineEntry& entry) {
  return std::to_string(entry.time.time_since_epoch().count()) + " " + entry.key;
}
std::optional<Place> ToPlace(const std::string& text) {
  std::int64_t microseconds = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, microseconds);
  if (error != std::errc() || rest == end || *rest != ' ') return std::nullopt;
  return Place{Time(std::chrono::microseconds(microseconds)), std::string(rest + 1, end)};
}

}  // namespace

Result<pb::MemberNote> ProfileService::CreateNote(const rpc::Call& call, const pb::CreateNoteRequest& request) {
  const auto name = names::Parse(request.parent());
  const MemberNote note{.id = Id::New(call.now),
                        .member = name.second,
                        .community = name.first,
                        .text = request.note().text(),
                        .author = call.principal.subject,
                        .author_name = request.note().author_name(),
                        .create_time = call.now};
  return idempotency::Write<pb::MemberNote>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::MemberNote> {
    if (!store::MemberLocale(tx, note.community, note.member)) return errors::MemberNotFound(request.parent());
    store::CreateNote(work, tx.tenant(), note);
    return convert::ToProto(note);
  });
}

Result<pb::ListNotesResponse> ProfileService::ListNotes(const rpc::Call& call, const pb::ListNotesRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListNotes, .id_column = "n.id"};
  const auto name = names::Parse(request.parent());
  pb::ListNotesResponse response;
  bool elsewhere = false;  // the member is of another community
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, spec,
                       {.parent = name.second, .page_size = request.page_size(), .page_token = request.page_token()},
                       [&](const pqxx::row& row) {
                         auto note = store::ReadNote(row);
                         elsewhere |= note.community != name.first;
                         *response.add_notes() = convert::ToProto(note);
                       },
                       [&](pg::Tx& tx) -> Result<void> {
                         if (!store::MemberLocale(tx, name.first, name.second))
                           return errors::MemberNotFound(request.parent());
                         return {};
                       }));
  if (elsewhere) return errors::MemberNotFound(request.parent());
  return response;
}

Result<google::protobuf::Empty> ProfileService::DeleteNote(const rpc::Call& call,
                                                           const pb::DeleteNoteRequest& request) {
  using google::protobuf::Empty;
  const auto name = names::Parse(request.name());
  const auto id = names::NoteId(request.name());
  return idempotency::Write<Empty>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Empty> {
    if (!store::LockNote(tx, name.first, name.second, id)) return errors::NoteNotFound(request.name());
    store::DeleteNote(work, tx.tenant(), name.second, id);
    return Empty();
  });
}

Result<pb::ListTimelineResponse> ProfileService::ListTimeline(const rpc::Call& call,
                                                              const pb::ListTimelineRequest& request) {
  ASSIGN_OR_RETURN(const auto page, PageOf(call, request));
  const auto name = names::Parse(request.parent());
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::ListTimelineResponse> {
    const auto locale = store::MemberLocale(tx, name.first, name.second);
    if (!locale) return errors::MemberNotFound(request.parent());
    auto entries = timeline_store::List(tx, name.first, name.second, convert::SeesStaffView(call), ToPlace(page.after),
                                        page.size + 1);
    pb::ListTimelineResponse response;
    const auto shown = Fitting(entries, static_cast<std::size_t>(page.size));
    if (shown < entries.size()) {
      entries.resize(shown);
      response.set_next_page_token(page.TokenAfter(ToText(entries.back())));
    }
    for (const auto& entry : entries) *response.add_entries() = ToProto(entry, *locale);
    return response;
  });
}

}  // namespace lanting::membership
