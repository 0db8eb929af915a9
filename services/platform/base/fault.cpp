#include "platform/base/fault.h"

#ifdef LANTING_FAULTS
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

namespace lanting::fault {

void Point(const char* name) {
  struct Setting {
    std::string name;
    std::atomic<int> passes_left{0};
    Setting() {
      const char* env = std::getenv("LANTING_FAULT");
      if (env == nullptr) return;
      const char* colon = std::strrchr(env, ':');
      name = colon ? std::string(env, colon) : std::string(env);
      passes_left = colon ? std::atoi(colon + 1) : 1;
    }
  };
  static Setting setting;
  if (setting.name.empty() || setting.name != name) return;
  if (--setting.passes_left == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace lanting::fault
#endif
