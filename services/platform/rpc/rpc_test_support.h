// A real server on a free port with the key service of membership, for the tests of this room.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/rpc/channel.h"
#include "platform/rpc/server.h"
#include "platform/rpc/service.h"

namespace lanting::rpc {

namespace mb = membership::v1;

inline constexpr const char* kCreateKey = "/lanting.membership.v1.KeyService/CreateKey";
inline constexpr const char* kListKeys = "/lanting.membership.v1.KeyService/ListKeys";
inline constexpr const char* kRevokeKey = "/lanting.membership.v1.KeyService/RevokeKey";

// Knows the credentials it was given.
class TableAuthenticator : public auth::Authenticator {
 public:
  std::map<std::string, auth::Principal, std::less<>> table;
  Result<auth::Principal> Authenticate(std::string_view authorization, Deadline) override {
    auto it = table.find(authorization);
    if (it == table.end()) return errors::Unauthenticated();
    return it->second;
  }
};

// Something to wait for, with a deadline.
class Latch {
 public:
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool Wait(std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

template <typename F>
bool Eventually(F&& done, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  for (auto end = DeadlineIn(limit); std::chrono::steady_clock::now() < end;) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return done();
}

inline const Id kTenant = *Id::ParseUuid("0192f6a0-1111-7222-8333-444455556666");

class RpcTest : public ::testing::Test {
 protected:
  RpcTest() {
    authenticator_->table["Bearer staff"] = {kTenant, "keys/1", {"keys.*"}};
    authenticator_->table["Bearer reader"] = {kTenant, "keys/2", {"keys.read"}};
    list_ = [](const Call&, const mb::ListKeysRequest&) { return mb::ListKeysResponse(); };
    create_ = [](const Call&, const mb::CreateKeyRequest& request) { return request.key(); };
    revoke_ = [](const Call&, const mb::RevokeKeyRequest& request, Done<mb::Key> done) {
      mb::Key key;
      key.set_name(request.name());
      done(std::move(key));
    };
  }

  std::unique_ptr<Service> MakeService() {
    auto service = std::make_unique<Service>("lanting.membership.v1.KeyService");
    service->Unary<mb::CreateKeyRequest, mb::Key>("CreateKey", create_);
    service->Unary<mb::ListKeysRequest, mb::ListKeysResponse>("ListKeys", list_);
    service->Async<mb::RevokeKeyRequest, mb::Key>("RevokeKey", revoke_);
    service->Unary<mb::GetKeyRequest, mb::Key>("GetKey", [](const Call&, const auto&) { return mb::Key(); });
    service->Unary<mb::RotateKeyRequest, mb::Key>("RotateKey", [](const Call&, const auto&) { return mb::Key(); });
    return service;
  }

  void StartServer(ExecutorOptions executor = {}, std::chrono::milliseconds max_deadline = std::chrono::seconds(10)) {
    service_ = MakeService();
    server_ = std::make_unique<Server>(
        ServerOptions{.executor = executor, .max_deadline = max_deadline, .authenticator = authenticator_},
        std::vector<Service*>{service_.get()});
    channel_ = std::make_unique<Channel>("127.0.0.1:" + std::to_string(server_->port()), "membership");
  }

  static CallOptions As(const std::string& credential, int deadline_ms = 5000) {
    return {.deadline = DeadlineIn(std::chrono::milliseconds(deadline_ms)), .authorization = credential};
  }
  Result<mb::ListKeysResponse> List(int deadline_ms = 5000) {
    return CallUnary<mb::ListKeysResponse>(*channel_, kListKeys, mb::ListKeysRequest(),
                                           As("Bearer staff", deadline_ms));
  }
  static mb::CreateKeyRequest GoodKey() {
    mb::CreateKeyRequest request;
    request.mutable_key()->set_display_name("兰亭 web shop");
    request.mutable_key()->add_scopes("members.read");
    return request;
  }

  std::shared_ptr<TableAuthenticator> authenticator_ = std::make_shared<TableAuthenticator>();
  Handler<mb::ListKeysRequest, mb::ListKeysResponse> list_;
  Handler<mb::CreateKeyRequest, mb::Key> create_;
  AsyncHandler<mb::RevokeKeyRequest, mb::Key> revoke_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace lanting::rpc
