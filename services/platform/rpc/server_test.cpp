// The server under pressure and on its way out, over real sockets.
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <thread>

#include "platform/rpc/rpc_test_support.h"

namespace lanting::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Handlers that stay until they are let go.
class Gate {
 public:
  Result<mb::ListKeysResponse> Enter() {
    ++entered;
    if (!open_.Wait()) return errors::Internal("nobody opened the gate");
    return mb::ListKeysResponse();
  }
  void Open() { open_.Open(); }
  std::atomic<int> entered{0};

 private:
  Latch open_;
};

TEST_F(RpcTest, FullQueueRefusesEarlyAndRecovers) {
  Gate gate;
  list_ = [&](const Call&, const auto&) { return gate.Enter(); };
  StartServer({.threads = 2, .queue_capacity = 3});
  std::vector<std::future<Result<mb::ListKeysResponse>>> held;
  for (int i = 0; i < 2; ++i) held.push_back(std::async(std::launch::async, [&] { return List(); }));
  ASSERT_TRUE(Eventually([&] { return gate.entered == 2; }));
  for (int i = 0; i < 3; ++i) held.push_back(std::async(std::launch::async, [&] { return List(); }));
  ASSERT_TRUE(Eventually([&] { return server_->queue_depth() == 3; }));

  auto start = std::chrono::steady_clock::now();
  auto refused = List();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_EQ(refused.error().reason, "OVERLOADED");
  EXPECT_GT(refused.error().retry_after_ms.value_or(0), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(1));

  gate.Open();
  for (auto& call : held) EXPECT_TRUE(call.get().ok());
  EXPECT_TRUE(List().ok());
}

TEST_F(RpcTest, CallWhoseDeadlinePassedInTheQueueIsNotStarted) {
  Gate gate;
  list_ = [&](const Call&, const auto&) { return gate.Enter(); };
  StartServer({.threads = 1, .queue_capacity = 10});
  auto held = std::async(std::launch::async, [&] { return List(); });
  ASSERT_TRUE(Eventually([&] { return gate.entered == 1; }));
  auto late = List(100);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
  gate.Open();
  EXPECT_TRUE(held.get().ok());
  EXPECT_TRUE(List().ok());
  EXPECT_EQ(gate.entered, 2) << "the late one never reached the handler";
}

TEST_F(RpcTest, CancelledCallIsNotStarted) {
  Gate gate;
  list_ = [&](const Call&, const auto&) { return gate.Enter(); };
  StartServer({.threads = 1, .queue_capacity = 10});
  auto held = std::async(std::launch::async, [&] { return List(); });
  ASSERT_TRUE(Eventually([&] { return gate.entered == 1; }));

  grpc::GenericStub stub(channel_->grpc());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer staff");
  grpc::ByteBuffer request, reply;
  grpc::Slice nothing;
  request = grpc::ByteBuffer(&nothing, 1);
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, kListKeys, grpc::StubOptions(), &request, &reply,
                 [&](grpc::Status status) { done.set_value(status); });
  ASSERT_TRUE(Eventually([&] { return server_->queue_depth() == 1; }));
  context.TryCancel();
  EXPECT_EQ(done.get_future().get().error_code(), grpc::StatusCode::CANCELLED);
  // The server learns of it by a frame of its own: a later call on the same connection is behind that frame.
  auto behind = List(200);
  EXPECT_FALSE(behind.ok());
  gate.Open();
  EXPECT_TRUE(held.get().ok());
  EXPECT_TRUE(List().ok());
  EXPECT_EQ(gate.entered, 2);
}

