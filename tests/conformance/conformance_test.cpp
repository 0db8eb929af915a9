// Runs the cases in tests/conformance/*.json (README.md) against a live gateway in front of a live service.
#include <google/api/annotations.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <lanting/testing/v1/echo.pb.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "gateway/gateway.h"
#include "gateway/transcode/error_writer.h"
#include "platform/auth/key.h"
#include "platform/base/strings.h"
#include "platform/http/client.h"
#include "platform/http/wire.h"
#include "tests/conformance/echo_service.h"
#include "tests/conformance/json_match.h"
#include "tests/conformance/live_gateway.h"

namespace lanting::testing {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

struct Case {
  std::string name;  // "c_percent_23_1"
  json::object data;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.data.at("what"); }

std::vector<Case> Load(bool startup) {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(LANTING_CONFORMANCE_DIR)) {
    if (entry.path().extension() != ".json") continue;
    const std::string stem = entry.path().stem().string();
    if ((stem == "a_startup") != startup) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    int n = 0;
    const json::value document = json::parse(text.str());
    for (const json::value& v : document.as_array())
      cases.push_back(
          {stem + "_" + std::to_string(v.at("case").as_int64()) + "_" + std::to_string(++n), v.as_object()});
  }
  return cases;
}

std::string Text(const json::value& v) { return std::string(v.as_string()); }

std::string BodyOf(const json::object& data) {
  if (const auto* body = data.if_contains("body")) return body->is_string() ? Text(*body) : json::serialize(*body);
  std::string text;
  if (const auto* parts = data.if_contains("body_parts"))
    for (const json::value& part : parts->as_array())
      for (std::int64_t i = part.at(1).as_int64(); i > 0; --i) text += Text(part.at(0));
  return text;
}

std::string WithKey(std::string text, const std::string& key) {
  const std::string_view place = "${KEY}";
  if (auto at = text.find(place); at != std::string::npos) text.replace(at, place.size(), key);
  return text;
}

std::string Bytes(const json::object& data, const std::string& key) {
  const std::string body = BodyOf(data);
  std::map<std::string, std::string> headers{{"host", "lanting.test"}, {"authorization", "Bearer " + key}};
  if (!body.empty()) headers["content-type"] = "application/json";
  if (!body.empty()) headers["content-length"] = std::to_string(body.size());
  if (const auto* given = data.if_contains("headers")) {
    for (const auto& header : given->as_object()) {
      if (header.value().is_null())
        headers.erase(std::string(header.key()));
      else
        headers[std::string(header.key())] = WithKey(Text(header.value()), key);
    }
  }
  std::string bytes = Text(data.at("request"));
  if (const auto* repeat = data.if_contains("target_repeat"))
    for (std::int64_t i = repeat->at(1).as_int64(); i > 0; --i) bytes += Text(repeat->at(0));
  bytes += " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) bytes += name + ": " + value + "\r\n";
  return bytes + "\r\n" + body;
}

void CheckReply(const json::object& data, const http::ClientResponse& response) {
  EXPECT_EQ(response.status, data.at("status").as_int64()) << response.body;
  if (const auto* text = data.if_contains("reply_text")) {
    EXPECT_EQ(response.body, Text(*text));
  }
  if (const auto* texts = data.if_contains("reply_contains")) {
    for (const json::value& text : texts->as_array())
      EXPECT_NE(response.body.find(Text(text)), std::string::npos) << Text(text) << "\nnot in\n" << response.body;
  }
  if (const auto* expected = data.if_contains("reply")) {
    EXPECT_EQ(response.Header("content-type"), "application/json");
    json::error_code ec;
    const json::value reply = json::parse(response.body, ec);
    ASSERT_FALSE(ec) << response.body;
    EXPECT_EQ(Difference(*expected, &reply), "") << response.body;
  }
  if (const auto* lines = data.if_contains("reply_lines")) {
    json::array actual;
    for (std::string_view line : Split(Trim(response.body), '\n')) actual.push_back(json::parse(std::string(line)));
    const json::value value(std::move(actual));
    EXPECT_EQ(Difference(*lines, &value), "") << response.body;
  }
  if (const auto* headers = data.if_contains("reply_headers")) {
    for (const auto& header : headers->as_object())
      EXPECT_EQ(response.Header(std::string(header.key())), header.value().is_null() ? "" : Text(header.value()));
  }
  for (const char* once :
       {"access-control-allow-origin", "etag", "content-type", "traceparent", "allow", "retry-after"})
    EXPECT_LE(std::count_if(response.headers.begin(), response.headers.end(),
                            [&](const auto& h) { return http::EqualsIgnoreCase(h.first, once); }),
              1)
        << once;
  if (response.status >= 400) {
    const bool head = Text(data.at("request")).starts_with("HEAD ");
    EXPECT_TRUE(head || response.body.starts_with("{\"error\":{\"code\":" + std::to_string(response.status)))
        << response.body;
    EXPECT_EQ(response.Header("content-type"), "application/json");
  }
}

