#include "platform/http/client.h"

#include <gtest/gtest.h>

#include "platform/http/server_test_support.h"

namespace lanting::http {
namespace {

TEST(ClientTest, FetchGivesStatusHeadersAndBody) {
  Held held;
  Server server({}, held.handler());
  auto response = Fetch("localhost", server.port(), "POST", "/v1/x", {{"X-A", "b"}}, "群", Soon());
  ASSERT_TRUE(response.ok()) << response.error().internal;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "POST 群");
  EXPECT_EQ(response->Header("X-TARGET"), "/v1/x");
}

TEST(ClientTest, ADeadServerIsAnUnavailableDependency) {
  int port = 0;
  {
    Held held;
    Server server({}, held.handler());
    port = server.port();
  }
  auto response = Fetch("127.0.0.1", port, "GET", "/", {}, "", Soon());
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(response.error().metadata.at("dependency"), "127.0.0.1:" + std::to_string(port));
}

TEST(ClientTest, ASilentServerIsLeftAtTheDeadline) {
  Held held;
  Server server({}, held.handler());
  auto response = Fetch("127.0.0.1", server.port(), "GET", "/held", {}, "", DeadlineIn(std::chrono::milliseconds(50)));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace lanting::http
