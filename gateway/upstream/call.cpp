#include "gateway/upstream/call.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "platform/rpc/status.h"

namespace lanting::gateway::detail {

void Hub::Finish(const std::shared_ptr<Call>& call, Outcome outcome) {
  if (call->finished) return;
  call->finished = true;
  call->connection = nullptr;
  call->outcome = std::move(outcome);
  if (!call->streaming) return due.push_back(call);  // counted until `done` has returned
  if (call->on_message) Deliver(call, std::nullopt);
  Uncount();
}

void Hub::Deliver(const std::shared_ptr<Call>& call, std::optional<std::string> message) {
  call->deliver = std::move(call->on_message);
  call->on_message = nullptr;
  call->message = std::move(message);
  ++in_flight;
  due.push_back(call);
}

void Hub::Uncount() {
  if (--in_flight == 0) in_flight.notify_all();
}

void Hub::Run(Call& call) {
  auto result = [&]() -> Result<UpstreamReply> {
    if (call.outcome.code != 0)
      return rpc::FromStatus(call.outcome.code, call.outcome.message, call.outcome.details, options.name);
    return call.streaming ? UpstreamReply{}
                          : UpstreamReply{call.response->reader.Take(), std::move(call.response->metadata)};
  };
  if (!call.streaming) {
    auto done = std::move(call.done);
    call.done = nullptr;
    done(result());
    return;
  }
  auto deliver = std::move(call.deliver);
  call.deliver = nullptr;
  if (call.message) {
    deliver(std::exchange(call.message, std::nullopt));
  } else if (auto end = result(); end.ok()) {
    deliver(std::optional<std::string>());
  } else {
    deliver(std::move(end).error());
  }
}

Locked::~Locked() {
  if (hub_.due.empty()) return;
  std::vector<std::shared_ptr<Call>> due = std::move(hub_.due);
  hub_.due.clear();
  lock_.unlock();
  auto run = [hub = hub_.shared_from_this(), due = std::move(due)]() mutable {
    for (auto& call : due) {
      const bool counted = !call->probe;
      hub->Run(*call);
      call.reset();
      if (counted) hub->Uncount();
    }
  };
  if (where_ == Where::kHere)
    run();
  else
    boost::asio::post(hub_.io, std::move(run));
}

}  // namespace lanting::gateway::detail