void CheckUpstream(const json::object& data, const Received& received, const std::string& key) {
  const auto* expected = data.if_contains("upstream");
  if (expected == nullptr || !expected->is_object()) return;
  json::object actual;
  actual["method"] = received.method;
  actual["request"] = json::parse(received.request_json);
  json::object metadata;
  for (const auto& [name, value] : received.metadata)
    metadata[name] = value == "Bearer " + key ? "Bearer ${KEY}" : value;
  actual["metadata"] = std::move(metadata);
  const json::value value(std::move(actual));
  EXPECT_EQ(Difference(*expected, &value), "") << received.request_json;
}

class Conformance : public ::testing::TestWithParam<Case> {};

TEST_P(Conformance, Holds) {
  const json::object& data = GetParam().data;
  SCOPED_TRACE(json::serialize(data).substr(0, 2000));
  LiveGateway& edge = LiveGateway::Instance();
  const int before = edge.echo.calls();
  const Deadline deadline = DeadlineIn(std::chrono::seconds(20));
  http::ClientConnection connection = edge.Connect();
  ASSERT_TRUE(connection.Send(Bytes(data, edge.key), deadline).ok());
  const std::string line = Text(data.at("request"));
  auto response = connection.Receive(line.substr(0, line.find(' ')), deadline);
  ASSERT_TRUE(response.ok()) << response.error().internal;
  CheckReply(data, *response);
  const auto* upstream = data.if_contains("upstream");
  const bool reached = upstream != nullptr ? upstream->is_object() : response->status == 200;
  EXPECT_EQ(edge.echo.calls() - before, reached ? 1 : 0) << "calls that reached the service";
  CheckUpstream(data, edge.echo.last(), edge.key);
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Cases, Conformance, ::testing::ValuesIn(Load(false)), NameOf);

