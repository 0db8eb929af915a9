// Who may include whom (architecture, section 1), checked over the tree itself.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

namespace lanting {
namespace {

namespace fs = std::filesystem;

struct Include {
  fs::path file;  // relative to the repository
  std::string included;
};

std::vector<Include> AllIncludes() {
  const fs::path root = LANTING_SOURCE_DIR;
  static const std::regex kInclude("^\\s*#include\\s+\"([^\"]+)\"");
  std::vector<Include> out;
  for (auto top : {"services", "gateway", "tools", "tests", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        std::smatch match;
        if (std::regex_search(line, match, kInclude)) out.push_back({fs::relative(entry.path(), root), match[1]});
      }
    }
  }
  return out;
}

const std::set<std::string> kServices = {"membership", "content",  "meetups", "incentives",
                                         "moderation", "insights", "webhooks"};

std::string Segment(const std::string& path, std::size_t n) {
  std::size_t start = 0;
  for (; n > 0; --n) {
    start = path.find('/', start);
    if (start == std::string::npos) return "";
    ++start;
  }
  return path.substr(start, path.find('/', start) - start);
}

bool IsTest(const std::string& file) { return file.ends_with("_test.cpp"); }

// Why `file` may not include `included`; empty if it may.
std::string Refusal(const std::string& file, const std::string& included) {
  const auto top = Segment(file, 0), owner = Segment(file, 1), room = Segment(file, 2);
  const auto target = Segment(included, 0), target_room = Segment(included, 1);
  const bool target_is_service = kServices.count(target) > 0;
  if (top == "gateway" && target_is_service) return "the gateway works from descriptors and includes no service";
  if (top != "services") return "";
  if (owner == "platform" && (target_is_service || target == "gateway")) return "the platform knows no service";
  if (owner == "platform" && room == "base" && target == "platform" && target_room != "base") {
    return "platform/base stands on nothing";
  }
  if (kServices.count(owner) == 0) return "";
  if (target_is_service && target != owner) return "a service includes no other service, it knows its protos only";
  if (target == "gateway") return "a service does not include the gateway";
  if (room == "domain") {
    if (target == owner && target_room == "domain") return "";
    if (target == "platform" && target_room == "base") return "";
    if (IsTest(file) && (target == "gtest" || target == "gmock")) return "";
    return "domain stands on the standard library and platform/base only";
  }
  if (room == "store" && target == owner && !IsTest(file)) {
    static const std::set<std::string> allowed = {"domain", "store", "events", "migrations.gen.h"};
    if (!allowed.count(target_room)) return "store stands on domain, platform and events/publish";
  }
  return "";
}

TEST(IncludeRulesTest, HoldInTheWholeTree) {
  auto includes = AllIncludes();
  ASSERT_GT(includes.size(), 100u) << "the tree was not found";
  for (const auto& [file, included] : includes) {
    auto refusal = Refusal(file.string(), included);
    EXPECT_EQ(refusal, "") << file.string() << " includes " << included;
  }
}

TEST(IncludeRulesTest, RefuseWhatTheyShould) {
  EXPECT_NE(Refusal("services/membership/domain/join.cpp", "platform/pg/tx.h"), "");
  EXPECT_NE(Refusal("services/membership/domain/join.cpp", "lanting/membership/v1/member.pb.h"), "");
  EXPECT_NE(Refusal("services/content/store/post_store.cpp", "membership/domain/member.h"), "");
  EXPECT_NE(Refusal("services/membership/store/member_store.cpp", "membership/api/convert.h"), "");
  EXPECT_NE(Refusal("gateway/main.cpp", "membership/config.h"), "");
  EXPECT_NE(Refusal("services/platform/base/id.cpp", "platform/obs/log.h"), "");
  EXPECT_EQ(Refusal("services/membership/store/join_store.cpp", "membership/events/publish.h"), "");
  EXPECT_EQ(Refusal("services/content/api/x.cpp", "lanting/membership/v1/member.pb.h"), "");
}

}  // namespace
}  // namespace lanting
