// The document and /docs as others see them: tools of npm, run against a gateway in front of a real membership service
// and the conformance tests' echo service.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/gateway.h"
#include "gateway/openapi/documentation.h"
#include "gateway/transcode/error_writer.h"
#include "platform/http/server.h"
#include "platform/testing/child.h"
#include "tests/conformance/echo_service.h"
#include "tests/support/suite.h"

namespace lanting::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kNpm = LANTING_OPENAPI_NPM;
const fs::path kScripts = LANTING_OPENAPI_SCRIPTS;

class Edge {
 public:
  Edge()
      : gateway_(Settings(suite_.grpc_port(), echo_.port())),
        documentation_(gateway_.routes(), "0.0.0-test", kNpm / "viewer"),
        server_({.error_body = gateway::ServerErrorResponse}, [this](std::shared_ptr<http::Exchange> exchange) {
          if (auto answer = documentation_.Answer(exchange->request))
            exchange->respond(*std::move(answer));
          else
            gateway_.Serve(std::move(exchange));
        }) {
    EXPECT_TRUE(Eventually([this] { return gateway_.NotReady().empty(); }));
  }
  ~Edge() { server_.Drain(std::chrono::milliseconds(500)); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  const std::string& key() const { return suite_.key(); }

 private:
  static gateway::Config Settings(int membership, int echo) {
    gateway::Config config;
    config.upstreams = {{"lanting.membership.v1", "127.0.0.1:" + std::to_string(membership)},
                        {"lanting.testing.v1", "127.0.0.1:" + std::to_string(echo)}};
    return config;
  }

  Suite suite_;
  EchoServer echo_;
  gateway::Gateway gateway_;
  gateway::Documentation documentation_;
  http::Server server_;
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
    edge_ = std::make_unique<Edge>();
  }
  static void TearDownTestSuite() { edge_.reset(); }

  // Runs a script of this directory; its output is shown if it fails.
  static void Node(const std::string& script) {
    ASSERT_NE(edge_, nullptr);
    const std::string log = kNpm / (script + ".log");
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
