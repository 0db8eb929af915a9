// The document and /docs as others see them: tools of npm, run against a gateway in front of a real membership service
// and the conformance tests' echo service.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "platform/http/client.h"
#include "platform/testing/child.h"
#include "tests/conformance/echo_service.h"
#include "tests/support/suite.h"

namespace lanting::testing {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

const fs::path kNpm = LANTING_OPENAPI_NPM;
const fs::path kScripts = LANTING_OPENAPI_SCRIPTS;

// Packages that have services. All are routed, so that the document has all of them; those that are neither membership
// nor echo are not called here.
std::set<std::string> Packages() {
  std::vector<std::string> files;
  pb::DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::set<std::string> packages;
  for (const std::string& name : files) {
    const pb::FileDescriptor* file = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    if (name.starts_with("lanting/") && file->service_count() > 0) packages.insert(file->package());
  }
  return packages;
}

class Edge {
 public:
  Edge()
      : gateway_({std::getenv("LANTING_GATEWAY")},
                 {{"LANTING_HTTP_ADDRESS", "127.0.0.1:" + std::to_string(port_)},
                  {"LANTING_ADMIN_ADDRESS", "127.0.0.1:" + std::to_string(FreePort())},
                  {"LANTING_UPSTREAMS", Upstreams()},
                  {"LANTING_DOCS_DIR", kNpm / "viewer"},
                  {"LANTING_LOG_LEVEL", "warn"}},
                 kNpm / "gateway.log") {
    ready_ = Eventually([this] { return Answers("/v1/communities") && Answers("/v1/things/a"); });
  }

  bool ready() const { return ready_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  const std::string& key() const { return suite_.key(); }

 private:
  std::string Upstreams() const {
    std::string upstreams;
    for (const std::string& package : Packages()) {
      const int port = package == "lanting.testing.v1" ? echo_.port() : suite_.grpc_port();
      upstreams += (upstreams.empty() ? "" : ",") + package + "=127.0.0.1:" + std::to_string(port);
    }
    return upstreams;
  }
  bool Answers(const std::string& path) const {
    const auto answer = http::Fetch("127.0.0.1", port_, "GET", path, {{"authorization", "Bearer " + key()}}, "",
                                    DeadlineIn(std::chrono::seconds(5)));
    return answer.ok() && answer->status == 200;
  }

  Suite suite_;
  EchoServer echo_;
  const int port_ = FreePort();
  Child gateway_;
  bool ready_ = false;
};

std::string Contents(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return std::move(text).str();
}

class OpenApiEdge : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(fs::exists(kNpm / "node_modules")) << "run this test through ctest, which installs the packages";
    // Beside node_modules, where node looks for what they import.
    for (const auto& entry : fs::directory_iterator(kScripts))
      if (const auto ending = entry.path().extension(); ending == ".mjs" || ending == ".ts" || ending == ".json")
        fs::copy_file(entry.path(), kNpm / entry.path().filename(), fs::copy_options::overwrite_existing);
    fs::remove(kNpm / "gateway.log");
    edge_ = std::make_unique<Edge>();
    ASSERT_TRUE(edge_->ready()) << Contents(kNpm / "gateway.log");
  }
  static void TearDownTestSuite() { edge_.reset(); }

  // Runs a script of this directory; its output is shown if it fails.
  static void Node(const std::string& script) {
    ASSERT_NE(edge_, nullptr);
    const std::string log = kNpm / (script + ".log");
    fs::remove(log);
    std::map<std::string, std::string> env{
        {"LANTING_URL", edge_->url()}, {"LANTING_KEY", edge_->key()}, {"HOME", kNpm}, {"LANG", "C.UTF-8"}};
    if (const char* chromium = std::getenv("LANTING_CHROMIUM")) env["LANTING_CHROMIUM"] = chromium;
    Child child({"node", kNpm / script}, std::move(env), log);
    const bool ended = Eventually([&] { return child.Ended(); }, 240);
    ASSERT_TRUE(ended) << script << " did not end:\n" << Contents(log);
    EXPECT_EQ(child.ExitCode(), 0) << Contents(log);
  }

  static std::unique_ptr<Edge> edge_;
};
std::unique_ptr<Edge> OpenApiEdge::edge_;

TEST_F(OpenApiEdge, ALinterFindsNothing) { Node("lint.mjs"); }
TEST_F(OpenApiEdge, EveryExampleFitsItsSchema) { Node("examples.mjs"); }
TEST_F(OpenApiEdge, AGeneratedClientCompilesAndWorks) { Node("client.mjs"); }
TEST_F(OpenApiEdge, ABrowserShowsTheDocsAndSendsARequest) { Node("docs.mjs"); }

}  // namespace
}  // namespace lanting::testing
