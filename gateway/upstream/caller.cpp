#include "gateway/upstream/caller.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "platform/rpc/status.h"

namespace lanting::gateway {
namespace {

constexpr int kMaxReplyBytes = 32 * 1024 * 1024;

struct InFlight {
  grpc::ClientContext context;
  grpc::ByteBuffer request, reply;
};

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& s : slices) bytes.append(reinterpret_cast<const char*>(s.begin()), s.size());
  return bytes;
}

}  // namespace

struct Upstream::Channels {
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  std::atomic<unsigned> next{0};
  std::mutex mutex;
  std::condition_variable idle;
  int in_flight = 0;

  void Began() {
    std::lock_guard lock(mutex);
    ++in_flight;
  }
  void Ended() {
    std::lock_guard lock(mutex);
    if (--in_flight == 0) idle.notify_all();
  }
};

Upstream::Upstream(std::string name, const std::string& target, int channels)
    : name_(std::move(name)), channels_(std::make_shared<Channels>()) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  arguments.SetLoadBalancingPolicyName("round_robin");  // over all addresses of the name
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);  // in 1.51: how long a connection attempt may take
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 700);   // the pause between attempts, give or take a fifth
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);  // else a moved service is lost for 30 s
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all channels share one connection
  for (int i = 0; i < channels; ++i) {
    channels_->stubs.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments)));
  }
}

Upstream::~Upstream() {
  std::unique_lock lock(channels_->mutex);
  channels_->idle.wait(lock, [this] { return channels_->in_flight == 0; });  // each call has its deadline
}

Upstream::Cancel Upstream::Call(UpstreamCall call, Done done) {
  auto flight = std::make_shared<InFlight>();
  const grpc::Slice slice(call.request);
  flight->request = grpc::ByteBuffer(&slice, 1);
  flight->context.set_deadline(std::chrono::system_clock::now() + call.timeout);
  if (!call.authorization.empty()) flight->context.AddMetadata("authorization", call.authorization);
  if (!call.traceparent.empty()) flight->context.AddMetadata("traceparent", call.traceparent);
  Cancel cancel = [weak = std::weak_ptr<InFlight>(flight)] {
    if (auto alive = weak.lock()) alive->context.TryCancel();
  };
  InFlight* f = flight.get();
  auto& stub = channels_->stubs[channels_->next.fetch_add(1, std::memory_order_relaxed) % channels_->stubs.size()];
  channels_->Began();
  stub->UnaryCall(
      &f->context, call.method, grpc::StubOptions(), &f->request, &f->reply,
      [flight = std::move(flight), done = std::move(done), name = name_, channels = channels_](grpc::Status status) {
        if (status.ok())
          done(Bytes(flight->reply));
        else
          done(rpc::FromStatus(status, name));
        channels->Ended();
      });
  return cancel;
}

}  // namespace lanting::gateway
