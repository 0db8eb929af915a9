// echo_server: the gRPC service behind the gateways of `make bench`. It does as little as a gRPC service can: one
// thread, GetMember answers with the same member of twelve fields, CreateMember with the member it was sent, and every
// key that IntrospectKey is asked for may do anything. Prints its port and serves until its standard input ends.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstdio>
#include <thread>

#include "bench/member_sample.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "lanting/membership/v1/tenant_service.pb.h"

namespace {

namespace v1 = lanting::membership::v1;

v1::IntrospectKeyResponse AnyKey() {
  v1::IntrospectKeyResponse key;
  key.set_active(true);
  key.set_tenant("tenants/01hxk5c3v8e5t9q2m7n4b6d0fg");
  key.set_key("keys/01hxk5c3v8e5t9q2m7n4b6d0fk");
  key.add_scopes("*");
  return key;
}

grpc::ByteBuffer Buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// One call, from its arrival to the end of its reply; the queue's tag.
class Call {
 public:
  Call(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* queue) : service_(service), queue_(queue) {
    service_->RequestCall(&context_, &stream_, queue_, queue_, this);
  }

  void Proceed(bool ok) {
    if (state_ == State::kWaiting && ok) {
      new Call(service_, queue_);
      state_ = State::kReading;
      return stream_.Read(&message_, this);
    }
    if (state_ == State::kReading && ok) {
      state_ = State::kReplying;
      return Reply();
    }
    delete this;
  }

 private:
  enum class State { kWaiting, kReading, kReplying };

  void Reply() {
    static const grpc::ByteBuffer sample = Buffer(lanting::bench::SampleMember().SerializeAsString());
    const std::string& method = context_.method();
    if (method.ends_with("/GetMember"))
      return stream_.WriteAndFinish(sample, grpc::WriteOptions(), grpc::Status::OK, this);
    if (method.ends_with("/IntrospectKey"))
      return stream_.WriteAndFinish(Buffer(AnyKey().SerializeAsString()), grpc::WriteOptions(), grpc::Status::OK, this);
    grpc::Slice slice;
    v1::CreateMemberRequest request;
    if (method.ends_with("/CreateMember") && message_.DumpToSingleSlice(&slice).ok() &&
        request.ParseFromArray(slice.begin(), static_cast<int>(slice.size())))
      return stream_.WriteAndFinish(Buffer(request.member().SerializeAsString()), grpc::WriteOptions(),
                                    grpc::Status::OK, this);
    stream_.Finish({grpc::StatusCode::UNIMPLEMENTED, "not part of the benchmark"}, this);
  }

  grpc::AsyncGenericService* const service_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer message_;
  State state_ = State::kWaiting;
};

}  // namespace

int main() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  new Call(&service, queue.get());
  std::thread worker([&queue] {
    void* tag;
    bool ok;
    while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->Proceed(ok);
  });
  std::printf("%d\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  queue->Shutdown();
  worker.join();
}