TEST_F(RpcTest, TwoHundredCallsAtOnce) {
  std::atomic<int> served{0};
  list_ = [&](const Call&, const auto&) {
    ++served;
    mb::ListKeysResponse reply;
    reply.set_next_page_token("下一页");
    return reply;
  };
  StartServer();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 200; ++i) {
    threads.emplace_back([&] {
      auto reply = List(20'000);
      if (reply.ok() && reply->next_page_token() == "下一页") ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
  EXPECT_EQ(served, 200);
}

TEST_F(RpcTest, ShutdownFinishesWhatIsInFlight) {
  Gate gate;
  list_ = [&](const Call&, const auto&) { return gate.Enter(); };
  StartServer({.threads = 1, .queue_capacity = 10});
  server_->SetServing(true);
  std::vector<std::future<Result<mb::ListKeysResponse>>> held;
  for (int i = 0; i < 3; ++i) held.push_back(std::async(std::launch::async, [&] { return List(); }));
  ASSERT_TRUE(Eventually([&] { return gate.entered == 1 && server_->queue_depth() == 2; }));
  auto shutdown = std::async(std::launch::async, [&] { server_->Shutdown(seconds(10)); });
  // Nothing new gets in, while the three are still there.
  ASSERT_TRUE(Eventually([&] {
    Channel fresh("127.0.0.1:" + std::to_string(server_->port()));
    auto reply = CallUnary<mb::ListKeysResponse>(fresh, kListKeys, mb::ListKeysRequest(), As("Bearer staff", 300));
    return !reply.ok() && reply.error().code == Code::kUnavailable;
  }));
  gate.Open();
  for (auto& call : held) {
    auto reply = call.get();
    EXPECT_TRUE(reply.ok()) << reply.error().message;
  }
  ASSERT_EQ(shutdown.wait_for(seconds(10)), std::future_status::ready);
}

TEST_F(RpcTest, ShutdownCancelsWhatOutstaysTheGrace) {
  Gate gate;
  list_ = [&](const Call&, const auto&) { return gate.Enter(); };
  StartServer({.threads = 1, .queue_capacity = 10});
  std::vector<std::future<Result<mb::ListKeysResponse>>> held;
  for (int i = 0; i < 3; ++i) held.push_back(std::async(std::launch::async, [&] { return List(); }));
  ASSERT_TRUE(Eventually([&] { return gate.entered == 1 && server_->queue_depth() == 2; }));
  auto shutdown = std::async(std::launch::async, [&] { server_->Shutdown(milliseconds(50)); });
  for (auto& call : held) EXPECT_FALSE(call.get().ok());
  gate.Open();
  ASSERT_EQ(shutdown.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_EQ(gate.entered, 1) << "what was queued and cancelled is not started";
}

TEST_F(RpcTest, SecondServerOnThePortIsRefusedByName) {
  StartServer();
  auto other = MakeService();
  const std::string address = "127.0.0.1:" + std::to_string(server_->port());
  try {
    Server second({.address = address, .authenticator = authenticator_}, {other.get()});
    FAIL() << "it started";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr(address));
    EXPECT_THAT(e.what(), HasSubstr("Address already in use"));
  }
}

TEST_F(RpcTest, MissingHandlerStopsTheStart) {
  Service incomplete("lanting.membership.v1.KeyService");
  EXPECT_THROW(Server({.authenticator = authenticator_}, {&incomplete}), std::logic_error);
}

// One message to a bidirectional or unary method, by hand: these services have no descriptors here.
std::string Ask(Channel& channel, const std::string& method, const std::string& request) {
  grpc::GenericStub stub(channel.grpc());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(10));
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(&context, method, &queue);
  auto step = [&] {
    void* tag;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  EXPECT_TRUE(step());
  grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions().set_last_message(), nullptr);
  EXPECT_TRUE(step());
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  EXPECT_TRUE(step());
  grpc::Slice out;
  EXPECT_TRUE(reply.DumpToSingleSlice(&out).ok());
  grpc::Status status;
  call->Finish(&status, nullptr);
  step();
  queue.Shutdown();
  while (step()) {
  }
  return {reinterpret_cast<const char*>(out.begin()), out.size()};
}

TEST_F(RpcTest, ReflectionListsTheServices) {
  StartServer();
  const std::string list_services = std::string("\x3a\x01*", 3);  // ServerReflectionRequest{list_services: "*"}
  auto reply = Ask(*channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", list_services);
  EXPECT_THAT(reply, HasSubstr("lanting.membership.v1.KeyService"));
  EXPECT_THAT(reply, HasSubstr("grpc.health.v1.Health"));
}

TEST_F(RpcTest, HealthFollowsServing) {
  StartServer();
  const std::string name = "lanting.membership.v1.KeyService";
  const std::string of_service = "\x0a" + std::string(1, static_cast<char>(name.size())) + name;
  const std::string serving("\x08\x01", 2), not_serving("\x08\x02", 2);
  auto health = [&](const std::string& request) { return Ask(*channel_, "/grpc.health.v1.Health/Check", request); };
  EXPECT_EQ(health(""), not_serving);
  EXPECT_EQ(health(of_service), not_serving);
  server_->SetServing(true);
  EXPECT_EQ(health(""), serving);
  EXPECT_EQ(health(of_service), serving);
  server_->SetServing(name, false);
  EXPECT_EQ(health(of_service), not_serving);
  EXPECT_EQ(health(""), serving);
}

TEST_F(RpcTest, MessagesAreBounded) {
  StartServer();
  auto request = GoodKey();
  request.mutable_key()->set_display_name(std::string(21 * 1024 * 1024, 'a'));
  auto reply = CallUnary<mb::Key>(*channel_, kCreateKey, request, As("Bearer staff", 20'000));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kInvalidArgument);
  EXPECT_EQ(reply.error().reason, "BODY_TOO_LARGE");
}

TEST_F(RpcTest, NobodyThereIsUnavailableByName) {
  StartServer();
  server_->Shutdown(seconds(1));
  auto reply = List();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
  EXPECT_EQ(reply.error().metadata.at("dependency"), "membership");
}

}  // namespace
}  // namespace lanting::rpc
