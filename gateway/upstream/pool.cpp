#include "gateway/upstream/pool.h"

#include <algorithm>

namespace lanting::gateway::detail {
namespace {

using std::chrono::milliseconds;

// How often deadlines and the like are looked at, while there are calls and otherwise.
constexpr milliseconds kBusyTick{10}, kIdleTick{100};
constexpr std::chrono::seconds kResolvePause{1};
// A deadline that the caller set shorter says nothing about the service.
constexpr std::chrono::seconds kTellingTimeout{1};

Deadline Now() { return std::chrono::steady_clock::now(); }

Outcome NotReached(Code code, std::string message) {
  return {.code = static_cast<int>(code), .message = std::move(message), .reached = false};
}

}  // namespace

Pool::Pool(boost::asio::io_context& context, UpstreamOptions upstream_options)
    : Hub(context, std::move(upstream_options)),
      target_(ParseTarget(options.target)),
      addresses_(*this),
      metrics_(options.name),
      timer_(context) {}

void Pool::Begin() {
  Locked lock(*this, Locked::Where::kPost);
  AskWhere(Now());
  Arm(kBusyTick);
}

void Pool::AskWhere(Deadline now) {
  if (resolving_ || ended_) return;
  resolving_ = true;
  resolved_at_ = now;
  resolve_at_ = now + options.timing.resolve_every;
  Resolve(io, target_, [pool = shared_from_this(), this](std::vector<Endpoint> found, const std::string& error) {
    Locked lock(*this);
    resolving_ = false;
    if (ended_) return;
    resolved_ = true;
    // What cannot be asked for now may be where it was.
    if (error.empty())
      addresses_.Update(std::move(found));
    else
      resolve_at_ = Now() + kResolvePause, resolve_error_ = error;
    ServeWaiting();
  });
}

// --- calls ---

void Pool::Start(const std::shared_ptr<Call>& call) {
  Locked lock(*this, Locked::Where::kPost);
  ++in_flight;
  if (!busy_) Arm(kBusyTick);
  busy_ = true;
  Place(call);
}

void Pool::Place(const std::shared_ptr<Call>& call) {
  if (waiting_.empty() && Submit(call)) return;
  if (resolved_ && !addresses_.Hope()) return Refuse(call);
  if (waiting_.size() >= options.max_waiting)
    return Finish(call, NotReached(Code::kResourceExhausted, "too many calls wait for a stream"));
  waiting_.push_back(call);
}

bool Pool::Submit(const std::shared_ptr<Call>& call) {
  Connection* connection = addresses_.Pick(call->tried);
  if (connection == nullptr) return false;
  connection->Submit(call);
  return true;
}

void Pool::Refuse(const std::shared_ptr<Call>& call) {
  const std::string& why = addresses_.last_error().empty() ? resolve_error_ : addresses_.last_error();
  Finish(call, NotReached(Code::kUnavailable, "no address is connected: " + why));
}

void Pool::ServeWaiting() {
  while (!waiting_.empty() && !ended_) {
    const auto call = waiting_.front();
    if (Submit(call)) {
      waiting_.pop_front();
    } else if (resolved_ && !addresses_.Hope()) {
      waiting_.pop_front();
      Refuse(call);
    } else {
      return;
    }
  }
}

void Pool::Cancel(const std::shared_ptr<Call>& call) {
  Locked lock(*this, Locked::Where::kPost);
  if (call->finished) {
    call->held.clear();
    return;
  }
  Outcome outcome = NotReached(Code::kCancelled, "cancelled by the caller");
  if (call->connection != nullptr) return call->connection->Abandon(call, std::move(outcome));
  std::erase(waiting_, call);
  std::erase_if(retrying_, [&](const Later& later) { return later.call == call; });
  Finish(call, std::move(outcome));
}

void Pool::Next(const std::shared_ptr<Call>& call, UpstreamStream::OnMessage on_message) {
  Locked lock(*this, Locked::Where::kPost);
  call->on_message = std::move(on_message);
  if (call->finished)
    NextOfFinished(call);
  else if (call->connection != nullptr)
    call->connection->Pump(call);
}

// What came before the end is given before the end is told.
void Pool::NextOfFinished(const std::shared_ptr<Call>& call) {
  if (!call->held.empty()) {
    MessageReader& reader = call->response->reader;
    call->held.erase(0, reader.Feed(call->held));
    if (reader.state() == MessageReader::State::kWhole) return Deliver(call, reader.Take());
    call->held.clear();
    if (call->outcome.code == 0)
      call->outcome = {.code = static_cast<int>(Code::kInternal), .message = "the stream ended within a message"};
  }
  Deliver(call, std::nullopt);
}

// --- what connections tell ---

void Pool::OnReady(Connection& connection) {
  addresses_.OnReady(connection);
  ServeWaiting();
}

void Pool::OnDraining(Connection& connection) { addresses_.OnDraining(connection); }

void Pool::OnClosed(Connection& connection, const std::string& why) {
  loss_charged_ = false;
  addresses_.OnClosed(connection, why);
  if (ended_) return;
  if (!connection.drained()) resolve_at_ = std::min(resolve_at_, std::max(Now(), resolved_at_ + kResolvePause));
  ServeWaiting();
}

void Pool::OnRoom() {
  if (!waiting_.empty()) ServeWaiting();
}

void Pool::OnEnded(const std::shared_ptr<Call>& call, Connection& connection, Outcome outcome) {
  if (call->probe) return Finish(call, std::move(outcome));
  Account(*call, connection, outcome);
  if (!MayRetry(*call, outcome)) return Finish(call, std::move(outcome));
  --call->tries_left;
  call->tried = connection.address();
  metrics_.retries.Increment();
  Retry(call, outcome.reached);
}

void Pool::Account(const Call& call, const Connection& connection, const Outcome& outcome) {
  const bool unavailable = outcome.code == static_cast<int>(Code::kUnavailable);
  if (!unavailable && outcome.code != static_cast<int>(Code::kDeadlineExceeded)) {
    addresses_.OnSuccess(connection.address());
    if (outcome.code == 0) budget_.OnSuccess();
    return;
  }
  if (!unavailable && call.request.timeout < kTellingTimeout) return;
  if (outcome.lost && std::exchange(loss_charged_, true)) return;
  if (unavailable && outcome.reached) budget_.OnFailure();
  if (addresses_.OnFailure(connection.address(), Now())) metrics_.ejections.Increment();
}

bool Pool::MayRetry(const Call& call, const Outcome& outcome) const {
  if (outcome.code != static_cast<int>(Code::kUnavailable) || call.tries_left == 0 || ended_) return false;
  if ((call.streaming && call.response->committed()) || Now() + options.timing.retry_max >= call.deadline) return false;
  return !outcome.reached || (call.request.retry_safe && budget_.Allows());
}

// What never reached the service goes to another address at once, and a second time after a pause.
void Pool::Retry(const std::shared_ptr<Call>& call, bool reached) {
  if (!reached && call->tries_left > 0) return Place(call);
  const auto span = (options.timing.retry_max - options.timing.retry_min).count();
  const milliseconds pause =
      options.timing.retry_min + milliseconds(std::uniform_int_distribution<std::int64_t>(0, span)(random_));
  retrying_.push_back({Now() + pause, call});
}

// --- time ---

void Pool::Arm(milliseconds in) {
  timer_.expires_after(in);
  timer_.async_wait([pool = shared_from_this(), this, armed = ++armed_](const boost::system::error_code&) {
    Locked lock(*this);
    if (!ended_ && armed == armed_) Tick();
  });
}

void Pool::Tick() {
  const auto now = Now();
  if (now >= resolve_at_) AskWhere(now);
  const bool connecting = addresses_.Tick(now);
  ExpireWaiting(now);
  std::vector<Later> due_now;
  std::erase_if(retrying_, [&](const Later& later) {
    if (later.at > now) return false;
    due_now.push_back(later);
    return true;
  });
  for (const Later& later : due_now) Place(later.call);
  ServeWaiting();
  ShowMetrics(now);
  busy_ = connecting || in_flight.load() > 0;
  Arm(busy_ ? kBusyTick : kIdleTick);
}

void Pool::ExpireWaiting(Deadline now) {
  const auto expire = [&](const std::shared_ptr<Call>& call) {
    if (call->deadline > now) return false;
    Finish(call, NotReached(Code::kDeadlineExceeded, "no free connection within the deadline"));
    return true;
  };
  std::erase_if(waiting_, expire);
  std::erase_if(retrying_, [&](const Later& later) { return expire(later.call); });
}

void Pool::ShowMetrics(Deadline now) {
  const auto counts = addresses_.Count(now);
  metrics_.connections.Set(counts.connections);
  metrics_.serving.Set(counts.serving);
  metrics_.not_serving.Set(counts.not_serving);
  metrics_.ejected.Set(counts.ejected);
  metrics_.disconnected.Set(counts.disconnected);
  metrics_.in_flight.Set(in_flight.load());
}

bool Pool::Serving() const {
  std::lock_guard lock(mutex);
  return addresses_.Serving();
}

void Pool::End() {
  for (int n = in_flight.load(); n != 0; n = in_flight.load()) in_flight.wait(n);  // each has its deadline
  Locked lock(*this, Locked::Where::kPost);
  ended_ = true;
  timer_.cancel();
  addresses_.CloseAll();
}

}  // namespace lanting::gateway::detail
