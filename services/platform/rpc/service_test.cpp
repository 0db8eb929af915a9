// The wrapper around every handler: who may call, what is refused before the handler, what leaves when it fails.
#include <grpcpp/grpcpp.h>

#include <future>
#include <stdexcept>
#include <thread>

#include "platform/obs/metrics.h"
#include "platform/obs/trace_context.h"
#include "platform/rpc/rpc_test_support.h"

namespace lanting::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(RpcTest, HandlerSeesWhoCallsAndWhen) {
  Call seen;
  create_ = [&](const Call& call, const mb::CreateKeyRequest& request) {
    seen = call;
    return request.key();
  };
  StartServer();
  auto request = GoodKey();
  request.set_request_id("order-17");
  auto options = As("Bearer staff", 3000);
  options.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto reply = CallUnary<mb::Key>(*channel_, kCreateKey, request, options);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->display_name(), "兰亭 web shop");
  EXPECT_EQ(seen.method, kCreateKey);
  EXPECT_EQ(seen.tenant(), kTenant);
  EXPECT_EQ(seen.request_id, "order-17");
  EXPECT_EQ(obs::TraceId(seen.traceparent), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(seen.traceparent, options.traceparent);
  EXPECT_LT(seen.deadline, options.deadline) << "a margin is kept for the way back";
  EXPECT_GT(seen.deadline, options.deadline - std::chrono::milliseconds(500));
}

