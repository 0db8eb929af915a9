// upstream_call: what one call to a service costs the gateway, in CPU time of the client's side, with our own client
// and with gRPC's generic callback stub (docs/adr/0012). Both call GetMember of the same echo_server, in turns.
//
//   upstream_call TARGET [CALLS_A_ROUND]
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "gateway/upstream/caller.h"
#include "platform/http/io.h"

namespace {

using namespace lanting;

constexpr const char* kMethod = "/lanting.membership.v1.MemberService/GetMember";
constexpr const char* kAuthorization = "Bearer lt_live_01j8zq4t5m8k2x6r7v9w3y5a7c_k3n5p7r9t2v4x6z8b3d5f7h9j2m4p6r8";
constexpr const char* kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const std::string kRequest =
    "\x0a\x3d"
    "communities/01j8zq4t5m8k2x6r7v9w3y5a7c/members/01j8zq4t5m8k2x";

using Done = std::function<void(bool ok)>;
using Client = std::function<void(Done)>;

class GrpcClient {
 public:
  explicit GrpcClient(const std::string& target)
      : stub_(grpc::CreateChannel(target, grpc::InsecureChannelCredentials())) {}

  void Call(Done done) {
    struct Flight {
      grpc::ClientContext context;
      grpc::ByteBuffer request, reply;
      Done done;
    };
    auto* flight = new Flight{.done = std::move(done)};
    const grpc::Slice slice(kRequest);
    flight->request = grpc::ByteBuffer(&slice, 1);
    flight->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    flight->context.AddMetadata("authorization", kAuthorization);
    flight->context.AddMetadata("traceparent", kTraceparent);
    stub_.UnaryCall(&flight->context, kMethod, grpc::StubOptions(), &flight->request, &flight->reply,
                    [flight](const grpc::Status& status) {
                      std::vector<grpc::Slice> slices;
                      std::string bytes;
                      if (flight->reply.Dump(&slices).ok())
                        for (const auto& s : slices) bytes.append(reinterpret_cast<const char*>(s.begin()), s.size());
                      const Done finish = std::move(flight->done);
                      delete flight;
                      finish(status.ok() && !bytes.empty());
                    });
  }

 private:
  grpc::GenericStub stub_;
};

double CpuMicros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto micros = [](const timeval& t) { return 1e6 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec); };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

struct Figures {
  double cpu_micros, calls_per_second;
};

// So many calls, so many at a time.
Figures Round(const Client& client, int calls, int at_a_time) {
  std::atomic<int> left{calls}, open{at_a_time};
  std::function<void()> next = [&] {
    if (left.fetch_sub(1) <= 0) {
      if (--open == 0) open.notify_all();
      return;
    }
    client([&](bool ok) {
      if (!ok) std::fprintf(stderr, "a call failed\n"), std::exit(1);
      next();
    });
  };
  const double cpu = CpuMicros();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < at_a_time; ++i) next();
  for (int n = open; n != 0; n = open) open.wait(n);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return {(CpuMicros() - cpu) / calls, calls / took.count()};
}

Figures Median(std::vector<Figures> all) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.cpu_micros < b.cpu_micros; });
  return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: upstream_call TARGET [CALLS_A_ROUND]\n");
    return 64;
  }
  const int calls = argc > 2 ? std::atoi(argv[2]) : 20'000;
  GrpcClient grpc_client(argv[1]);
  gateway::Upstream upstream({.name = "echo", .target = argv[1], .io = std::make_shared<http::Io>(1)});
  const Client theirs = [&](Done done) { grpc_client.Call(std::move(done)); };
  const Client ours = [&](Done done) {
    upstream.Call(
        {.method = kMethod, .request = kRequest, .authorization = kAuthorization, .traceparent = kTraceparent},
        [done = std::move(done)](const Result<gateway::UpstreamReply>& reply) {
          done(reply.ok() && !reply->message.empty());
        });
  };
  std::printf("%-12s %28s %28s %6s\n", "at a time", "gRPC C++: CPU us, calls/s", "ours: CPU us, calls/s", "ratio");
  for (int at_a_time : {1, 16, 64}) {
    std::vector<Figures> of_theirs, of_ours;
    Round(theirs, calls / 10, at_a_time);
    Round(ours, calls / 10, at_a_time);
    for (int i = 0; i < 5; ++i) {
      of_theirs.push_back(Round(theirs, calls, at_a_time));
      of_ours.push_back(Round(ours, calls, at_a_time));
    }
    const Figures a = Median(of_theirs), b = Median(of_ours);
    std::printf("%-12d %15.1f %12.0f %15.1f %12.0f %6.2f\n", at_a_time, a.cpu_micros, a.calls_per_second, b.cpu_micros,
                b.calls_per_second, a.cpu_micros / b.cpu_micros);
  }
}
