// A gateway in front of the echo service, for a whole test binary.
#pragma once

#include <memory>
#include <string>

#include "gateway/gateway.h"
#include "platform/auth/key.h"
#include "platform/http/client.h"
#include "platform/http/io.h"
#include "platform/http/server.h"
#include "tests/conformance/echo_service.h"

namespace lanting::testing {

inline constexpr gateway::GateLimits kNoLimits{
    .key_per_second = 0, .tenant_per_second = 0, .tenant_in_flight = 0, .process_in_flight = 0};

// Accepts every well-formed key as one of the tenant it names, with all scopes; that tenant lists the origin
// "https://app.example.com".
gateway::Introspect AcceptAllKeys();

class LiveGateway {
 public:
  // The one of the binary. It ends before the libraries are torn down.
  static LiveGateway& Instance();

  // A gateway and its server.
  struct Front {
    explicit Front(gateway::Config config);
    ~Front();

    const std::shared_ptr<http::Io> io = std::make_shared<http::Io>(1);
    gateway::Gateway gateway;
    http::Server server;
  };
  gateway::Config Settings() const;

  LiveGateway();
  http::ClientConnection Connect() const { return Connect(front_); }
  static http::ClientConnection Connect(const Front& front);

  EchoServer echo;
  const std::string key = auth::GenerateKey(Id::New());

 private:
  Front front_;
};

}  // namespace lanting::testing
