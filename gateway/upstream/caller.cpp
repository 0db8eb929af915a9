#include "gateway/upstream/caller.h"

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "platform/rpc/channel.h"
#include "platform/rpc/status.h"

namespace lanting::gateway {
namespace {

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

struct Upstream::Stubs {
  std::vector<grpc::GenericStub> of_channel;
  std::atomic<unsigned> next{0};

  grpc::GenericStub& Next() { return of_channel[next.fetch_add(1, std::memory_order_relaxed) % of_channel.size()]; }
};

// What a callback may own. Never a channel: the last owner of a channel joins gRPC's callback threads, and one of them
// would join itself (the process aborts, "prior > 0").
struct Upstream::InFlightCount {
  std::mutex mutex;
  std::condition_variable idle;
  int calls = 0;

  void Began() {
    std::lock_guard lock(mutex);
    ++calls;
  }
  void Ended() {
    std::lock_guard lock(mutex);
    if (--calls == 0) idle.notify_all();
  }
};

Upstream::Upstream(std::string name, const std::string& target, int channels)
    : name_(std::move(name)), stubs_(std::make_unique<Stubs>()), in_flight_(std::make_shared<InFlightCount>()) {
  for (int i = 0; i < channels; ++i) stubs_->of_channel.emplace_back(rpc::Channel(target).grpc());
}

Upstream::~Upstream() {
  std::unique_lock lock(in_flight_->mutex);
  in_flight_->idle.wait(lock, [this] { return in_flight_->calls == 0; });  // each call has its deadline
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
  in_flight_->Began();
  stubs_->Next().UnaryCall(&f->context, call.method, grpc::StubOptions(), &f->request, &f->reply,
                           [flight = std::move(flight), done = std::move(done), name = name_,
                            in_flight = in_flight_](grpc::Status status) mutable {
                             if (status.ok())
                               done(Bytes(flight->reply));
                             else
                               done(rpc::FromStatus(status, name));
                             flight.reset();  // the context owns the channel too
                             in_flight->Ended();
                           });
  return cancel;
}

}  // namespace lanting::gateway
