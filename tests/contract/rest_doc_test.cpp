// docs/rest.md names every call that REST has, with its scope, and nothing that does not exist.
#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "google/api/annotations.pb.h"
#include "lanting/common/v1/error_reason.pb.h"
#include "lanting/common/v1/options.pb.h"
#include "tests/contract/descriptors.h"

namespace lanting {
namespace {

using namespace google::protobuf;

std::string Document() {
  std::ifstream in(LANTING_SOURCE_DIR "/docs/rest.md");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// As the document writes it: "/v1/{parent=communities/*}/members:batchCreate" ->
// "/v1/communities/*/members:batchCreate".
std::string Plain(const std::string& path) {
  return std::regex_replace(std::regex_replace(path, std::regex(R"(\{[^}=]*\})"), "*"),
                            std::regex(R"(\{[^}=]*=([^}]*)\})"), "$1");
}

std::pair<std::string, std::string> MethodAndPath(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    default:
      return {"?", rule.ShortDebugString()};
  }
}

// "GET /v1/keys ListKeys keys.read" of every http rule of the services.
std::set<std::string> Routes() {
  const auto set = testing::ReadDescriptorSet(LANTING_DESCRIPTOR_SET);
  std::set<std::string> routes;
  for (const auto& file : set.file()) {
    if (file.package() != "lanting.membership.v1" && file.package() != "lanting.webhooks.v1") continue;
    for (const auto& service : file.service()) {
      for (const auto& method : service.method()) {
        if (method.options().GetExtension(common::v1::internal)) continue;
        const auto& rule = method.options().GetExtension(google::api::http);
        std::vector<google::api::HttpRule> rules{rule};
        rules.insert(rules.end(), rule.additional_bindings().begin(), rule.additional_bindings().end());
        for (const auto& binding : rules) {
          const auto [verb, path] = MethodAndPath(binding);
          routes.insert(verb + " " + Plain(path) + " " + method.name() + " " +
                        method.options().GetExtension(common::v1::required_scope));
        }
      }
    }
  }
  return routes;
}

std::vector<std::smatch> All(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return {std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator()};
}

TEST(RestDocument, HasEveryCallAndNoOther) {
  const std::string text = Document();
  std::set<std::string> documented;
  for (const auto& row : All(text, R"(\| ([A-Z]+) \| `(/[^`]*)` \| (\w+) \| `([\w.]+)` \| [^|\n]+ \|)"))
    EXPECT_TRUE(documented.insert(row.str(1) + " " + row.str(2) + " " + row.str(3) + " " + row.str(4)).second)
        << row.str() << " is there twice";
  const std::set<std::string> routes = Routes();
  ASSERT_GT(routes.size(), 20u);
  EXPECT_THAT(documented, ::testing::ContainerEq(routes));
}

TEST(RestDocument, CallsNamedInItsTextExist) {
  const std::string text = Document();
  std::set<std::string> known;
  for (const std::string& route : Routes()) known.insert(route.substr(0, route.find(' ', route.find(' ') + 1)));
  const auto named = All(text, R"(`((?:GET|POST|PUT|PATCH|DELETE) /[^`?]*)[?`])");
  EXPECT_FALSE(named.empty());
  for (const auto& call : named) EXPECT_TRUE(known.contains(call.str(1))) << call.str(1);
}

TEST(RestDocument, ItsReasonsExist) {
  const std::string text = Document();
  const auto rows = All(text, R"(\| [45]\d\d(?:, [45]\d\d)? \| `([A-Z_]+)` \|)");
  ASSERT_GT(rows.size(), 10u);
  for (const auto& row : rows)
    EXPECT_NE(common::v1::ErrorReason_descriptor()->FindValueByName("ERROR_REASON_" + row.str(1)), nullptr)
        << row.str(1);
}

TEST(RestDocument, ItsLinksLeadSomewhere) {
  const std::string text = Document();
  const auto links = All(text, R"(\]\(([^)#:]+)\))");
  ASSERT_FALSE(links.empty());
  for (const auto& link : links)
    EXPECT_TRUE(std::ifstream(LANTING_SOURCE_DIR "/docs/" + link.str(1)).good()) << link.str(1);
}

}  // namespace
}  // namespace lanting
