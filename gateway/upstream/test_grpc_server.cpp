#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "gateway/upstream/test_servers.h"
#include "platform/rpc/status.h"

namespace lanting::gateway {
namespace {

struct State {
  std::mutex mutex;
  std::atomic<int> cancelled{0}, written{0};
  std::multimap<std::string, std::string> metadata;
  long deadline_ms = 0;
};

std::string Bytes(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  return buffer.DumpToSingleSlice(&slice).ok() ? std::string(slice.begin(), slice.end()) : std::string();
}

class Reactor : public grpc::ServerGenericBidiReactor {
 public:
  Reactor(grpc::GenericCallbackServerContext* context, State* state)
      : context_(context), state_(state), method_(context->method()) {
    StartRead(&in_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End({grpc::StatusCode::INTERNAL, "unreadable"});
    request_ = Bytes(in_);
    Record();
    if (method_ == "/t/Hang") return;
    if (method_ == "/t/Fail")
      return End(rpc::ToStatus({.code = Code::kNotFound,
                                .reason = "MEMBER_NOT_FOUND",
                                .message = "没有这个成员 (100%)",
                                .metadata = {{"member", "王羲之"}}}));
    if (method_ == "/t/Foreign") return End({grpc::StatusCode::UNAVAILABLE, "数据库 10.0.0.7 is down"});
    if (method_ == "/t/Stream") {
      left_ = std::stoi(request_);
      return WriteNext();
    }
    if (method_ == "/t/Seen") {
      context_->AddInitialMetadata("x-note", "1");
      context_->AddInitialMetadata("x-hidden", "2");
      context_->AddTrailingMetadata("x-raw-bin", std::string("\0\xff\x01", 3));
    }
    const grpc::Slice slice(request_);
    out_ = grpc::ByteBuffer(&slice, 1);
    if (!ended_.exchange(true)) StartWriteAndFinish(&out_, grpc::WriteOptions(), grpc::Status::OK);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return;
    if (method_ != "/t/Stream") return;
    ++state_->written;
    WriteNext();
  }

  void OnCancel() override {
    ++state_->cancelled;
    End(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void End(grpc::Status status) {
    if (!ended_.exchange(true)) Finish(std::move(status));
  }

  void WriteNext() {
    if (left_ == 0) return End(grpc::Status::OK);
    std::string message = std::to_string(left_--) + "兰";
    message.resize(16 * 1024, '.');
    const grpc::Slice slice(message);
    out_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&out_);
  }

  void Record() {
    std::lock_guard lock(state_->mutex);
    state_->metadata.clear();
    for (const auto& [name, value] : context_->client_metadata())
      state_->metadata.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    state_->deadline_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(context_->deadline() - std::chrono::system_clock::now())
            .count();
  }

  grpc::GenericCallbackServerContext* const context_;
  State* const state_;
  const std::string method_;
  std::string request_;
  int left_ = 0;
  std::atomic<bool> ended_{false};
  grpc::ByteBuffer in_, out_;
};

class Service : public grpc::CallbackGenericService {
 public:
  explicit Service(State* state) : state_(state) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(context, state_);
  }

 private:
  State* const state_;
};

}  // namespace

struct GrpcServer::Impl {
  State state;
  Service service{&state};
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

GrpcServer::GrpcServer() : impl_(std::make_unique<Impl>()) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &impl_->port);
  builder.SetMaxReceiveMessageSize(32 * 1024 * 1024);
  builder.RegisterCallbackGenericService(&impl_->service);
  impl_->server = builder.BuildAndStart();
}

GrpcServer::~GrpcServer() { impl_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1)); }

std::string GrpcServer::target() const { return "127.0.0.1:" + std::to_string(impl_->port); }
int GrpcServer::cancelled() const { return impl_->state.cancelled; }
int GrpcServer::written() const { return impl_->state.written; }

std::multimap<std::string, std::string> GrpcServer::last_metadata() const {
  std::lock_guard lock(impl_->state.mutex);
  return impl_->state.metadata;
}

long GrpcServer::last_deadline_ms() const {
  std::lock_guard lock(impl_->state.mutex);
  return impl_->state.deadline_ms;
}

}  // namespace lanting::gateway
