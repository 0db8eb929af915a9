// A filter finds the same members in PostgreSQL and in memory, whatever is asked of whomever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "membership/api/member_fields.h"
#include "membership/domain/names.h"
#include "membership/store/columns.h"
#include "membership/store/join_test_world.h"
#include "membership/store/member_store.h"
#include "membership/store/segment_store.h"
#include "membership/store/sql_member.h"
#include "membership/store/sql_segment.h"

namespace lanting::membership {
namespace {

constexpr int kMembers = 250, kFilters = 800;

const std::vector<std::string> kTexts{"深圳-晓雯", "广州-Ada", "ada",   "Ada",  "Ада",       "阿强 \"快\"", "it's",
                                      "a\\b",      "100%_*",   "😀绘画", "绘画", "绘 画 AND", "\xc2\xa0",    ""};
const std::vector<std::string> kTags{"绘画", "摄影", "VIP", "o'neil", "NOT"};
const std::vector<std::string> kKeys{"city", "City", "level_2", "_"};
const std::vector<std::string> kTimes{"2026-01-01T00:00:00Z",           "2026-01-01T08:00:00+08:00",
                                      "2025-12-31T23:59:59.999999Z",    "2026-06-30T12:00:00.000001-04:30",
                                      "2026-06-30T16:30:00.000001001Z", "1999-02-28T00:00:00Z"};

class MemberFilterTest : public ::testing::Test {
 protected:
  int Dice(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  const std::string& Of(const std::vector<std::string>& texts) { return texts[Dice(static_cast<int>(texts.size()))]; }
  static std::string Sql(const std::string& text) {
    std::string out = "'";
    for (char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
  }
  std::string OrNull(const std::string& text) { return Dice(3) == 0 ? "NULL" : text; }
  std::string Time() { return Sql(Of(kTimes)); }

  void AddMember() {
    const auto id = Id::New();
    const int state = 1 + Dice(5);
    const auto group = Sql(groups_[Dice(3)].ToUuid()), of = Sql(w_.tenant.ToUuid()), me = Sql(id.ToUuid());
    const auto in = Sql(w_.community.ToUuid());
    std::map<std::string, std::string> attributes;
    for (const auto& key : kKeys) {
      if (Dice(3) == 0) attributes[key] = Of(kTexts);
    }
    std::string sql =
        "INSERT INTO membership.member (tenant_id, id, community_id, external_id, display_name, expectation, state,"
        " group_id, source, accepted_rules_version, waiting_ticket, join_time, create_time, update_time, version,"
        " attributes, customer_class, fan_score, values_fit, consent_time, referrer_id, offer_expire_time,"
        " merged_into, leave_time) VALUES (" +
        of + ", " + me + ", " + in + ", " + OrNull("'crm-" + id.ToString() + "'") + ", " + Sql(Of(kTexts)) + ", '', " +
        std::to_string(state) + ", " + (state == 2 ? "NULL" : group) + ", " + std::to_string(1 + Dice(5)) + ", " +
        std::to_string(Dice(3)) + ", " + (state == 2 ? std::to_string(++ticket_) : "NULL") + ", " + Time() + ", " +
        Time() + ", now(), 1, " + Sql(columns::Json(attributes)) + ", " + std::to_string(Dice(5)) + ", " +
        OrNull(std::to_string(Dice(4) * 30)) + ", " + OrNull("50") + ", " + OrNull(Time()) + ", " +
        OrNull(Sql(referrers_[Dice(2)].ToUuid())) + ", " + (state == 4 ? "now()" : "NULL") + ", " +
        (state == 5 ? me : "NULL") + ", " + OrNull(Time()) + ");";
    for (const auto& tag : kTags) {
      if (Dice(3) == 0)
        sql +=
            "INSERT INTO membership.member_tag VALUES (" + of + ", " + in + ", " + Sql(tag) + ", " + me + ", now());";
    }
    if (Dice(3) == 0) {
      sql += "INSERT INTO membership.group_place VALUES (" + of + ", " + in + ", " + Sql(groups_[Dice(3)].ToUuid()) +
             ", " + me + ", now());";
    }
    for (int channel = 1; channel <= 3; ++channel) {
      if (Dice(3) == 0) {
        sql += "INSERT INTO membership.member_identity VALUES (" + of + ", " + in + ", " + std::to_string(channel) +
               ", " + me + "::text, " + me + ");";
      }
    }
    w_.db.Query(sql);
  }

  std::string Quoted(const std::string& text) {
    const char quote = Dice(2) == 0 ? '"' : '\'';
    std::string out(1, quote);
    for (char c : text) out += c == quote || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return out + quote;
  }
  std::string Order() { return Of({"=", "!=", "<", "<=", ">", ">="}); }
  std::string Equal() { return Of({"=", "!="}); }

  std::string Term() {
    switch (Dice(14)) {
      case 0:
        return "state " + Equal() + " " + Of({"ACTIVE", "WAITING", "LEFT", "OFFERED", "MEMBER_STATE_MERGED"});
      case 1:
        return "source " + Equal() + " " + Of({"STAFF", "IMPORT", "REFERRAL"});
      case 2:
        return "group" + Equal() + names::Group(w_.community, groups_[Dice(3)]);
      case 3:
        return "channel " + Equal() + " " + Of({"WECOM", "QQ", "CHANNEL_WECHAT", "SLACK"});
      case 4:
        return "tags" + Of({":", "=", "!="}) + Quoted(Of(kTags));
      case 5:
        return "display_name " + Of({"=", "!=", "<", ">=", ":", ":"}) + Quoted(Of(kTexts));
      case 6:
        return "external_id " + Of({"!=", ":", "<"}) + "\"crm-0\"";
      case 7:
        return "acceptedRulesVersion " + Order() + " " + std::to_string(Dice(4) - 1);
      case 8:
        return "referrer" + Equal() + referrers_[Dice(2)].ToString();
      case 9:
        return Of({"join_time", "create_time", "consent_time", "leave_time"}) + Order() + Of(kTimes);
      case 10:
        return "customer_class" + Equal() + Of({"POTENTIAL", "EXPERT", "BULK"});
      case 11:
        return Of({"fan_score", "values_fit"}) + Order() + std::to_string(Dice(4) * 30);
      default:
        return "attributes." + Of(kKeys) + " " + Of({"=", "!=", "<", ">", ":"}) + Quoted(Of(kTexts));
    }
  }
  std::string Expression(int depth) {
    const std::string no = Dice(4) == 0 ? Of({"NOT ", "-"}) : "";
    if (depth == 0 || Dice(4) == 0) return no + Term();
    std::string text = no + "(" + Expression(depth - 1);
    for (int n = Dice(3); n > 0; --n) text += Of({" AND ", " OR "}) + Expression(depth - 1);
    return text + ")";
  }

  std::vector<Member> Everybody(pg::Tx& tx) {
    std::vector<Member> members;
    for (const auto& row : tx.RunDynamic(std::string(sql::kSelectMembers) + " ORDER BY m.id",
                                         {pg::ToParam(w_.tenant), pg::ToParam(w_.community)}))
      members.push_back(ReadMember(row));
    return members;
  }
  std::vector<Id> Found(pg::Tx& tx, const paging::Filter& filter) {
    std::vector<paging::Param> params{w_.tenant.ToUuid(), w_.community.ToUuid()};
    std::string sql = sql::kSampleMembers;
    if (!filter.Uses("state")) sql += sql::kNotLeft;
    sql += filter.ToSql(params) + " ORDER BY m.id";
    std::vector<Id> ids;
    for (const auto& row : tx.RunDynamic(sql, {params.begin(), params.end()})) ids.push_back(pg::GetId(row["id"]));
    return ids;
  }

  std::mt19937 random_{20260501};
  JoinWorld w_;
  std::vector<Id> groups_{w_.AddGroup(1000), w_.AddGroup(1000, 2), Id::New()};
  std::vector<Id> referrers_{Id::New(), Id::New()};
  int ticket_ = 0;
};

TEST_F(MemberFilterTest, PostgresAndMemoryAgree) {
  for (int i = 0; i < kMembers; ++i) AddMember();
  int found_some = 0;
  auto done = pg::ReadTenant(w_.pool, w_.tenant, DeadlineIn(std::chrono::minutes(5)), [&](pg::Tx& tx) -> Result<int> {
    const auto members = Everybody(tx);
    EXPECT_EQ(members.size(), std::size_t{kMembers});
    for (int i = 0; i < kFilters; ++i) {
      const auto text = Expression(i % 4);
      auto filter = paging::Filter::Parse(text, MemberFields(true));
      if (!filter.ok()) {
        ADD_FAILURE() << text << ": " << filter.error().message;
        continue;
      }
      std::vector<Id> in_memory;
      for (const auto& member : members) {
        if (Finds(*filter, member)) in_memory.push_back(member.id);
      }
      EXPECT_EQ(Found(tx, *filter), in_memory) << text;
      EXPECT_EQ(segment_store::CountMembers(tx, w_.community, *filter), static_cast<std::int64_t>(in_memory.size()))
          << text;
      found_some += !in_memory.empty() && in_memory.size() < members.size();
      if (::testing::Test::HasFailure()) break;
    }
    return 0;
  });
  ASSERT_TRUE(done.ok()) << done.error().message << done.error().internal;
  EXPECT_GT(found_some, kFilters / 2);
}

TEST_F(MemberFilterTest, WhatOnlyStaffKnowDoesNotExistForOthers) {
  for (std::string field : {"customer_class = BULK", "fan_score > 1", "values_fit > 1", "attributes.city = a"}) {
    EXPECT_TRUE(paging::Filter::Parse(field, MemberFields(true)).ok()) << field;
    auto refused = paging::Filter::Parse("tags:a OR " + field, MemberFields(false));
    ASSERT_FALSE(refused.ok()) << field;
    EXPECT_THAT(refused.error().message, ::testing::HasSubstr("unknown field"));
    EXPECT_EQ(refused.error().message.find("fanScore"), std::string::npos);
    EXPECT_TRUE(AsksForStaffView(*paging::Filter::Parse("NOT (tags:a OR " + field + ")", MemberFields(true))));
  }
  EXPECT_FALSE(AsksForStaffView(*paging::Filter::Parse("tags:fan_score", MemberFields(true))));
}

}  // namespace
}  // namespace lanting::membership