TEST(ConformanceTime, AClientThatGoesCancelsTheCall) {
  LiveGateway& edge = LiveGateway::Instance();
  const int calls = edge.echo.calls(), cancelled = edge.echo.cancelled();
  const Deadline deadline = DeadlineIn(std::chrono::seconds(8));
  {
    http::ClientConnection connection = edge.Connect();
    const json::object data{{"request", "GET /v1/hang"}};
    ASSERT_TRUE(connection.Send(Bytes(data, edge.key), deadline).ok());
    while (edge.echo.calls() == calls && Remaining(deadline).count() > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  while (edge.echo.cancelled() == cancelled && Remaining(deadline).count() > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(edge.echo.cancelled(), cancelled + 1);
}

TEST(ConformanceTime, AServiceThatIsDownIs503WithRetryInfo) {
  LiveGateway::Front front({.upstreams = {{"lanting.testing.v1", "127.0.0.1:1"}}, .gate = {.limits = kNoLimits}});
  const Deadline deadline = DeadlineIn(std::chrono::seconds(10));
  auto response = http::Fetch("127.0.0.1", front.server.port(), "GET", "/v1/things/a",
                              {{"authorization", "Bearer " + auth::GenerateKey(Id::New())}}, "", deadline);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->Header("retry-after"), "1");
  EXPECT_NE(response->body.find("google.rpc.RetryInfo"), std::string::npos) << response->body;
  EXPECT_EQ(response->body.find("127.0.0.1"), std::string::npos) << "the address of a service leaks";
  auto ready = http::Fetch("127.0.0.1", front.server.port(), "GET", "/readyz", {}, "", deadline);
  ASSERT_TRUE(ready.ok());
  EXPECT_EQ(ready->status, 503);
}

// The log lines of requests that `call` causes.
std::vector<json::object> LoggedOf(const std::function<void()>& call) {
  ::testing::internal::CaptureStderr();
  call();
  std::stringstream text(::testing::internal::GetCapturedStderr());
  std::vector<json::object> lines;
  for (std::string line; std::getline(text, line);) {
    json::error_code ec;
    const json::value value = json::parse(line, ec);
    if (!ec && value.is_object() && value.at("msg") == "request") lines.push_back(value.as_object());
  }
  return lines;
}

TEST(ConformanceLog, ALineHasTheTenantOfAnAcceptedKeyAndACauseIfThereIsOne) {
  LiveGateway& edge = LiveGateway::Instance();
  const Id tenant = Id::New();
  const std::string key = auth::GenerateKey(tenant);
  struct {
    const char* request;
    json::object body;
    bool tenant;
    const char* cause;
  } const cases[] = {
      {"GET /v1/things/a", {}, true, nullptr},
      {"POST /v1/fail", {{"failure", {{"code", 5}, {"message", "m"}, {"reason", "GONE"}}}}, true, "GONE"},
      {"POST /v1/fail", {{"failure", {{"code", 16}, {"message", "m"}, {"reason", "NO_KEY"}}}}, true, "NO_KEY"},
      {"POST /v1/fail", {{"failure", {{"code", 14}, {"message", "m"}, {"reason", "AWAY"}}}}, true, "AWAY"},
      {"GET /nowhere", {}, false, "PATH_NOT_FOUND"},
  };
  for (const auto& c : cases) {
    json::object data{{"request", c.request}};
    if (!c.body.empty()) data["body"] = c.body;
    const auto lines = LoggedOf([&] {
      http::ClientConnection connection = edge.Connect();
      const Deadline deadline = DeadlineIn(std::chrono::seconds(20));
      ASSERT_TRUE(connection.Send(Bytes(data, key), deadline).ok());
      ASSERT_TRUE(connection.Receive("GET", deadline).ok());
    });
    ASSERT_EQ(lines.size(), 1u) << c.request;
    EXPECT_EQ(lines[0].contains("tenant"), c.tenant) << json::serialize(lines[0]);
    if (c.tenant) {
      EXPECT_EQ(Text(lines[0].at("tenant")), tenant.ToString());
    }
    EXPECT_EQ(lines[0].contains("cause"), c.cause != nullptr) << json::serialize(lines[0]);
    if (c.cause != nullptr) {
      EXPECT_EQ(Text(lines[0].at("cause")), c.cause);
    }
    EXPECT_EQ(json::serialize(lines[0]).find(key), std::string::npos);
  }
}

class Startup : public ::testing::TestWithParam<Case> {};

// The rules of the case become the methods of a service of their own.
TEST_P(Startup, IsRefused) {
  const json::object& data = GetParam().data;
  pb::FileDescriptorProto file;
  file.set_name("case.proto");
  file.set_package("lanting.case");
  file.set_syntax("proto3");
  file.add_dependency("lanting/testing/v1/echo.proto");
  auto* service = file.add_service();
  service->set_name("CaseService");
  for (const json::value& rule : data.at("rules").as_array()) {
    auto* method = service->add_method();
    method->set_name("M" + std::to_string(service->method_size()));
    method->set_input_type(".lanting.testing.v1.EchoRequest");
    method->set_output_type(".lanting.testing.v1.EchoReply");
    if (const auto* streaming = data.if_contains("client_streaming"))
      method->set_client_streaming(streaming->as_bool());
    auto* http = method->mutable_options()->MutableExtension(google::api::http);
    ASSERT_TRUE(pb::util::JsonStringToMessage(json::serialize(rule), http).ok());
  }
  pb::DescriptorPool pool(pb::DescriptorPool::generated_pool());
  const pb::FileDescriptor* built = pool.BuildFile(file);
  ASSERT_NE(built, nullptr);
  std::vector<std::string> faults;
  gateway::RouteTable table({built->service(0)}, &faults);
  const std::string expected = Text(data.at("fault"));
  if (expected.empty()) {
    EXPECT_TRUE(faults.empty()) << faults[0];
    return;
  }
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].find(expected), std::string::npos) << faults[0];
}

INSTANTIATE_TEST_SUITE_P(Cases, Startup, ::testing::ValuesIn(Load(true)), NameOf);

}  // namespace
}  // namespace lanting::testing
