#include "platform/obs/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "platform/http/client.h"

namespace lanting::obs {
namespace {

using ::testing::HasSubstr;

http::ClientResponse Ask(int port, std::string_view method, std::string_view target) {
  auto response = http::Fetch("127.0.0.1", port, method, target, {}, "", DeadlineIn(std::chrono::milliseconds(10'000)));
  EXPECT_TRUE(response.ok()) << response.error().internal;
  return response.ok() ? *response : http::ClientResponse{};
}

TEST(AdminTest, HealthIsAlwaysGoodAndReadinessNamesWhatIsMissing) {
  std::atomic<bool> ready{false};
  AdminServer server("127.0.0.1:0", [&]() -> std::vector<std::string> {
    if (ready) return {};
    return {"postgres", "migrations \"0002\""};
  });

  EXPECT_EQ(Ask(server.port(), "GET", "/healthz").status, 200);
  auto not_ready = Ask(server.port(), "GET", "/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_EQ(not_ready.body, "{\"ready\":false,\"notReady\":[\"postgres\",\"migrations \\\"0002\\\"\"]}\n");
  EXPECT_EQ(not_ready.Header("content-type"), "application/json");

  ready = true;
  auto now_ready = Ask(server.port(), "GET", "/readyz?verbose");
  EXPECT_EQ(now_ready.status, 200);
  EXPECT_EQ(now_ready.body, "{\"ready\":true,\"notReady\":[]}\n");
}

TEST(AdminTest, MetricsAreServedInTheTextFormat) {
  AdminServer server("127.0.0.1:0", {});
  auto response = Ask(server.port(), "GET", "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("# TYPE process_resident_memory_bytes gauge"));
}

TEST(AdminTest, HeadHasTheLengthButNoBody) {
  AdminServer server("127.0.0.1:0", {});
  auto response = Ask(server.port(), "HEAD", "/healthz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Length"), "3");
  EXPECT_EQ(response.body, "");
}

TEST(AdminTest, AnythingElseIsRefused) {
  AdminServer server("127.0.0.1:0", {});
  EXPECT_EQ(Ask(server.port(), "GET", "/").status, 404);
  EXPECT_EQ(Ask(server.port(), "GET", "/metrics/x").status, 404);
  auto post = Ask(server.port(), "POST", "/healthz");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.Header("Allow"), "GET, HEAD");
}

}  // namespace
}  // namespace lanting::obs
