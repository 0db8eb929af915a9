#include "gateway/transcode/route_table.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>

#include "gateway/transcode/percent.h"

namespace lanting::gateway {
namespace {

using ::testing::ElementsAre;

const RouteTable& Table() {
  static const RouteTable table = [] {
    std::vector<std::string> faults;
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    RouteTable built({pool->FindServiceByName("lanting.testing.v1.EchoService")}, &faults);
    EXPECT_TRUE(faults.empty()) << faults[0];
    return built;
  }();
  return table;
}

std::string MethodOf(std::string_view http_method, std::string_view path) {
  const auto match = Table().Find(http_method, path);
  return match.route == nullptr ? "" : match.route->method->name();
}

TEST(HttpTemplate, SegmentsVariablesVerb) {
  auto parsed = ParseHttpTemplate("/v1/{name=communities/*/members/*}/{rest=**}:ban");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->Shape(), "/v1/communities/*/members/*/**:ban");
  ASSERT_EQ(parsed->variables.size(), 2u);
  EXPECT_EQ(parsed->variables[0].begin, 1u);
  EXPECT_EQ(parsed->variables[0].end, 5u);
  EXPECT_TRUE(parsed->variables[0].multi);
  EXPECT_EQ(parsed->verb, "ban");
}

TEST(HttpTemplate, Refused) {
  for (const char* text :
       {"",          "v1",       "/",        "//",          "/v1/",        "/v1//a",   "/v1/{",        "/v1/{}",
        "/v1/{a",    "/v1/{a=}", "/v1/{a.}", "/v1/{.a}",    "/v1/{a..b}",  "/v1/{1a}", "/v1/a:",       "/v1/a:b:c",
        "/v1/a:b/c", "/v1/***",  "/v1/a b",  "/v1/{a}/{a}", "/v1/{a={b}}", "/v1/**/a", "/v1/{a=**/b}", "/v1/a?b"}) {
    EXPECT_FALSE(ParseHttpTemplate(text).ok()) << text;
  }
}

TEST(RouteTable, BindsWhatTheVariableCovers) {
  auto match = Table().Find("POST", "/v1/things/a%2Fb:ban");
  ASSERT_NE(match.route, nullptr);
  EXPECT_THAT(match.values, ElementsAre("things/a%2Fb"));
  match = Table().Find("GET", "/v1/files/a/b//c");
  EXPECT_THAT(match.values, ElementsAre("a/b//c"));
  match = Table().Find("GET", "/v1/files");
  EXPECT_THAT(match.values, ElementsAre(""));
}

TEST(RouteTable, PrecedenceAndMethods) {
  EXPECT_EQ(MethodOf("GET", "/v1/things/special"), "GetSpecialThing");
  EXPECT_EQ(MethodOf("GET", "/v1/things/other"), "GetThing");
  EXPECT_EQ(MethodOf("DELETE", "/v1/things/special"), "DeleteThing") << "the literal has no DELETE, the variable has";
  EXPECT_EQ(MethodOf("GET", "/v1/things/"), "");
  EXPECT_EQ(MethodOf("get", "/v1/things/a"), "") << "methods are case-sensitive";
  EXPECT_THAT(Table().Find("PUT", "/v1/things/a").allow, ElementsAre("DELETE", "GET", "PATCH"));
  EXPECT_TRUE(Table().Find("PUT", "/v1/nothing").allow.empty());
}

TEST(RouteTable, ALongPathCostsNoStack) {
  const std::string slashes(1'000'000, '/');
  EXPECT_EQ(MethodOf("GET", slashes), "");
  EXPECT_EQ(MethodOf("GET", "/v1/files" + slashes), "GetFile");
}

TEST(PercentDecode, ReservedAndMalformed) {
  EXPECT_EQ(PercentDecode("%E5%85%B0%2f+%20"), "兰/+ ");
  EXPECT_EQ(PercentDecode("%2f%20%3A%41", true), "%2f %3AA");
  for (const char* bad : {"%", "%4", "%zz", "%00", "%ff", "%c0%80", "%ed%a0%80"})
    EXPECT_FALSE(PercentDecode(bad).has_value()) << bad;
}

}  // namespace
}  // namespace lanting::gateway
