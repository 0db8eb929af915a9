#include "gateway/upstream/addresses.h"

#include <algorithm>

#include "platform/obs/log.h"

namespace lanting::gateway::detail {
namespace {

// grpc.health.v1.HealthCheckResponse{status: SERVING}, field 1 varint 1: the whole message, so that it needs no
// generated code. The request (no service name: the server as a whole) is empty.
constexpr std::string_view kServing("\x08\x01", 2);
// Connections that end sooner than this, one after the other: beyond so many, they count as not made.
constexpr std::chrono::seconds kShortLife{1};
constexpr int kShortLives = 3;

Deadline Now() { return std::chrono::steady_clock::now(); }

}  // namespace

bool Addresses::Address::IsConnected() const {
  return std::any_of(connections.begin(), connections.end(),
                     [](const auto& c) { return c->state() == Connection::State::kReady; });
}

Addresses::Addresses(Hub& hub) : hub_(hub) {}

Addresses::Address* Addresses::Find(unsigned id) {
  for (auto& address : addresses_)
    if (address->id == id) return address.get();
  return nullptr;
}

std::chrono::milliseconds Addresses::Jitter(std::chrono::milliseconds around, double part) {
  const double factor = std::uniform_real_distribution<>(1 - part, 1 + part)(random_);
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(around.count()) * factor));
}

void Addresses::Update(std::vector<Endpoint> endpoints) {
  if (closed_) return;
  for (auto& address : addresses_) {
    const auto same = std::find_if(endpoints.begin(), endpoints.end(),
                                   [&](const Endpoint& e) { return e.at == address->endpoint.at; });
    address->gone = same == endpoints.end();
    if (same != endpoints.end()) endpoints.erase(same);
  }
  const auto& timing = hub_.options.timing;
  for (Endpoint& endpoint : endpoints)
    addresses_.push_back(std::make_unique<Address>(
        Address{.id = ++last_id_, .endpoint = std::move(endpoint), .outlier = {timing.eject_for, timing.eject_most}}));
  Tick(Now());
}

bool Addresses::IsPreferred(const Address& address, Deadline now) const {
  return address.health == Health::kServing && !address.gone && !address.outlier.IsEjected(now);
}

Connection* Addresses::PickOf(Address& address) {
  const std::size_t n = address.connections.size();
  for (std::size_t i = 0; i < n; ++i) {
    Connection* connection = address.connections[(address.next + i) % n].get();
    if (!connection->HasRoom()) continue;
    address.next = (address.next + i + 1) % n;
    return connection;
  }
  return nullptr;
}

Connection* Addresses::Pick(unsigned avoid) {
  const std::size_t n = addresses_.size();
  const auto now = Now();
  // Full is better than unhealthy: the rest are asked only if none of the preferred is connected at all.
  bool preferred = false;
  for (const auto& address : addresses_) preferred |= IsPreferred(*address, now) && address->IsConnected();
  Address* avoided = nullptr;
  for (std::size_t i = 0; i < n; ++i) {
    Address& address = *addresses_[(next_ + i) % n];
    if (preferred && !IsPreferred(address, now)) continue;
    if (address.id == avoid) {
      avoided = &address;
      continue;
    }
    if (Connection* connection = PickOf(address)) {
      next_ = (next_ + i + 1) % n;
      return connection;
    }
  }
  return avoided != nullptr ? PickOf(*avoided) : nullptr;
}

bool Addresses::Hope() const {
  for (const auto& address : addresses_) {
    for (const auto& c : address->connections)
      if (c->state() == Connection::State::kReady ||
          (c->state() == Connection::State::kConnecting && address->failures == 0))
        return true;
  }
  return false;
}

bool Addresses::Serving() const {
  return std::any_of(addresses_.begin(), addresses_.end(),
                     [](const auto& a) { return a->health == Health::kServing && a->IsConnected(); });
}

void Addresses::Connect(Address& address, Deadline now) {
  if (address.gone || now < address.connect_at) return;
  int fresh = 0;
  for (const auto& c : address.connections)
    fresh += c->state() == Connection::State::kConnecting || (c->state() == Connection::State::kReady && !c->old());
  for (; fresh < hub_.options.channels; ++fresh) {
    auto connection = std::make_shared<Connection>(hub_.shared_from_this(), address.id, address.endpoint.authority,
                                                   Jitter(hub_.options.timing.max_age, 0.1));
    address.connections.push_back(connection);
    connection->Start(address.endpoint.at);
  }
}

void Addresses::OnReady(Connection& connection) {
  Address* address = Find(connection.address());
  if (address == nullptr) return;
  // It takes the place of one that is too old.
  for (const auto& c : address->connections) {
    if (c.get() == &connection || !c->old() || c->state() != Connection::State::kReady) continue;
    c->Drain();
    break;
  }
  if (address->health == Health::kUnknown) Probe(*address, Now());
}

