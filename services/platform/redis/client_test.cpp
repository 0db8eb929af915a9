#include "platform/redis/client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/testing/redis_fixture.h"

namespace lanting::redis {
namespace {

using std::chrono::milliseconds;

TEST(RedisClient, IsBinarySafe) {
  lanting::testing::RedisFixture server;
  Client client({.url = server.url()});
  const std::string value("兰亭\0\r\n$5\xff", 13);
  ASSERT_TRUE(client.Command({"SET", "k", value}).ok());
  auto reply = client.Command({"GET", "k"});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->text, value);
}

TEST(RedisClient, ARefusalIsAReplyAndDoesNotEndTheConnection) {
  lanting::testing::RedisFixture server;
  Client client({.url = server.url()});
  auto replies = client.Pipeline({{"SET", "k", "v"}, {"XADD", "k", "*", "e", "x"}, {"GET", "k"}});
  ASSERT_TRUE(replies.ok());
  EXPECT_TRUE((*replies)[1].error("WRONGTYPE"));
  EXPECT_EQ((*replies)[2].text, "v");
  EXPECT_TRUE(client.connected());
}

TEST(RedisClient, ComesBackAfterARestart) {
  lanting::testing::RedisFixture server;
  Client client({.url = server.url()});
  ASSERT_TRUE(client.Command({"PING"}).ok());
  server.Kill();
  auto down = client.Command({"PING"});
  ASSERT_FALSE(down.ok());
  EXPECT_TRUE(down.error().transient());
  EXPECT_FALSE(client.Command({"PING"}).ok());
  server.Start();
  EXPECT_TRUE(client.Command({"PING"}).ok());
}

TEST(RedisClient, BlockingLongerThanTheCommandTimeoutIsNoFault) {
  lanting::testing::RedisFixture server;
  Client client({.url = server.url(), .command_timeout = milliseconds(100)});
  auto reply = client.Command({"XREAD", "BLOCK", "300", "STREAMS", "s", "$"}, milliseconds(300));
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->nil());
  EXPECT_TRUE(client.connected());
}

// A server that accepts and never answers.
TEST(RedisClient, AHungServerCostsOneTimeoutAndTheContextIsDropped) {
  sockaddr_un address{.sun_family = AF_UNIX};
  std::string path = "/tmp/lanting-hung." + std::to_string(getpid());
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  unlink(path.c_str());
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  Client client({.url = "unix://" + path, .command_timeout = milliseconds(100)});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(client.Command({"PING"}).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_FALSE(client.connected());
  close(listener);
  unlink(path.c_str());
}

}  // namespace
}  // namespace lanting::redis
