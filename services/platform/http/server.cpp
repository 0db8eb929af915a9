#include "platform/http/server.h"

#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <future>
#include <stdexcept>

#include "platform/http/connection.h"
#include "platform/http/io.h"
#include "platform/http/wire.h"

namespace lanting::http {

using boost::system::error_code;
using net::ip::tcp;

namespace {

// Beyond max_connections this many are told so; the rest are closed without a word.
constexpr std::size_t kMaxRefusing = 256;
// After a failed accept (out of file descriptors): how long before the next.
constexpr std::chrono::milliseconds kAcceptPause{50};

std::runtime_error CannotListen(const std::string& address, const error_code& error) {
  std::string reason = error == net::error::address_in_use ? "address already in use" : error.message();
  return std::runtime_error("cannot listen on " + address + ": " + reason);
}

tcp::endpoint Resolve(net::io_context& io, const std::string& address) {
  auto colon = address.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("cannot listen on " + address + ": not host:port");
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  error_code error;
  std::uint16_t port = 0;
  auto [end, bad] = std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (bad != std::errc() || end != address.data() + address.size()) {
    throw std::runtime_error("cannot listen on " + address + ": the port is not between 0 and 65535");
  }
  auto found = tcp::resolver(io).resolve(host, "", tcp::resolver::passive, error);
  if (error || found.empty()) throw CannotListen(address, error);
  return {found.begin()->endpoint().address(), port};
}

}  // namespace

// Its handlers keep it: on a shared Io nobody waits for those that are cancelled and find nothing to do.
struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(Io& io, ServerOptions options, Handler handler)
      : context(io.context()),
        core(std::make_shared<Core>(std::move(options), std::move(handler))),
        strand(net::make_strand(context)),
        acceptor(strand),
        sweep_timer(strand),
        accept_timer(strand) {
    Listen();
    const auto& limits = core->options.limits;
    auto shortest = std::min({limits.header_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout});
    sweep_period = std::clamp(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(250));
  }

  void Start() {
    net::post(strand, [self = shared_from_this()] {
      self->Accept();
      self->Sweep();
    });
  }

  void Listen() {
    const auto& address = core->options.address;
    auto endpoint = Resolve(context, address);
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) throw CannotListen(address, error);
    port = acceptor.local_endpoint().port();
  }

  void Accept() {
    if (!acceptor.is_open()) return;
    acceptor.async_accept(net::make_strand(context),
                          [self = shared_from_this()](const error_code& error, Socket socket) {
                            if (self->acceptor.is_open()) self->OnAccepted(error, std::move(socket));
                          });
  }

  void OnAccepted(const error_code& error, Socket socket) {
    if (error) {
      accept_timer.expires_after(kAcceptPause);
      accept_timer.async_wait([self = shared_from_this()](const error_code&) { self->Accept(); });
      return;
    }
    const std::size_t open = Count();
    const std::size_t limit = core->options.limits.max_connections;
    if (open < limit + kMaxRefusing) {
      const auto tls = core->tls();
      std::make_shared<Connection>(core, std::move(socket), tls.get())->Start(open >= limit);
    }
    Accept();
  }

  // One timer for all connections: their deadlines are coarse, and setting one per request would cost more than
  // looking at all of them a few times a second.
  void Sweep() {
    sweep_timer.expires_after(sweep_period);
    sweep_timer.async_wait([self = shared_from_this()](const error_code& error) {
      if (error || !self->sweeping) return;
      auto now = std::chrono::steady_clock::now();
      {
        std::lock_guard lock(self->core->mutex);
        for (const auto& connection : self->core->connections) connection->CheckDeadline(now);
      }
      self->Sweep();
    });
  }

  std::size_t Count() const {
    std::lock_guard lock(core->mutex);
    return core->connections.size();
  }

  // Runs `f` on the acceptor's strand and waits for it.
  template <typename F>
  void OnStrand(F f) {
    std::promise<void> done;
    net::post(strand, [&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void Drain(std::chrono::milliseconds grace) {
    if (drained) return;
    drained = true;
    core->draining = true;
    OnStrand([this] {
      error_code ignored;
      acceptor.close(ignored);
      accept_timer.cancel();
    });
    {
      std::unique_lock lock(core->mutex);
      for (const auto& connection : core->connections) connection->BeginDrain();
      core->gone.wait_for(lock, grace, [this] { return core->connections.empty(); });
      for (const auto& connection : core->connections) connection->Cut();
      core->gone.wait(lock, [this] { return core->present == 0; });  // none of their handlers runs any more
    }
    OnStrand([this] {
      sweeping = false;
      sweep_timer.cancel();
    });
  }

  net::io_context& context;
  bool drained = false;
  std::shared_ptr<Core> core;
  Strand strand;
  net::basic_socket_acceptor<tcp, Strand> acceptor;
  net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>, Strand> sweep_timer,
      accept_timer;
  std::chrono::milliseconds sweep_period{250};
  bool sweeping = true;  // on the strand: the sweep goes on
  int port = 0;
};

Server::Server(ServerOptions options, Handler handler) {
  own_io_ = options.io == nullptr;
  io_ = own_io_ ? std::make_shared<Io>(options.threads) : std::exchange(options.io, nullptr);
  impl_ = std::make_shared<Impl>(*io_, std::move(options), std::move(handler));
  impl_->Start();
}
Server::~Server() { Drain(std::chrono::milliseconds(0)); }

Result<void> Server::ReloadTls() { return impl_->core->LoadTls(); }
int Server::port() const { return impl_->port; }
std::size_t Server::connections() const { return impl_->Count(); }
void Server::Drain(std::chrono::milliseconds grace) {
  impl_->Drain(grace);
  if (own_io_) io_->Stop();
}

}  // namespace lanting::http
