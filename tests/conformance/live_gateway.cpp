#include "tests/conformance/live_gateway.h"

#include <gtest/gtest.h>
#include <lanting/membership/v1/tenant_service.pb.h>

#include <thread>

#include "gateway/transcode/error_writer.h"

namespace lanting::testing {
namespace {

std::unique_ptr<LiveGateway>& Holder() {
  static std::unique_ptr<LiveGateway> gateway;
  return gateway;
}

struct Owner : ::testing::Environment {
  void TearDown() override { Holder().reset(); }
};
[[maybe_unused]] const auto* const kOwner = ::testing::AddGlobalTestEnvironment(new Owner);

}  // namespace

gateway::Introspect AcceptAllKeys() {
  return [](const std::string& bytes, const auto& done) {
    membership::v1::IntrospectKeyRequest request;
    request.ParseFromString(bytes);
    membership::v1::IntrospectKeyResponse reply;
    if (const auto key = auth::ParseKey(request.secret())) {
      reply.set_active(true);
      reply.set_tenant("tenants/" + key->tenant.ToString());
      reply.set_key("keys/" + key->tenant.ToString());
      reply.add_scopes("*");
      reply.add_cors_allowed_origins("https://app.example.com");
    }
    done(reply.SerializeAsString());
  };
}

LiveGateway& LiveGateway::Instance() {
  if (Holder() == nullptr) Holder() = std::make_unique<LiveGateway>();
  return *Holder();
}

LiveGateway::Front::Front(gateway::Config config)
    : gateway(config, io),
      server({.io = io,
              .limits = {.max_body_bytes = 16 * 1024 * 1024},
              .error_body = gateway::ServerErrorResponse,
              .admit = [this](const http::Request& request) { return gateway.Admit(request); }},
             [this](std::shared_ptr<http::Exchange> exchange) { gateway.Serve(std::move(exchange)); }) {}

LiveGateway::Front::~Front() { server.Drain(std::chrono::milliseconds(500)); }

gateway::Config LiveGateway::Settings() const {
  return {.upstreams = {{"lanting.testing.v1", "127.0.0.1:" + std::to_string(echo.port())}},
          .gate = {.limits = kNoLimits, .introspect = AcceptAllKeys()}};
}

LiveGateway::LiveGateway() : front_(Settings()) {
  const Deadline deadline = DeadlineIn(std::chrono::seconds(20));
  while (!front_.gateway.NotReady().empty() && Remaining(deadline).count() > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(front_.gateway.NotReady().empty());
}

http::ClientConnection LiveGateway::Connect(const Front& front) {
  auto connection =
      http::ClientConnection::Connect("127.0.0.1", front.server.port(), DeadlineIn(std::chrono::seconds(5)));
  EXPECT_TRUE(connection.ok());
  return std::move(connection).value();
}

}  // namespace lanting::testing
