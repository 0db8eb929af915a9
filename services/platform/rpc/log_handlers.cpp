#include "platform/rpc/log_handlers.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <mutex>

#include "platform/obs/log.h"

namespace lanting::rpc {

void InstallLogHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function([](gpr_log_func_args* args) {
      if (args->severity == GPR_LOG_SEVERITY_ERROR) obs::Warn("grpc", {{"detail", args->message}});
    });
    google::protobuf::SetLogHandler([](google::protobuf::LogLevel, const char*, int, const std::string& message) {
      obs::Debug("protobuf", {{"detail", message}});
    });
  });
}

}  // namespace lanting::rpc
