// grpc_load: calls one unary RPC with prepared requests in a closed loop and prints one JSON line: requests, seconds,
// requests_per_second, p50_ms, p99_ms, errors. The gRPC side of the REST-against-gRPC comparison.
//
//   grpc_load 127.0.0.1:9101 /lanting.membership.v1.MemberService/GetMember names.txt 64 5      (key: LANTING_KEY)
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "lanting/membership/v1/member_service.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

grpc::ByteBuffer Serialized(const google::protobuf::Message& message) {
  grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer reply;
  grpc::Status status;
  Clock::time_point began;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: grpc_load ADDRESS METHOD FILE_OF_NAMES CONCURRENCY SECONDS\n");
    return 64;
  }
  std::vector<grpc::ByteBuffer> requests;
  std::ifstream names(argv[3]);
  for (std::string name; std::getline(names, name);) {
    lanting::membership::v1::GetMemberRequest request;
    request.set_name(name);
    requests.push_back(Serialized(request));
  }
  if (requests.empty()) {
    std::fprintf(stderr, "no names in %s\n", argv[3]);
    return 1;
  }
  const int concurrency = std::atoi(argv[4]);
  const std::string authorization =
      std::string("Bearer ") + std::getenv("LANTING_KEY");  // NOLINT(concurrency-mt-unsafe)

  constexpr int kChannels = 2;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (int i = 0; i < kChannels; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("lanting.channel", i);  // distinct arguments: a connection each
    stubs.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(argv[1], grpc::InsecureChannelCredentials(), arguments)));
  }
  grpc::CompletionQueue queue;
  std::size_t next = 0;
  auto start = [&] {
    auto* call = new Call;
    call->context.AddMetadata("authorization", authorization);
    call->began = Clock::now();
    const auto n = next++;
    call->reader =
        stubs[n % kChannels]->PrepareUnaryCall(&call->context, argv[2], requests[n * 7919 % requests.size()], &queue);
    call->reader->StartCall();
    call->reader->Finish(&call->reply, &call->status, call);
  };
  const auto began = Clock::now();
  const auto end = began + std::chrono::milliseconds(static_cast<int>(std::atof(argv[5]) * 1000));
  for (int i = 0; i < concurrency; ++i) start();
  std::vector<double> latencies_ms;
  int errors = 0, in_flight = concurrency;
  void* tag;
  bool ok;
  while (in_flight > 0 && queue.Next(&tag, &ok)) {
    std::unique_ptr<Call> call(static_cast<Call*>(tag));
    const auto now = Clock::now();
    latencies_ms.push_back(std::chrono::duration<double, std::milli>(now - call->began).count());
    errors += !call->status.ok();
    if (now < end) {
      start();
    } else {
      --in_flight;
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::sort(latencies_ms.begin(), latencies_ms.end());
  auto at = [&](double q) {
    return latencies_ms[static_cast<std::size_t>(q * static_cast<double>(latencies_ms.size() - 1))];
  };
  std::printf(
      "{\"requests\":%zu,\"seconds\":%.3f,\"requests_per_second\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"errors\":%d}"
      "\n",
      latencies_ms.size(), seconds, static_cast<double>(latencies_ms.size()) / seconds, at(0.5), at(0.99), errors);
}
