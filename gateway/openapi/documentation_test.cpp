#include "gateway/openapi/documentation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

namespace lanting::gateway {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class DocumentationTest : public ::testing::Test {
 protected:
  DocumentationTest()
      : directory_(fs::temp_directory_path() / ("lanting-docs-" + std::to_string(getpid()))), table_(Table()) {
    fs::create_directories(directory_);
  }
  ~DocumentationTest() override { fs::remove_all(directory_); }

  static RouteTable Table() {
    std::vector<std::string> faults;
    return RouteTable(
        {google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("lanting.membership.v1.KeyService")},
        &faults);
  }
  void Viewer() const {
    for (const char* name : {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
      std::ofstream(directory_ / name) << "content of " << name;
  }
  static std::optional<http::Response> Ask(const Documentation& documentation, const std::string& method,
                                           const std::string& target, const std::string& etag = {}) {
    http::Request request{.method = method, .target = target};
    if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
    return documentation.Answer(request);
  }
  static std::string Header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }

  const fs::path directory_;
  const RouteTable table_;
};

TEST_F(DocumentationTest, TheDocumentIsForEveryPageToRead) {
  const Documentation documentation(table_, "0.9.1", "");
  const auto answer = Ask(documentation, "GET", "/openapi.json?from=curl");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(Header(*answer, "access-control-allow-origin"), "*");
  const json::value document = json::parse(answer->body);
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  EXPECT_EQ(document.at("info").at("version"), "0.9.1");
}

TEST_F(DocumentationTest, AnEtagSparesTheBody) {
  const Documentation documentation(table_, "0.9.1", "");
  const std::string etag = Header(*Ask(documentation, "GET", "/openapi.json"), "etag");
  ASSERT_GT(etag.size(), 2u);
  for (const std::string& sent : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
    const auto again = Ask(documentation, "GET", "/openapi.json", sent);
    EXPECT_EQ(again->status, 304) << sent;
    EXPECT_TRUE(again->body.empty());
    EXPECT_EQ(Header(*again, "etag"), etag);
  }
  EXPECT_EQ(Ask(documentation, "GET", "/openapi.json", "\"other\"")->status, 200);
  const Documentation next(table_, "0.9.2", "");
  EXPECT_EQ(Ask(next, "GET", "/openapi.json", etag)->status, 200) << "another version is another document";
}

TEST_F(DocumentationTest, OtherPathsAreNotItsAndOtherMethodsAreRefused) {
  const Documentation documentation(table_, "0.9.1", "");
  EXPECT_FALSE(Ask(documentation, "GET", "/v1/keys"));
  EXPECT_FALSE(Ask(documentation, "GET", "/openapi.jsonx"));
  EXPECT_FALSE(Ask(documentation, "GET", "/docsx"));
  const auto post = Ask(documentation, "POST", "/openapi.json");
  EXPECT_EQ(post->status, 405);
  EXPECT_EQ(Header(*post, "allow"), "GET, HEAD");
  EXPECT_NE(post->body.find("METHOD_NOT_ALLOWED"), std::string::npos);
  EXPECT_EQ(Ask(documentation, "HEAD", "/docs")->status, 200);
}

TEST_F(DocumentationTest, WithoutAViewerThePageSaysHowToGetIt) {
  const Documentation documentation(table_, "0.9.1", "");
  const auto page = Ask(documentation, "GET", "/docs");
  EXPECT_EQ(page->status, 200);
  EXPECT_NE(page->body.find("/openapi.json"), std::string::npos);
  EXPECT_NE(page->body.find("LANTING_DOCS_DIR"), std::string::npos);
  EXPECT_EQ(Ask(documentation, "GET", "/docs/swagger-ui.css")->status, 404);
}

TEST_F(DocumentationTest, WithAViewerItsFilesAreServedUnderAStrictPolicy) {
  Viewer();
  const Documentation documentation(table_, "0.9.1", directory_.string());
  for (const char* path : {"/docs", "/docs/"}) {
    const auto page = Ask(documentation, "GET", path);
    EXPECT_NE(page->body.find("/docs/swagger-ui-bundle.js"), std::string::npos);
    EXPECT_NE(Header(*page, "content-security-policy").find("default-src 'none'"), std::string::npos);
  }
  const auto style = Ask(documentation, "GET", "/docs/swagger-ui.css");
  EXPECT_EQ(style->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(style->body, "content of swagger-ui.css");
  EXPECT_EQ(Header(*style, "x-content-type-options"), "nosniff");
  EXPECT_EQ(Ask(documentation, "GET", "/docs/init.js")->content_type, "text/javascript; charset=utf-8");
}

TEST_F(DocumentationTest, NothingElseOfTheDirectoryIsServed) {
  Viewer();
  std::ofstream(directory_ / "package-lock.json") << "{}";
  const Documentation documentation(table_, "0.9.1", directory_.string());
  for (const char* path : {"/docs/package-lock.json", "/docs/../etc/passwd", "/docs/%2e%2e/x", "/docs//", "/docs/x"}) {
    const auto answer = Ask(documentation, "GET", path);
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 404) << path;
  }
}

TEST_F(DocumentationTest, AnIncompleteViewerIsAFaultOfTheSettings) {
  Viewer();
  fs::remove(directory_ / "swagger-ui.css");
  try {
    const Documentation documentation(table_, "0.9.1", directory_.string());
    FAIL() << "it started";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("swagger-ui.css"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("LANTING_DOCS_DIR"), std::string::npos);
  }
}

}  // namespace
}  // namespace lanting::gateway
