// A process that does nothing but relay the outbox of one service, to be killed by tests.
#include <signal.h>

#include <cstdlib>

#include "platform/obs/log.h"
#include "platform/outbox/relay.h"

int main() {
  using namespace lanting;
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  obs::InitLog("relay_host", "warn");
  outbox::Relay relay({.service = std::getenv("LANTING_SERVICE"),
                       .pg_url = std::getenv("LANTING_PG_URL"),
                       .redis_url = std::getenv("LANTING_REDIS_URL")});
  relay.Start();
  int signal = 0;
  sigwait(&ends, &signal);
  relay.Stop();
}