TEST_F(RpcTest, ServerCapsTheDeadline) {
  Deadline seen;
  list_ = [&](const Call& call, const auto&) {
    seen = call.deadline;
    return mb::ListKeysResponse();
  };
  StartServer({}, std::chrono::milliseconds(1500));
  ASSERT_TRUE(List(60'000).ok());
  EXPECT_LT(seen, DeadlineIn(std::chrono::milliseconds(1500)));
}

TEST_F(RpcTest, RequestHashIgnoresTheRequestIdAndWhatOnlyLantingSets) {
  std::vector<std::string> hashes;
  create_ = [&](const Call& call, const mb::CreateKeyRequest& request) {
    hashes.push_back(call.request_hash);
    return request.key();
  };
  StartServer();
  auto send = [&](mb::CreateKeyRequest request) {
    ASSERT_TRUE(CallUnary<mb::Key>(*channel_, kCreateKey, request, As("Bearer staff")).ok());
  };
  auto request = GoodKey();
  request.set_request_id("a");
  send(request);
  request.set_request_id("b");
  request.mutable_key()->set_name("keys/of the caller's own making");
  send(request);
  request.mutable_key()->set_display_name("另一个");
  send(request);
  request.clear_request_id();
  send(request);
  ASSERT_EQ(hashes.size(), 4u);
  EXPECT_EQ(hashes[0].size(), 64u);
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[1], hashes[2]);
  EXPECT_EQ(hashes[3], "");
}

TEST_F(RpcTest, EveryWrongCredentialGetsTheSameAnswer) {
  StartServer();
  for (const char* credential : {"", "Bearer nobody", "staff", "Basic c3RhZmY="}) {
    auto reply = CallUnary<mb::ListKeysResponse>(*channel_, kListKeys, mb::ListKeysRequest(), As(credential));
    ASSERT_FALSE(reply.ok()) << credential;
    EXPECT_EQ(reply.error().code, Code::kUnauthenticated);
    EXPECT_EQ(reply.error().message, errors::Unauthenticated().message);
  }
}

TEST_F(RpcTest, ScopeIsCheckedBeforeTheRequest) {
  StartServer();
  auto reply = CallUnary<mb::Key>(*channel_, kCreateKey, mb::CreateKeyRequest(), As("Bearer reader"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kPermissionDenied);
  EXPECT_EQ(reply.error().reason, "SCOPE_MISSING");
  EXPECT_EQ(reply.error().metadata.at("scope"), "keys.write");
}

TEST_F(RpcTest, AllViolationsComeAtOnce) {
  StartServer();
  mb::CreateKeyRequest request;
  request.mutable_key()->set_display_name(" 兰亭");
  request.mutable_key()->add_scopes("members.read");
  request.mutable_key()->add_scopes(std::string(65, 'x'));
  request.set_request_id("号码");
  auto reply = CallUnary<mb::Key>(*channel_, kCreateKey, request, As("Bearer staff"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kInvalidArgument);
  EXPECT_EQ(reply.error().reason, "INVALID_FIELDS");
  std::vector<std::string> found;
  for (const auto& v : reply.error().violations) found.push_back(v.field + " " + v.reason);
  EXPECT_THAT(found,
              ElementsAre("key.displayName INVALID_FORMAT", "key.scopes[1] TOO_LONG", "requestId INVALID_FORMAT"));
}

TEST_F(RpcTest, TextThatIsNotUtf8IsTheCallersFault) {
  StartServer();
  mb::CreateKeyRequest request;  // what is unknown field 2 here, the server parses as the string request_id
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(2, "\xff\xfe");
  auto reply = CallUnary<mb::Key>(*channel_, kCreateKey, request, As("Bearer staff"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kInvalidArgument);
  EXPECT_EQ(reply.error().reason, "MALFORMED_REQUEST");
}

TEST_F(RpcTest, NothingOfAnExceptionLeavesButAnErrorId) {
  list_ = [](const Call&, const auto&) -> Result<mb::ListKeysResponse> {
    throw std::runtime_error("password=hunter2 at 10.0.0.7");
  };
  StartServer();
  ::testing::internal::CaptureStderr();
  grpc::ClientContext context;
  auto reply = List();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kInternal);
  EXPECT_THAT(reply.error().message, Not(HasSubstr("hunter2")));
  auto id = reply.error().metadata.at("error_id");
  server_->Shutdown(std::chrono::seconds(5));
  auto log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr(id));
  EXPECT_THAT(log, HasSubstr("hunter2")) << "the cause is for the log";
}

TEST_F(RpcTest, HandlerErrorsArriveWhole) {
  list_ = [](const Call&, const auto&) -> Result<mb::ListKeysResponse> {
    return errors::DependencyUnavailable("postgres", "connection refused: /tmp/socket");
  };
  StartServer();
  auto reply = List();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
  EXPECT_EQ(reply.error().metadata.at("dependency"), "postgres");
  EXPECT_EQ(reply.error().retry_after_ms, 1000);
  EXPECT_THAT(reply.error().internal, Not(HasSubstr("socket")));
}

mb::RevokeKeyRequest SomeKey() {
  mb::RevokeKeyRequest request;
  request.set_name("keys/" + Id::New().ToString());
  return request;
}

TEST_F(RpcTest, AsyncHandlerAnswersFromAnotherThreadAndFreesTheWorker) {
  std::promise<std::function<void()>> handed_over;
  revoke_ = [&](const Call& call, const mb::RevokeKeyRequest& request, Done<mb::Key> done) {
    handed_over.set_value([&call, &request, done] {  // both still valid when the handler has returned
      mb::Key key;
      key.set_name(request.name());
      key.set_display_name(call.principal.subject);
      done(std::move(key));
    });
  };
  StartServer({.threads = 1});
  auto request = SomeKey();
  auto reply = std::async(std::launch::async,
                          [&] { return CallUnary<mb::Key>(*channel_, kRevokeKey, request, As("Bearer staff")); });
  auto answer = handed_over.get_future().get();
  EXPECT_TRUE(List().ok()) << "the only worker is free";
  std::thread(std::move(answer)).join();
  auto got = reply.get();
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->name(), request.name());
  EXPECT_EQ(got->display_name(), "keys/1");
}

TEST_F(RpcTest, SecondAnswerIsIgnoredAndNoAnswerIsAnError) {
  revoke_ = [](const Call&, const mb::RevokeKeyRequest& request, Done<mb::Key> done) {
    if (!request.request_id().empty()) return;  // forgets it
    done(mb::Key());
    done(errors::ConcurrentWrite());
  };
  StartServer();
  auto request = SomeKey();
  EXPECT_TRUE(CallUnary<mb::Key>(*channel_, kRevokeKey, request, As("Bearer staff")).ok());
  request.set_request_id("forget-me");
  auto forgotten = CallUnary<mb::Key>(*channel_, kRevokeKey, request, As("Bearer staff"));
  ASSERT_FALSE(forgotten.ok());
  EXPECT_EQ(forgotten.error().code, Code::kInternal);
}

TEST_F(RpcTest, SeriesExistAtZeroAndCount) {
  StartServer();
  ASSERT_TRUE(List().ok());
  auto text = obs::MetricsText();
  EXPECT_THAT(text, HasSubstr(R"(grpc_method="RevokeKey")"));
  EXPECT_THAT(text, HasSubstr(R"(grpc_code="ResourceExhausted")"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_bucket"));
  EXPECT_THAT(text, HasSubstr("grpc_server_queue_depth 0"));
  EXPECT_THAT(text, HasSubstr(R"(lanting_rpc_refused_total{reason="overloaded"})"));
}

TEST(Service, RefusesWhatCannotWork) {
  EXPECT_THROW(Service("lanting.membership.v1.NoSuchService"), std::logic_error);
  Service service("lanting.membership.v1.KeyService");
  Handler<mb::CreateKeyRequest, mb::Key> create = [](const Call&, const auto& r) { return r.key(); };
  EXPECT_THROW((service.Unary<mb::CreateKeyRequest, mb::Key>("NoSuchCall", create)), std::logic_error);
  EXPECT_THROW((service.Unary<mb::CreateKeyRequest, mb::Key>("RevokeKey", create)), std::logic_error);
  service.Unary<mb::CreateKeyRequest, mb::Key>("CreateKey", create);
  EXPECT_THROW((service.Unary<mb::CreateKeyRequest, mb::Key>("CreateKey", create)), std::logic_error);
  try {
    service.Finish({});
    FAIL() << "four calls have no handler";
  } catch (const std::logic_error& e) {
    EXPECT_STREQ(e.what(), "lanting.membership.v1.KeyService has no handler for: GetKey, ListKeys, RevokeKey, RotateKey");
  }
}

}  // namespace
}  // namespace lanting::rpc
