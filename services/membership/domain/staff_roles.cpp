// The catalogue of roles: what they are called, may do and have to do.
#include <algorithm>

#include "membership/domain/staff.h"

namespace lanting::membership {
namespace {

struct Text {
  const char *zh, *en;
};
struct DutyText {
  const char* key;
  Text title, description;
  const char *rrule, *local_time;
  int due_minutes;
  std::optional<Structure> structure{};
  std::optional<Template> opened_from{};
};
struct RoleText {
  StaffRole role;
  const char* name;
  Text title, description;
  std::vector<std::string> scopes;
  std::vector<DutyText> duties;
};

const std::vector<RoleText>& Catalogue() {
  static const std::vector<RoleText> roles = {
      {StaffRole::kOwner,
       "OWNER",
       {"群主", "Owner"},
       {"对社群的方向和结果负责。", "Answers for where the community goes."},
       {"*"},
       {{"owner.weekly_review",
         {"每周复盘", "Weekly review"},
         {"看一周的活跃、分享和新成员，定下周要改的一件事。",
          "Look at the week's activity, shares and newcomers, and settle one thing to change."},
         "FREQ=WEEKLY;BYDAY=MO",
         "10:00",
         2880},
        {"owner.monthly_vision",
         {"每月对照愿景", "Vision check of the month"},
         {"活动和内容是否还围绕愿景？", "Do activities and content still serve the vision?"},
         "FREQ=MONTHLY;BYMONTHDAY=1",
         "10:00",
         4320}}},
      {StaffRole::kOrganiser,
       "ORGANISER",
       {"组织者", "Organiser"},
       {"日常管理：迎新、带话题、维护秩序。", "Daily management: greets, keeps the talk going, looks after the order."},
       {"communities.read", "gates.*", "members.*", "staff.read", "duties.*"},
       {{"organiser.greet",
         {"欢迎新成员", "Greet newcomers"},
         {"点名欢迎昨天以来加入的人，请他们介绍自己。",
          "Welcome by name who joined since yesterday, and ask for a few words."},
         "FREQ=DAILY",
         "09:00",
         720},
        {"organiser.evening_topic",
         {"晚间话题", "Evening topic"},
         {"抛出一个人人能接的话题，并接住前几个回应。",
          "Put up a topic that everybody can answer, and pick up the first answers."},
         "FREQ=DAILY",
         "20:00",
         180,
         Structure::kRing},
        {"organiser.micro_lecture",
         {"组织每周微课", "Host the weekly micro-lecture"},
         {"约好分享人，预告、主持并整理要点。", "Invite the speaker, announce, host, and note the main points."},
         "FREQ=WEEKLY;BYDAY=WE",
         "20:00",
         1440,
         Structure::kPyramid},
        {"organiser.homework",
         {"发布每周作业话题", "Post the weekly homework topic"},
         {"发布作业，点评上周的作业。", "Post the homework and comment on last week's."},
         "FREQ=WEEKLY;BYDAY=SU",
         "20:00",
         1440,
         Structure::kPyramid},
        {"organiser.introduce",
         {"牵线两位成员", "Introduce two members to each other"},
         {"挑两位能互相帮上忙的人，在群里介绍他们认识。",
          "Choose two who could help each other, and introduce them in the group."},
         "FREQ=WEEKLY;BYDAY=TU,TH",
         "11:00",
         720,
         std::nullopt,
         Template::kNetworking},
        {"organiser.benefit",
         {"公布本周会员福利", "Announce the benefit of the week"},
         {"说明怎么领、到什么时候，并回答问题。", "Say how to get it and until when, and answer questions."},
         "FREQ=WEEKLY;BYDAY=TH",
         "12:00",
         720,
         std::nullopt,
         Template::kMemberBenefits},
        {"organiser.silent",
         {"关心沉默的成员", "Look after silent members"},
         {"私下问候几位很久没说话的人。", "Write to a few people who have not spoken for long."},
         "FREQ=WEEKLY;BYDAY=FR",
         "15:00",
         1440}}},
      {StaffRole::kEditor,
       "EDITOR",
       {"内容编辑", "Content editor"},
       {"准备和编辑分享的内容。", "Prepares and edits what is shared."},
       {"communities.read", "members.read", "staff.read", "duties.read", "duties.complete"},
       {{"editor.morning_share",
         {"早间分享", "Morning share"},
         {"发一条一分钟能看完的内容。", "Share something that takes a minute to read."},
         "FREQ=DAILY",
         "07:00",
         120},
        {"editor.next_week",
         {"排下周内容", "Plan next week's content"},
         {"干货九成，推广不过一成。", "Nine parts of value to one of promotion at the most."},
         "FREQ=WEEKLY;BYDAY=FR",
         "16:00",
         2880}}},
      {StaffRole::kPlanner,
       "PLANNER",
       {"活动策划", "Activity planner"},
       {"策划线上线下的活动。", "Plans activities and meetups."},
       {"communities.read", "members.read", "staff.read", "duties.read", "duties.complete"},
       {{"planner.weekly_activity",
         {"定本周活动", "Settle this week's activity"},
         {"定时间、负责人和预告。", "Settle the time, who runs it, and the announcement."},
         "FREQ=WEEKLY;BYDAY=TU",
         "10:00",
         1440},
        {"planner.monthly_meetup",
         {"策划每月聚会", "Plan the meetup of the month"},
         {"定主题、地点和嘉宾。", "Settle theme, place and guests."},
         "FREQ=MONTHLY;BYDAY=1MO",
         "10:00",
         4320}}},
      {StaffRole::kModerator,
       "MODERATOR",
       {"管理员", "Moderator"},
       {"维护群规，处理举报和咨询。", "Watches over the house rules, answers reports and questions."},
       {"communities.read", "members.read", "members.write", "members.staff", "staff.read", "duties.read",
        "duties.complete"},
       {{"moderator.reports",
         {"查看举报和咨询", "Check reports and questions"},
         {"每条都有回应，违规按群规处理。",
          "Everyone gets an answer; what breaks the rules is dealt with by the rules."},
         "FREQ=DAILY;BYHOUR=10,18",
         "10:00",
         240},
        {"moderator.names",
         {"检查群昵称", "Check the names in the groups"},
         {"提醒没有按规范改名的人。", "Remind those who do not follow the naming convention."},
         "FREQ=WEEKLY;BYDAY=WE",
         "14:00",
         1440}}},
      {StaffRole::kVolunteer,
       "VOLUNTEER",
       {"志愿者（雷锋组）", "Volunteer"},
       {"成员里的热心人，帮群变得更规范。", "Helpers among the members who make the community a better place."},
       {"communities.read", "staff.read", "duties.read", "duties.complete"},
       {{"volunteer.answers",
         {"回应没人接的问题", "Answer what nobody answered"},
         {"找出今天没人回应的提问，回一句或请人回。",
          "Find the questions of the day that nobody answered; answer, or ask somebody to."},
         "FREQ=DAILY",
         "21:00",
         180},
        {"volunteer.improve",
         {"提一条改进建议", "Suggest one improvement"},
         {"本周有什么事可以做得更好？", "What could be done better this week?"},
         "FREQ=WEEKLY;BYDAY=SA",
         "10:00",
         2880}}}};
  return roles;
}

std::vector<StaffRoleInfo> InLanguage(bool english) {
  const auto say = [&](const Text& text) { return std::string(english ? text.en : text.zh); };
  std::vector<StaffRoleInfo> all;
  for (const auto& from : Catalogue()) {
    StaffRoleInfo info{from.role, say(from.title), say(from.description), from.scopes, {}};
    for (const auto& d : from.duties) {
      info.duties.push_back(
          {d.key, say(d.title), say(d.description), d.rrule, d.local_time, d.due_minutes, d.structure, d.opened_from});
    }
    all.push_back(std::move(info));
  }
  return all;
}

const RoleText* Find(StaffRole role) {
  const auto& all = Catalogue();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& r) { return r.role == role; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<StaffRoleInfo>& StaffRoles(std::string_view locale) {
  static const auto zh = InLanguage(false), en = InLanguage(true);
  return locale == "en" ? en : zh;
}

std::vector<std::string> ScopesOf(StaffRole role) {
  const auto* found = Find(role);
  return found == nullptr ? std::vector<std::string>() : found->scopes;
}

std::string NameOf(StaffRole role) {
  const auto* found = Find(role);
  return found == nullptr ? "" : found->name;
}

}  // namespace lanting::membership