void Addresses::OnDraining(Connection& connection) {
  Address* address = Find(connection.address());
  if (address == nullptr) return;
  const auto now = Now();
  Lived(*address, now - connection.ready_at(), now);
  Connect(*address, now);
}

void Addresses::Lived(Address& address, Deadline::duration life, Deadline now) {
  if (life >= kShortLife)
    address.short_lives = address.failures = 0;
  else if (++address.short_lives > kShortLives)
    Failed(address, now);
}

void Addresses::Failed(Address& address, Deadline now) {
  const auto& timing = hub_.options.timing;
  const int doublings = std::min(address.failures++, 16);
  address.connect_at = now + Jitter(std::min(timing.backoff_min * (1 << doublings), timing.backoff_max), 0.2);
}

void Addresses::OnClosed(Connection& connection, const std::string& why) {
  Address* address = Find(connection.address());
  if (address == nullptr) return;
  const auto now = Now();
  std::erase_if(address->connections, [&](const auto& c) { return c.get() == &connection; });
  if (!address->IsConnected()) address->health = Health::kUnknown;
  if (closed_) return;
  if (!connection.was_ready()) {
    last_error_ = address->endpoint.authority + ": " + why;
    Failed(*address, now);
  } else if (connection.drained()) {
    return;  // its successor was seen to when it began to drain
  } else {
    last_error_ = address->endpoint.authority + ": " + why;
    Lived(*address, now - connection.ready_at(), now);
  }
  Connect(*address, now);
}

void Addresses::OnSuccess(unsigned id) {
  if (Address* address = Find(id)) address->outlier.OnSuccess();
}

bool Addresses::OnFailure(unsigned id, Deadline now) {
  Address* address = Find(id);
  if (address == nullptr || address->outlier.IsEjected(now) || !address->outlier.OnFailure()) return false;
  const auto ejected = static_cast<std::size_t>(
      std::count_if(addresses_.begin(), addresses_.end(), [&](const auto& a) { return a->outlier.IsEjected(now); }));
  if ((ejected + 1) * 2 > addresses_.size()) return false;
  address->outlier.Eject(now);
  obs::Info("upstream address ejected", {{"upstream", hub_.options.name}, {"address", address->endpoint.authority}});
  return true;
}

void Addresses::Probe(Address& address, Deadline now) {
  if (address.probing) return;
  Connection* connection = PickOf(address);
  if (connection == nullptr) return;
  address.probing = true;
  address.probe_at = now + hub_.options.timing.probe_every;
  auto call = std::make_shared<Call>(
      UpstreamCall{.method = "/grpc.health.v1.Health/Check", .timeout = hub_.options.timing.probe_timeout}, false);
  call->probe = true;
  call->done = [hub = hub_.weak_from_this(), this, id = address.id](const Result<UpstreamReply>& reply) {
    auto alive = hub.lock();  // and with it this
    if (!alive) return;
    Locked lock(*alive);
    OnHealth(id, reply);
  };
  connection->Submit(call);
}

void Addresses::OnHealth(unsigned id, const Result<UpstreamReply>& reply) {
  Address* address = Find(id);
  if (address == nullptr) return;
  address->probing = false;
  if (!address->IsConnected()) return;
  const bool serves = reply.ok() ? reply->message == kServing : reply.error().code == Code::kUnimplemented;
  if (serves && address->short_lives == 0) address->failures = 0;
  const auto health = serves ? Health::kServing : Health::kNotServing;
  if (address->health == health) return;
  address->health = health;
  obs::Info(serves ? "upstream serves" : "upstream does not serve",
            {{"upstream", hub_.options.name}, {"address", address->endpoint.authority}});
}

bool Addresses::Tick(Deadline now) {
  bool connecting = false;
  for (auto& address : addresses_) {
    const auto connections = address->connections;  // they may close, and be replaced
    for (const auto& c : connections) {
      c->Tick(now);
      if (address->gone) c->Drain();
      connecting |= c->state() == Connection::State::kConnecting;
    }
    Connect(*address, now);
    if (now >= address->probe_at) Probe(*address, now);
  }
  std::erase_if(addresses_, [](const auto& a) { return a->gone && a->connections.empty(); });
  return connecting;
}

void Addresses::CloseAll() {
  closed_ = true;
  for (auto& address : addresses_) {
    const auto connections = address->connections;
    for (const auto& c : connections) c->Close("the gateway ends");
  }
  addresses_.clear();
}

Addresses::Counts Addresses::Count(Deadline now) const {
  Counts counts;
  for (const auto& address : addresses_) {
    for (const auto& c : address->connections) counts.connections += c->state() == Connection::State::kReady;
    int& state = !address->IsConnected()               ? counts.disconnected
                 : address->outlier.IsEjected(now)     ? counts.ejected
                 : address->health == Health::kServing ? counts.serving
                                                       : counts.not_serving;
    ++state;
  }
  return counts;
}

}  // namespace lanting::gateway::detail
