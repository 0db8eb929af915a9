#include "platform/paging/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "platform/base/id.h"

namespace lanting::paging {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<FilterField> kFields{
    {.name = "display_name", .column = "m.display_name", .type = Type::kString},
    {.name = "external_id", .column = "m.external_id", .type = Type::kString},
    {.name = "fan_score", .column = "m.fan_score", .type = Type::kInt},
    {.name = "muted", .column = "m.muted", .type = Type::kBool},
    {.name = "create_time", .column = "m.created_at", .type = Type::kTime},
    {.name = "state", .column = "m.state", .type = Type::kEnum, .values = {{"ACTIVE", 1}, {"WAITING", 2}}},
    {.name = "group", .column = "m.group_id", .type = Type::kId, .resource = "communities/*/groups/*"},
    {.name = "profile.city", .column = "m.profile->>$$city$$", .type = Type::kString},
    {.name = "tags", .column = "", .holds = "EXISTS (SELECT FROM tag t WHERE t.tag = {value} AND t.id = m.id)"},
    {.name = "attributes", .column = "m.attributes ->> {key}"}};

constexpr const char* kId = "01hzy3k5v8c6q1m9t0w2x4b7nj";

struct GoodCase {
  std::string filter, sql;
  std::vector<Param> params;
};

TEST(FilterTest, BecomesSqlWithPlaceholders) {
  const std::string id = kId;
  const std::string uuid = Id::Parse(kId)->ToUuid();
  const std::vector<GoodCase> cases{
      {"", "", {}},
      {" \t\n ", "", {}},
      {"state = ACTIVE", " AND m.state = $1::integer", {"1"}},
      {"state!=\"WAITING\"", " AND m.state IS DISTINCT FROM $1::integer", {"2"}},
      {"fanScore >= 10 AND fan_score<20", " AND m.fan_score >= $1::bigint AND m.fan_score < $2::bigint", {"10", "20"}},
      {"fan_score = -9223372036854775808", " AND m.fan_score = $1::bigint", {"-9223372036854775808"}},
      {"muted = true", " AND m.muted = $1::boolean", {"true"}},
      {"displayName:晨跑", " AND strpos(m.display_name, $1::text) > 0", {"晨跑"}},
      {"display_name = \"阿强 \\\"快\\\" \\\\ it's\"", " AND m.display_name = $1::text", {"阿强 \"快\" \\ it's"}},
      {"display_name = 'a \\' \"b\" AND c'", " AND m.display_name = $1::text", {"a ' \"b\" AND c"}},
      {"display_name > \"\"", " AND m.display_name COLLATE \"C\" > $1::text", {""}},
      {"display_name = \"100%_*\"", " AND m.display_name = $1::text", {"100%_*"}},
      {"create_time > 2024-05-01T08:00:00+08:00",
       " AND m.created_at > $1::timestamptz",
       {"2024-05-01 08:00:00.000000+08:00"}},
      {"createTime <= \"2024-02-29T23:59:59.123456789Z\"",
       " AND m.created_at <= $1::timestamptz",
       {"2024-02-29 23:59:59.123456+00:00"}},
      {"group = " + id, " AND m.group_id = $1::uuid", {uuid}},
      {"group = \"communities/" + id + "/groups/" + id + "\"", " AND m.group_id = $1::uuid", {uuid}},
      {"group = communities/" + id + "/groups/" + id, " AND m.group_id = $1::uuid", {uuid}},
      {"profile.city = 上海", " AND m.profile->>$$city$$ = $1::text", {"上海"}},
      {"tags:绘画", " AND EXISTS (SELECT FROM tag t WHERE t.tag = $1::text AND t.id = m.id)", {"绘画"}},
      {"-tags:绘画", " AND NOT EXISTS (SELECT FROM tag t WHERE t.tag = $1::text AND t.id = m.id)", {"绘画"}},
      {"tags != 绘画", " AND NOT EXISTS (SELECT FROM tag t WHERE t.tag = $1::text AND t.id = m.id)", {"绘画"}},
      {"NOT tags != 绘画", " AND EXISTS (SELECT FROM tag t WHERE t.tag = $1::text AND t.id = m.id)", {"绘画"}},
      {"attributes.City_2 = 上海", " AND (m.attributes ->> $1::text) = $2::text", {"City_2", "上海"}},
      {"state = ACTIVE OR state = WAITING", " AND (m.state = $1::integer OR m.state = $2::integer)", {"1", "2"}},
      {"muted = true AND fan_score = 1 OR fan_score = 2 AND muted = false",
       " AND m.muted = $1::boolean AND (m.fan_score = $2::bigint OR m.fan_score = $3::bigint) AND m.muted = "
       "$4::boolean",
       {"true", "1", "2", "false"}},
      {"(muted = true AND fan_score = 1) OR fan_score = 2",
       " AND ((m.muted = $1::boolean AND m.fan_score = $2::bigint) OR m.fan_score = $3::bigint)",
       {"true", "1", "2"}},
      {"((muted = true))AND(fan_score = 1)", " AND m.muted = $1::boolean AND m.fan_score = $2::bigint", {"true", "1"}},
      {"NOT fan_score > 1", " AND (m.fan_score > $1::bigint) IS NOT TRUE", {"1"}},
      {"NOT fan_score = 1", " AND m.fan_score IS DISTINCT FROM $1::bigint", {"1"}},
      {"-fan_score != -1", " AND m.fan_score = $1::bigint", {"-1"}},
      {"NOT display_name : a", " AND (strpos(m.display_name, $1::text) > 0) IS NOT TRUE", {"a"}},
      {"NOT (fan_score = 1 OR muted = true)",
       " AND m.fan_score IS DISTINCT FROM $1::bigint AND m.muted IS DISTINCT FROM $2::boolean",
       {"1", "true"}},
      {"NOT(fan_score = 1 AND -(muted = true))",
       " AND (m.fan_score IS DISTINCT FROM $1::bigint OR m.muted = $2::boolean)",
       {"1", "true"}},
  };
  for (const auto& c : cases) {
    std::vector<Param> params;
    auto sql = FilterSql(c.filter, kFields, params);
    ASSERT_TRUE(sql.ok()) << c.filter << ": " << sql.error().message;
    EXPECT_EQ(*sql, c.sql);
    EXPECT_EQ(params, c.params) << c.filter;
  }
}

TEST(FilterTest, NumberingContinuesThatOfTheStatement) {
  std::vector<Param> params{"tenant", std::nullopt};
  auto sql = FilterSql("state = ACTIVE AND display_name : a", kFields, params);
  ASSERT_TRUE(sql.ok());
  EXPECT_EQ(*sql, " AND m.state = $3::integer AND strpos(m.display_name, $4::text) > 0");
  EXPECT_THAT(params, ElementsAre("tenant", std::nullopt, "1", "a"));
}

struct BadCase {
  std::string filter, says;
};

TEST(FilterTest, FaultsAreNamedWithTheirPlace) {
  const std::vector<BadCase> cases{
      {"nickname = a", "at character 1: unknown field \"nickname\""},
      {"m.display_name = a", "unknown field"},
      {"DISPLAY_NAME = a", "unknown field"},
      {"display_name", "at character 13: expected one of"},
      {"display_name =", "at character 15: expected a value"},
      {"display_name == a", "expected a value"},
      {"display_name ~ a", "expected one of"},
      {"display_name LIKE a", "expected one of"},
      {"= a", "expected a field"},
      {"state = BANNED", "at character 9: state takes one of ACTIVE, WAITING"},
      {"state = active", "state takes one of"},
      {"state = 1", "state takes one of"},
      {"state > ACTIVE", "at character 7: this operator is not for state"},
      {"muted < true", "this operator is not for muted"},
      {"fan_score : 1", "this operator is not for fanScore"},
      {"group : a", "this operator is not for group"},
      {"muted = 1", "muted takes true or false"},
      {"muted = t", "muted takes true or false"},
      {"fan_score = 1.5", "fanScore takes a 64-bit integer"},
      {"fan_score = 9223372036854775808", "fanScore takes"},
      {"fan_score = \"\"", "fanScore takes"},
      {"create_time > yesterday", "createTime takes an RFC 3339 time"},
      {"create_time > 2023-02-29T00:00:00Z", "createTime takes"},
      {"create_time > 2024-05-01", "createTime takes"},
      {"create_time > 2024-05-01T24:00:00Z", "createTime takes"},
      {"create_time > infinity", "createTime takes"},
      {"create_time > 2024-05-01T00:00:00", "createTime takes"},
      {"group = 42", "group takes a resource name or id"},
      {std::string("group = communities/x/groups/") + kId, "group takes"},
      {std::string("group = groups/") + kId, "group takes"},
      {"display_name = a OR", "at character 20: expected a field"},
      {"OR display_name = a", "at character 1: expected a field"},
      {"display_name = a OR OR muted = true", "expected a field"},
      {"NOT", "expected a field"},
      {"NOT NOT muted = true", "at character 5: expected a field"},
      {"--muted = true", "at character 2: expected a field"},
      {"(display_name = a", "at character 1: the parenthesis is not closed"},
      {"()", "at character 2: expected a field"},
      {"(display_name = a muted = true)", "at character 19: expected AND or OR"},
      {"display_name = a)", "at character 17: no parenthesis is open"},
      {"display_name = (a)", "expected a value"},
      {"(display_name) = a", "at character 14: expected one of"},
      {"lower(display_name) = a", "functions are not supported"},
      {"display_name = lower(a)", "functions are not supported"},
      {"display_name = a muted = true", "at character 18: expected AND or OR"},
      {"display_name = a and muted = true", "expected AND or OR"},
      {"display_name = a ANDmuted = true", "expected AND or OR"},
      {"display_name = \"a\"AND muted = true", "expected AND or OR"},
      {"display_name = a AND", "expected a field"},
      {"display_name = AND", "expected a value"},
      {"AND", "expected a field"},
      {"tags > a", "this operator is not for tags"},
      {"attributes = a", "unknown field"},
      {"attributes. = a", "unknown field"},
      {"attributes.a.b = a", "unknown field"},
      {"attributes.城市 = a", "unknown field"},
      {"attributes.a-b = a", "expected one of"},
      {"attributes.a'b = a", "expected one of"},
      {"attributes." + std::string(65, 'k') + " = a", "unknown field"},
      {"display_name = \"群聊", "at character 16: the quoted text does not end"},
      {"display_name = \"群聊\" XOR", "at character 21: expected AND or OR"},
      {"display_name = \"a\\", "does not end"},
      {"display_name = \"a\\x\"", "unknown escape"},
      {"display_name = \xff", "not UTF-8"},
      {std::string("display_name = a\0b", 18), "not UTF-8 text without NUL"},
      {std::string(2001, ' '), "longer than 2000 bytes"},
  };
  for (const auto& c : cases) {
    std::vector<Param> params{"tenant"};
    auto sql = FilterSql(c.filter, kFields, params);
    ASSERT_FALSE(sql.ok()) << c.filter << " -> " << *sql;
    const auto& violation = sql.error().violations.at(0);
    EXPECT_EQ(violation.field, "filter");
    EXPECT_EQ(violation.reason, "INVALID_FILTER");
    EXPECT_THAT(violation.description, HasSubstr(c.says)) << c.filter;
    EXPECT_EQ(params.size(), 1u) << "parameters of a refused filter stay behind: " << c.filter;
  }
}

TEST(FilterTest, AFaultListsTheFields) {
  std::vector<Param> params;
  auto sql = FilterSql("x = 1", kFields, params);
  EXPECT_THAT(sql.error().violations.at(0).description,
              HasSubstr("fields: displayName, externalId, fanScore, muted, createTime, state, group, profile.city, "
                        "tags, attributes.KEY"));
}

TEST(FilterTest, AtMostFiftyTerms) {
  std::string filter = "muted = true";
  for (int i = 1; i < 50; ++i) filter += " AND muted = true";
  std::vector<Param> params;
  EXPECT_TRUE(FilterSql(filter, kFields, params).ok());
  EXPECT_EQ(params.size(), 50u);
  auto more = FilterSql(filter + " AND muted = true", kFields, params);
  ASSERT_FALSE(more.ok());
  EXPECT_THAT(more.error().message, HasSubstr("more than 50 terms"));
  EXPECT_EQ(params.size(), 50u);
}

TEST(FilterTest, AtMostTwentyParenthesesDeep) {
  auto nested = [](int depth) { return std::string(depth, '(') + "muted = true" + std::string(depth, ')'); };
  std::vector<Param> params;
  EXPECT_TRUE(FilterSql(nested(20), kFields, params).ok());
  for (int depth : {21, 900}) {
    auto deep = FilterSql(nested(depth), kFields, params);
    ASSERT_FALSE(deep.ok());
    EXPECT_THAT(deep.error().message, HasSubstr("more than 20 parentheses deep"));
  }
  EXPECT_FALSE(FilterSql(std::string(1999, '('), kFields, params).ok());
  EXPECT_FALSE(FilterSql(std::string(1999, '-'), kFields, params).ok());
}

// What an attacker writes is refused or becomes a parameter: the statement is the same as for a harmless word.
TEST(FilterTest, InjectionEndsInAParameter) {
  for (const std::string& attack :
       {std::string("'; DROP TABLE members; --"), std::string("' OR '1'='1"), std::string("x') OR 1=1 --"),
        std::string("$1"), std::string("$$; SELECT pg_sleep(10); $$"), std::string("\\'; DELETE FROM members; --"),
        std::string("' UNION SELECT secret FROM keys --"), std::string("/* */ OR true"), std::string("%' AND 1=0"),
        std::string("\xca\xbc OR 1=1"), std::string("1::text); SET ROLE postgres; --")}) {
    std::string quoted;
    for (char c : attack) quoted += c == '\'' || c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    for (const std::string& literal : {"\"" + quoted + "\"", "'" + quoted + "'"}) {
      std::vector<Param> params;
      auto sql = FilterSql("display_name = " + literal, kFields, params);
      ASSERT_TRUE(sql.ok()) << literal << ": " << sql.error().message;
      EXPECT_EQ(*sql, " AND m.display_name = $1::text");
      EXPECT_THAT(params, ElementsAre(attack));
    }
    for (const std::string& filter :
         {attack, attack + " = 1", "display_name " + attack + " 1", "fan_score = " + attack,
          "fan_score = \"" + quoted + "\"", "state = '" + quoted + "'", "create_time > \"" + quoted + "\""}) {
      std::vector<Param> params;
      EXPECT_FALSE(FilterSql(filter, kFields, params).ok()) << filter;
    }
  }
}

// Whatever comes in, the SQL is made of the table's columns and of placeholders.
void ExpectOwnTextOnly(const std::string& sql, const std::vector<Param>& params) {
  std::string rest = sql;
  auto remove = [&rest](const std::string& piece) {
    for (auto at = rest.find(piece); at != std::string::npos; at = rest.find(piece))
      rest.replace(at, piece.size(), "\x01");
  };
  for (std::size_t n = params.size(); n > 0; --n) {
    for (const char* type : {"text", "bigint", "integer", "boolean", "timestamptz", "uuid"}) {
      remove("$" + std::to_string(n) + "::" + type);
    }
  }
  // The holds condition and the keyed column, around what is a placeholder now.
  for (const char* own : {"EXISTS (SELECT FROM tag t WHERE t.tag = ", " AND t.id = m.id)", "(m.attributes ->> "})
    remove(own);
  for (const auto& field : kFields) {
    if (!field.column.empty()) remove(field.column);
  }
  for (const char* own : {" AND ", " OR ", " IS DISTINCT FROM ", "strpos(", ", ", ") > 0", " <= ", " >= ", " = ", " < ",
                          " > ", " COLLATE \"C\"", ") IS NOT TRUE", "NOT ", "(", ")"}) {
    remove(own);
  }
  EXPECT_EQ(rest.find_first_not_of('\x01'), std::string::npos) << sql;
}

TEST(FilterTest, RandomBytesNeverCrashAndNeverReachTheSql) {
  std::mt19937 random(20240501);
  for (int i = 0; i < 20'000; ++i) {
    std::string filter(random() % 60, ' ');
    for (char& c : filter) c = static_cast<char>(random());
    std::vector<Param> params;
    auto sql = FilterSql(filter, kFields, params);
    if (sql.ok()) ExpectOwnTextOnly(*sql, params);
  }
}

TEST(FilterTest, RandomSentencesNeverCrashAndNeverReachTheSql) {
  static const std::vector<std::string> words{"display_name",
                                              "displayName",
                                              "fan_score",
                                              "muted",
                                              "state",
                                              "group",
                                              "create_time",
                                              "tags",
                                              "=",
                                              "!=",
                                              "<=",
                                              ">",
                                              ":",
                                              "AND",
                                              " AND ",
                                              "OR",
                                              "NOT",
                                              "(",
                                              ")",
                                              "\"",
                                              "'",
                                              "\\",
                                              "\"a'b\"",
                                              "'; --",
                                              "12",
                                              "-1",
                                              "-",
                                              "profile.city",
                                              "attributes.city",
                                              "true",
                                              "ACTIVE",
                                              " ",
                                              " OR ",
                                              " ",
                                              "群",
                                              "$1",
                                              "2024-05-01T08:00:00Z",
                                              kId,
                                              "\n",
                                              ",",
                                              "*",
                                              "%"};
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string filter;
    // Half are near-sentences, so that many are accepted and the property is about something.
    if (i % 2 == 0) {
      filter = words[random() % 8] + " " + words[8 + random() % 5] + " " + words[random() % words.size()];
    }
    for (auto n = random() % 6; n > 0; --n) filter += words[random() % words.size()];
    std::vector<Param> params;
    auto sql = FilterSql(filter, kFields, params);
    if (!sql.ok()) continue;
    ++accepted;
    ExpectOwnTextOnly(*sql, params);
  }
  EXPECT_GT(accepted, 500);
}

}  // namespace
}  // namespace lanting::paging
