#include "tests/conformance/echo_service.h"

#include <google/protobuf/util/json_util.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <lanting/testing/v1/echo.pb.h>
#include <atomic>
#include <mutex>

#include "platform/rpc/status.h"
#include "platform/rpc/validate.h"

namespace lanting::testing {
namespace {

namespace v1 = lanting::testing::v1;
namespace pb = google::protobuf;

struct State {
  std::mutex mutex;
  int calls = 0, cancelled = 0, streamed = 0;
  Received last;
};

std::string Bytes(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  return buffer.DumpToSingleSlice(&slice).ok() ? std::string(slice.begin(), slice.end()) : std::string();
}

grpc::ByteBuffer Buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

grpc::Status FailureStatus(const v1::Failure& failure) {
  google::rpc::Status status;
  status.set_code(failure.code());
  status.set_message(failure.message());
  if (!failure.reason().empty()) {
    google::rpc::ErrorInfo info;
    info.set_reason(failure.reason());
    info.set_domain("lanting");
    (*info.mutable_metadata())["shelf"] = "书架";
    status.add_details()->PackFrom(info);
  }
  if (failure.has_retry_delay()) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = failure.retry_delay();
    status.add_details()->PackFrom(retry);
  }
  if (failure.unknown_detail()) {
    auto* any = status.add_details();
    any->set_type_url("type.googleapis.com/nobody.knows.This");
    any->set_value("\x08\x01");
  }
  return {static_cast<grpc::StatusCode>(failure.code()), failure.message(),
          status.details_size() > 0 ? status.SerializeAsString() : std::string()};
}

class Reactor : public grpc::ServerGenericBidiReactor {
 public:
  Reactor(grpc::GenericCallbackServerContext* context, State* state) : context_(context), state_(state) {
    StartRead(&in_);
  }

  void OnReadDone(bool ok) override {
    if (!ok || !request_.ParseFromString(Bytes(in_))) return Finish({grpc::StatusCode::INTERNAL, "unreadable"});
    Record();
    if (received_.method == "Hang") return;
    if (received_.method == "Fail" && request_.text() == "late") return StartSendInitialMetadata();
    if (received_.method == "Fail") return Finish(FailureStatus(request_.failure()));
    if (Streams()) return NextThing();
    // As every service does, by its masks too (AIP-161).
    if (received_.method == "UpdateThing") {
      if (auto valid = rpc::Validate(request_); !valid.ok()) return Finish(rpc::ToStatus(valid.error()));
      received_.request_json.clear();
      (void)pb::util::MessageToJsonString(request_, &received_.request_json);
      std::lock_guard lock(state_->mutex);
      state_->last = received_;
    }
    Reply();
  }

  void OnWriteDone(bool ok) override {
    if (Streams() && ok) NextThing();
  }

  void OnSendInitialMetadataDone(bool) override { Finish(FailureStatus(request_.failure())); }

  void OnCancel() override {
    if (received_.method != "Hang" && !Streams()) return;
    if (finished_.exchange(true)) return;
    std::lock_guard lock(state_->mutex);
    ++state_->cancelled;
    Finish(grpc::Status::CANCELLED);
  }

  void OnDone() override { delete this; }

 private:
  // `kinds.int32_value` things, then the failure if there is one; with the text "open" it stays open instead.
  void NextThing() {
    if (sent_ < request_.kinds().int32_value()) {
      out_ = Buffer(received_.method == "StreamRaw" ? RawPiece() : ThingBytes());
      {
        std::lock_guard lock(state_->mutex);
        ++state_->streamed;
      }
      return StartWrite(&out_);
    }
    if (request_.text() == "open" || finished_.exchange(true)) return;
    Finish(request_.has_failure() ? FailureStatus(request_.failure()) : grpc::Status::OK);
  }

  bool Streams() const { return received_.method == "StreamThings" || received_.method == "StreamRaw"; }

  std::string ThingBytes() {
    v1::Thing thing;
    thing.set_name("things/" + std::to_string(sent_++));
    thing.set_display_name("流觞曲水");
    if (!request_.path().empty()) thing.set_etag(std::string(100'000, 'x'));
    return thing.SerializeAsString();
  }

  std::string RawPiece() {
    common::v1::RawBody raw;
    raw.set_content_type("text/csv; charset=utf-8");
    raw.set_file_name(request_.name().empty() ? "things.csv" : request_.name());
    raw.set_data("things/" + std::to_string(sent_++) + "\n");
    return raw.SerializeAsString();
  }

  void Record() {
    const std::string& path = context_->method();
    received_.method = path.substr(path.rfind('/') + 1);
    for (const auto& [name, value] : context_->client_metadata())
      received_.metadata.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    received_.deadline_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(context_->deadline() - std::chrono::system_clock::now())
            .count();
    (void)pb::util::MessageToJsonString(request_, &received_.request_json);
    std::lock_guard lock(state_->mutex);
    ++state_->calls;
    state_->last = received_;
  }

  void Reply() {
    context_->AddInitialMetadata("x-upstream-note", "1");
    std::string bytes;
    if (received_.method == "GetThing") {
      v1::Thing thing;
      thing.set_name(request_.name());
      thing.set_display_name("兰亭序");
      thing.set_etag("\"v7\"");
      bytes = thing.SerializeAsString();
    } else if (received_.method == "MirrorRaw") {
      bytes = request_.raw().SerializeAsString();
    } else if (received_.method != "DeleteThing") {
      v1::EchoReply reply;
      reply.set_method(received_.method);
      *reply.mutable_request() = request_;
      reply.set_deadline_ms(received_.deadline_ms);
      bytes = reply.SerializeAsString();
      if (request_.text() == "unknown field") bytes += "\xfa\x3e\x01x";  // field 1007, unknown to the descriptors
    }
    out_ = Buffer(bytes);
    StartWriteAndFinish(&out_, grpc::WriteOptions(), grpc::Status::OK);
  }

  grpc::GenericCallbackServerContext* const context_;
  State* const state_;
  grpc::ByteBuffer in_, out_;
  v1::EchoRequest request_;
  Received received_;
  int sent_ = 0;
  std::atomic<bool> finished_{false};
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

struct EchoServer::Impl {
  State state;
  Service service{&state};
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

EchoServer::EchoServer() : impl_(std::make_unique<Impl>()) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &impl_->port);
  builder.SetMaxReceiveMessageSize(32 * 1024 * 1024);
  builder.RegisterCallbackGenericService(&impl_->service);
  impl_->server = builder.BuildAndStart();
}

EchoServer::~EchoServer() { impl_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1)); }

int EchoServer::port() const { return impl_->port; }

int EchoServer::calls() const {
  std::lock_guard lock(impl_->state.mutex);
  return impl_->state.calls;
}

Received EchoServer::last() const {
  std::lock_guard lock(impl_->state.mutex);
  return impl_->state.last;
}

int EchoServer::cancelled() const {
  std::lock_guard lock(impl_->state.mutex);
  return impl_->state.cancelled;
}

int EchoServer::streamed() const {
  std::lock_guard lock(impl_->state.mutex);
  return impl_->state.streamed;
}

}  // namespace lanting::testing
