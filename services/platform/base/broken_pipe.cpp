#include "platform/base/broken_pipe.h"

#include <csignal>

namespace lanting {

void IgnoreBrokenPipes() {
  static const bool once = [] {
    struct sigaction now {};
    if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
    return true;
  }();
  (void)once;
}

}  // namespace lanting
