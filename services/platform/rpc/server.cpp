#include "platform/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "platform/obs/log.h"
#include "platform/rpc/log_handlers.h"

namespace lanting::rpc {
namespace {

constexpr std::size_t kMemoryQuotaBytes = 512u << 20;

// gRPC says no more than "no": ask the kernel the same question to have its reason.
std::string WhyNot(const std::string& address) {
  auto colon = address.rfind(':');
  if (address.starts_with("unix:") || colon == std::string::npos) return "not a usable address";
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{.ai_flags = AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (int error = getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found); error != 0) {
    return gai_strerror(error);
  }
  int socket_fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
  int reuse = 1;
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  bool bound = bind(socket_fd, found->ai_addr, found->ai_addrlen) == 0 && listen(socket_fd, 1) == 0;
  std::string why = bound ? "gRPC refused the address" : std::strerror(errno);
  close(socket_fd);
  freeaddrinfo(found);
  return why;
}

// Process-wide switches of gRPC, which must be set before the first ServerBuilder.
void EnablePlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    InstallLogHandlers();
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

void SetLimits(grpc::ServerBuilder& builder, const ServerOptions& options) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 2000);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 * 1024);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  grpc::ResourceQuota quota("lanting");
  quota.Resize(kMemoryQuotaBytes);
  builder.SetResourceQuota(quota);
  // Only reflection uses the synchronous server.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

}  // namespace

struct Server::Impl {
  explicit Impl(ServerOptions o) : options(std::move(o)), executor(options.executor) {}

  ServerOptions options;
  Executor executor;
  std::unique_ptr<Executor> streams;  // where a service has such calls
  std::vector<std::string> names;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  std::mutex mutex;
  bool down = false;
};

Server::Server(ServerOptions options, const std::vector<Service*>& services)
    : impl_(std::make_unique<Impl>(std::move(options))) {
  const ServerOptions& o = impl_->options;
  if (o.authenticator == nullptr) throw std::logic_error("a server needs an authenticator");
  EnablePlugins();
  Environment environment{&impl_->executor, o.authenticator.get(), o.clock, o.max_deadline};
  for (const Service* service : services) {
    if (service->streams() && impl_->streams == nullptr) impl_->streams = std::make_unique<Executor>(o.streams);
  }
  environment.streams = impl_->streams.get();
  environment.max_stream = o.max_stream;
  grpc::ServerBuilder builder;
  SetLimits(builder, o);
  builder.AddListeningPort(o.address, grpc::InsecureServerCredentials(), &impl_->port);
  for (Service* service : services) {
    builder.RegisterService(&service->Finish(environment));
    impl_->names.push_back(service->name());
  }
  impl_->server = builder.BuildAndStart();
  if (impl_->server == nullptr) throw std::runtime_error("cannot listen on " + o.address + ": " + WhyNot(o.address));
  SetServing(false);
  obs::Info("serving gRPC", {{"address", o.address}, {"port", std::to_string(impl_->port)}});
}

Server::~Server() { Shutdown(std::chrono::milliseconds(0)); }

int Server::port() const { return impl_->port; }
std::size_t Server::queue_depth() const { return impl_->executor.depth(); }

void Server::SetServing(bool serving) {
  SetServing("", serving);
  for (const auto& name : impl_->names) SetServing(name, serving);
}

void Server::SetServing(const std::string& service, bool serving) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->down) return;
  if (auto* health = impl_->server->GetHealthCheckService()) health->SetServingStatus(service, serving);
}

void Server::Shutdown(std::chrono::milliseconds grace) {
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->down || impl_->server == nullptr) return;
    impl_->down = true;
  }
  if (auto* health = impl_->server->GetHealthCheckService()) health->Shutdown();
  impl_->server->Shutdown(std::chrono::system_clock::now() + grace);
  impl_->executor.Stop();
  if (impl_->streams != nullptr) impl_->streams->Stop();
}

}  // namespace lanting::rpc
