// Filters about one row in memory. That PostgreSQL finds the same: membership/api/member_filter_test.cpp.
#include <gtest/gtest.h>

#include <map>

#include "platform/base/id.h"
#include "platform/paging/filter.h"

namespace lanting::paging {
namespace {

const std::vector<FilterField> kFields{
    {.name = "display_name", .column = "m.display_name", .type = Type::kString},
    {.name = "external_id", .column = "m.external_id", .type = Type::kString},
    {.name = "fan_score", .column = "m.fan_score", .type = Type::kInt},
    {.name = "muted", .column = "m.muted", .type = Type::kBool},
    {.name = "create_time", .column = "m.created_at", .type = Type::kTime},
    {.name = "state", .column = "m.state", .type = Type::kEnum, .values = {{"ACTIVE", 1}, {"WAITING", 2}}},
    {.name = "group", .column = "m.group_id", .type = Type::kId, .resource = "communities/*/groups/*"},
    {.name = "tags", .column = "", .holds = "m.tags @> {value}"},
    {.name = "attributes", .column = "m.attributes ->> {key}"}};

constexpr const char* kId = "01hzy3k5v8c6q1m9t0w2x4b7nj";

FieldLookup Row(std::map<std::string, std::vector<FilterValue>> values) {
  return [values = std::move(values)](const FilterField& field, const std::string& key) {
    auto found = values.find(key.empty() ? field.name : field.name + "." + key);
    return found == values.end() ? std::vector<FilterValue>{} : found->second;
  };
}

TEST(FilterMatchTest, MatchesARowInMemory) {
  const auto row =
      Row({{"display_name", {"深圳-晓雯"}},
           {"fan_score", {std::int64_t{60}}},
           {"muted", {std::int64_t{0}}},
           {"create_time", {ToFilterValue(Time(std::chrono::seconds(1714521600)))}},  // 2024-05-01T00:00:00Z
           {"state", {std::int64_t{1}}},
           {"group", {Id::Parse(kId)->ToUuid()}},
           {"tags", {"绘画", "摄影"}},
           {"attributes.city", {"深圳"}}});
  const std::vector<std::pair<std::string, bool>> cases{
      {"", true},
      {"display_name = \"深圳-晓雯\"", true},
      {"display_name : 晓雯", true},
      {"display_name : \"\"", true},
      {"display_name > 广州", true},
      {"display_name < Z", false},
      {"external_id = \"\"", false},
      {"external_id != a", true},
      {"external_id < a", false},
      {"NOT external_id < a", true},
      {"NOT external_id = a", true},
      {"fan_score > 9", true},
      {"fan_score >= 60 AND fan_score <= 60", true},
      {"muted = false", true},
      {"muted != false", false},
      {"create_time = 2024-05-01T08:00:00+08:00", true},
      {"create_time > 2024-04-30T23:59:59.999999Z", true},
      {"create_time < 2024-04-30T19:30:00.000001-04:30", true},
      {"state = ACTIVE", true},
      {"state = WAITING OR state = ACTIVE", true},
      {std::string("group = ") + kId, true},
      {"tags:摄影 AND tags:绘画", true},
      {"tags:写作", false},
      {"tags:摄", false},
      {"tags != 摄影", false},
      {"-tags:写作", true},
      {"attributes.city = 深圳 AND NOT attributes.level = v1", true},
      {"state = WAITING AND muted = false OR fan_score = 60", false},
      {"(state = WAITING AND muted = false) OR fan_score = 60", true},
      {"NOT (state = WAITING OR external_id = a)", true},
  };
  for (const auto& [text, expected] : cases) {
    auto filter = Filter::Parse(text, kFields);
    ASSERT_TRUE(filter.ok()) << text << filter.error().message;
    EXPECT_EQ(filter->Matches(row), expected) << text;
    if (text.empty()) continue;
    EXPECT_EQ(Filter::Parse("NOT (" + text + ")", kFields)->Matches(row), !expected) << text;
  }
}

TEST(FilterMatchTest, KnowsWhatItAsksAbout) {
  auto filter = Filter::Parse("NOT (display_name = state OR attributes.city = a) AND tags:b", kFields);
  ASSERT_TRUE(filter.ok());
  for (auto name : {"display_name", "attributes", "tags"}) EXPECT_TRUE(filter->Uses(name)) << name;
  EXPECT_FALSE(filter->Uses("state"));
  EXPECT_FALSE(Filter::Parse("", kFields)->Uses("state"));
}

}  // namespace
}  // namespace lanting::paging
