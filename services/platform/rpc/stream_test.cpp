// Server-streaming handlers, against a client that reads as slowly as it likes.
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/sync_stream.h>

#include <atomic>

#include "lanting/testing/v1/echo.pb.h"
#include "platform/rpc/rpc_test_support.h"

namespace lanting::rpc {
namespace {

namespace echo = lanting::testing::v1;
constexpr const char* kService = "lanting.testing.v1.EchoService";

class StreamTest : public ::testing::Test {
 protected:
  using Handler = StreamHandler<echo::EchoRequest, echo::Thing>;

  template <typename Reply>
  void Nothing(const std::string& method) {
    service_.Unary<echo::EchoRequest, Reply>(method, [](const Call&, const auto&) { return Reply(); });
  }
  void Start(Handler handler, ServerOptions options = {}) {
    const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(kService);
    for (int i = 0; i < descriptor->method_count(); ++i) {
      const auto* method = descriptor->method(i);
      if (method->server_streaming()) {
        if (method->output_type() == echo::Thing::descriptor()) {
          service_.Stream<echo::EchoRequest, echo::Thing>(method->name(), handler);
        } else {
          service_.Stream<echo::EchoRequest, common::v1::RawBody>(method->name(),
                                                                  [](auto&&...) { return Result<void>(); });
        }
      } else if (method->output_type() == echo::EchoReply::descriptor()) {
        Nothing<echo::EchoReply>(method->name());
      } else if (method->output_type() == echo::Thing::descriptor()) {
        Nothing<echo::Thing>(method->name());
      } else if (method->output_type() == common::v1::RawBody::descriptor()) {
        Nothing<common::v1::RawBody>(method->name());
      } else {
        Nothing<google::protobuf::Empty>(method->name());
      }
    }
    authenticator_->table["Bearer staff"] = {kTenant, "keys/1", {"things.*"}};
    authenticator_->table["Bearer reader"] = {kTenant, "keys/2", {"things.read"}};
    options.authenticator = authenticator_;
    server_ = std::make_unique<Server>(std::move(options), std::vector<Service*>{&service_});
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials());
  }

  // A call of this test's client.
  struct Reading {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<echo::Thing>> things;

    int ReadAll() {
      echo::Thing thing;
      int read = 0;
      while (things->Read(&thing)) ++read;
      return read;
    }
    grpc::StatusCode Finish() { return things->Finish().error_code(); }
  };
  std::unique_ptr<Reading> Open(const std::string& key = "Bearer staff") {
    auto reading = std::make_unique<Reading>();
    reading->context.AddMetadata("authorization", key);
    const grpc::internal::RpcMethod method("/lanting.testing.v1.EchoService/StreamThings",
                                           grpc::internal::RpcMethod::SERVER_STREAMING);
    reading->things.reset(grpc::internal::ClientReaderFactory<echo::Thing>::Create(
        channel_.get(), method, &reading->context, echo::EchoRequest()));
    return reading;
  }
  static echo::Thing Big() {
    echo::Thing thing;
    thing.set_display_name(std::string(100'000, 'x'));
    return thing;
  }

  std::shared_ptr<TableAuthenticator> authenticator_ = std::make_shared<TableAuthenticator>();
  Service service_{kService};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(StreamTest, MessagesThenTheEndOrAnError) {
  std::atomic<bool> fail{false};
  Start([&](const Call&, const echo::EchoRequest&, Writer<echo::Thing>& writer) -> Result<void> {
    for (int i = 0; i < 1000; ++i) RETURN_IF_ERROR(writer.Write(echo::Thing()));
    if (fail) return errors::DependencyUnavailable("postgres", "gone");
    return {};
  });
  auto good = Open();
  EXPECT_EQ(good->ReadAll(), 1000);
  EXPECT_EQ(good->Finish(), grpc::StatusCode::OK);
  fail = true;
  auto bad = Open();
  EXPECT_EQ(bad->ReadAll(), 1000);
  EXPECT_EQ(bad->Finish(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(StreamTest, WhoMayNotCallGetsNothing) {
  std::atomic<int> calls{0};
  Start([&](const Call&, const echo::EchoRequest&, Writer<echo::Thing>&) -> Result<void> {
    ++calls;
    throw std::runtime_error("broken");
  });
  auto reader = Open("Bearer reader");
  EXPECT_EQ(reader->ReadAll(), 0);
  EXPECT_EQ(reader->Finish(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(calls, 0);
  auto staff = Open();
  EXPECT_EQ(staff->Finish(), grpc::StatusCode::INTERNAL);
}

TEST_F(StreamTest, ASlowReaderSlowsTheHandlerDownAndItsGoingEndsIt) {
  std::atomic<int> written{0};
  Latch ended;
  Start([&](const Call&, const echo::EchoRequest&, Writer<echo::Thing>& writer) -> Result<void> {
    for (;;) {
      if (auto taken = writer.Write(Big()); !taken.ok()) {
        EXPECT_EQ(taken.error().code, Code::kCancelled);
        EXPECT_TRUE(writer.cancelled());
        ended.Open();
        return taken;
      }
      ++written;
    }
  });
  auto reading = Open();
  echo::Thing thing;
  ASSERT_TRUE(reading->things->Read(&thing));
  int before = -1;
  EXPECT_TRUE(Eventually([&] { return std::exchange(before, written.load()) == written; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LT(written, 200);  // what the flow control of HTTP/2 lets through, and not the memory of the process
  reading->context.TryCancel();
  EXPECT_TRUE(ended.Wait());
  EXPECT_EQ(reading->Finish(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamTest, NobodyWaitsLongerThanTheDeadlineForAReaderThatStoppedReading) {
  Latch ended;
  Start(
      [&](const Call&, const echo::EchoRequest&, Writer<echo::Thing>& writer) -> Result<void> {
        for (;;) {
          if (auto taken = writer.Write(Big()); !taken.ok()) {
            EXPECT_EQ(taken.error().code, Code::kDeadlineExceeded);
            ended.Open();
            return taken;
          }
        }
      },
      {.max_stream = std::chrono::milliseconds(300)});
  auto reading = Open();
  EXPECT_TRUE(ended.Wait());
  reading->ReadAll();
  EXPECT_NE(reading->Finish(), grpc::StatusCode::OK);
}

TEST_F(StreamTest, ShuttingDownEndsAStreamAndRefusesWhatWaitsForAThread) {
  std::atomic<int> at_work{0};
  Start(
      [&](const Call&, const echo::EchoRequest&, Writer<echo::Thing>& writer) -> Result<void> {
        ++at_work;
        for (;;) RETURN_IF_ERROR(writer.Write(Big()));
      },
      {.streams = {.threads = 1, .queue_capacity = 1}});
  auto first = Open();
  ASSERT_TRUE(Eventually([&] { return at_work == 1; }));
  auto second = Open();  // waits for the thread
  std::unique_ptr<Reading> refused;
  EXPECT_TRUE(Eventually([&] {
    auto more = Open();
    more->context.TryCancel();
    more->ReadAll();
    return more->Finish() != grpc::StatusCode::OK;
  }));
  server_->Shutdown(std::chrono::milliseconds(50));
  first->ReadAll();
  EXPECT_NE(first->Finish(), grpc::StatusCode::OK);
  second->ReadAll();
  EXPECT_NE(second->Finish(), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace lanting::rpc
