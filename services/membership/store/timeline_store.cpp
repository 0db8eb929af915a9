#include "membership/store/timeline_store.h"

#include "lanting/membership/v1/member.pb.h"
#include "membership/domain/note.h"
#include "membership/store/columns.h"
#include "membership/store/sql_timeline.h"

namespace lanting::membership::timeline_store {
namespace {

// Ids and numbers of what is read from where it is kept become names.
void NameDetails(const Id& community, const Id& member, TimelineEntry& entry) {
  if (static_cast<int>(entry.kind) >= 10) return;
  auto replace = [&](const char* key, auto name) {
    auto found = entry.details.find(key);
    if (found == entry.details.end()) return;
    if (auto id = Id::ParseUuid(found->second)) found->second = name(*id);
  };
  replace("application", [&](const Id& id) { return names::Application(community, id); });
  replace("group", [&](const Id& id) { return names::Group(community, id); });
  replace("note", [&](const Id& id) { return names::Note(community, member, id); });
  if (auto source = entry.details.find("source"); source != entry.details.end())
    source->second = v1::JoinSource_Name(static_cast<v1::JoinSource>(std::stoi(source->second)));
}

}  // namespace

std::vector<TimelineEntry> List(pg::Tx& tx, const Id& community, const Id& member, bool staff,
                                const std::optional<Place>& after, int limit) {
  const auto rows =
      tx.Run(sql::kTimeline, tx.tenant(), community, member, staff, after ? std::optional(after->time) : std::nullopt,
             after ? std::optional(after->key) : std::nullopt, limit);
  std::vector<TimelineEntry> entries;
  for (const auto& row : rows) {
    TimelineEntry entry{.kind = static_cast<TimelineKind>(pg::GetInt(row["kind"])),
                        .time = pg::GetTime(row["at"]),
                        .actor = pg::GetString(row["actor"]),
                        .details = columns::ParseTexts(pg::GetString(row["detail"])),
                        .key = pg::GetString(row["key"])};
    NameDetails(community, member, entry);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace lanting::membership::timeline_store
