#include "membership/domain/timeline.h"

namespace lanting::membership {
namespace {

struct Words {
  const char *chinese, *english;
};

Words WordsOf(TimelineKind kind) {
  switch (kind) {
    case TimelineKind::kApplied:
      return {"提交了入群申请", "Applied"};
    case TimelineKind::kApplicationApproved:
      return {"入群申请通过", "The application was approved"};
    case TimelineKind::kWaitlisted:
      return {"进入候补名单", "Was put on the waiting list"};
    case TimelineKind::kJoined:
      return {"加入社群", "Joined"};
    case TimelineKind::kHouseRulesAccepted:
      return {"接受群规，版本 ", "Accepted the house rules, version "};
    case TimelineKind::kNoted:
      return {"备注：", "Note: "};
    case TimelineKind::kMoved:
      return {"换到另一个群", "Moved to another group"};
    case TimelineKind::kPlaced:
      return {"加入分群", "Was placed in another group as well"};
    case TimelineKind::kUnplaced:
      return {"退出分群", "Left one of the groups"};
    case TimelineKind::kOffered:
      return {"收到入群名额", "Was offered a place"};
    case TimelineKind::kOfferLapsed:
      return {"名额已过期", "The offer ran out"};
    case TimelineKind::kTagged:
      return {"标签", "Tags:"};
    case TimelineKind::kUpdated:
      return {"资料更新：", "Changed: "};
    case TimelineKind::kMerged:
      return {"合并了另一个成员", "Another member was merged into this one"};
    case TimelineKind::kMergeUndone:
      return {"撤销了合并", "A merge was undone"};
    case TimelineKind::kLeft:
      return {"离开社群", "Left"};
    case TimelineKind::kOnboarded:
      return {"完成入群步骤：", "Onboarding step done: "};
    case TimelineKind::kErased:
      return {"个人资料已删除", "Personal data was erased"};
  }
  return {"其他", "Something else"};
}

std::string Get(const TimelineEntry& entry, const char* key) {
  const auto found = entry.details.find(key);
  return found == entry.details.end() ? "" : found->second;
}

// " +绘画, 手帐 -围观"
std::string Tags(const TimelineEntry& entry) {
  std::string text;
  if (auto added = Get(entry, "added"); !added.empty()) text += " +" + added;
  if (auto removed = Get(entry, "removed"); !removed.empty()) text += " -" + removed;
  return text;
}

}  // namespace

std::string TimelineText(const TimelineEntry& entry, std::string_view locale) {
  const bool english = locale == "en";
  if (entry.kind == TimelineKind::kOfferLapsed && Get(entry, "declined") == "true")
    return english ? "Declined the offer" : "放弃了名额";
  const auto words = WordsOf(entry.kind);
  std::string text = english ? words.english : words.chinese;
  switch (entry.kind) {
    case TimelineKind::kHouseRulesAccepted:
      return text + Get(entry, "version");
    case TimelineKind::kNoted:
      return text + Get(entry, "text");
    case TimelineKind::kTagged:
      return text + Tags(entry);
    case TimelineKind::kUpdated:
      return text + Get(entry, "fields");
    case TimelineKind::kOnboarded:
      return text + Get(entry, "step");
    case TimelineKind::kLeft: {
      const auto reason = Get(entry, "text");
      return reason.empty() ? text : text + (english ? ": " : "：") + reason;
    }
    default:
      return text;
  }
}

}  // namespace lanting::membership
