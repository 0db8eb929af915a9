#include "platform/http/core.h"

#include <stdexcept>

#include "platform/http/wire.h"

namespace lanting::http {

Core::Core(ServerOptions server_options, Handler request_handler)
    : options(std::move(server_options)), handler(std::move(request_handler)) {
  if (!options.tls) return;
  if (auto loaded = LoadTls(); !loaded.ok()) throw std::runtime_error(loaded.error().message);
}

Response Core::ErrorResponse(int status, std::string_view reason, std::string_view message) const {
  Response response =
      options.error_body ? options.error_body(status, reason, message) : PlainError(status, reason, message);
  response.status = status;
  return response;
}

std::optional<Response> Core::Refusal(const Request& request) const {
  if (!options.admit) return std::nullopt;
  try {
    return options.admit(request);
  } catch (const std::exception& e) {
    if (options.on_exception) options.on_exception(e.what());
    return ErrorResponse(500, "INTERNAL", "An internal error occurred.");
  }
}

std::shared_ptr<TlsContext> Core::tls() {
  std::lock_guard lock(mutex);
  return tls_;
}

Result<void> Core::LoadTls() {
  if (!options.tls) return {};
  ASSIGN_OR_RETURN(auto loaded, TlsContext::Load(*options.tls, options.http2));
  std::lock_guard lock(mutex);
  tls_.swap(loaded);
  return {};
}

Presence::Presence(std::shared_ptr<Core> core) : core_(std::move(core)) {
  std::lock_guard lock(core_->mutex);
  ++core_->present;
}

Presence::~Presence() {
  std::lock_guard lock(core_->mutex);
  if (--core_->present == 0) core_->gone.notify_all();
}

}  // namespace lanting::http
