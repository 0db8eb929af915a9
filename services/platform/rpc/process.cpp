#include "platform/rpc/process.h"

#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "platform/obs/log.h"

namespace lanting::rpc {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

Process::Process() {
  mallopt(M_ARENA_MAX, 2);
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || wake_ < 0) throw std::runtime_error(std::string("signalfd: ") + std::strerror(errno));
}

Process::~Process() {
  close(signals_);
  close(wake_);
}

int Process::Wait() {
  pollfd fds[] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  if ((fds[0].revents & POLLIN) != 0) {
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof info) == sizeof info) {
      obs::Info("stopping", {{"signal", std::to_string(info.ssi_signo)}});
    }
  }
  sigset_t set = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  std::lock_guard lock(mutex_);
  return failed_ ? 1 : 0;
}

void Process::Fail(const std::string& why) {
  obs::LogError("stopping", {{"cause", why}});
  {
    std::lock_guard lock(mutex_);
    failed_ = true;
  }
  const std::uint64_t one = 1;
  if (write(wake_, &one, sizeof one) != sizeof one) std::abort();
}

}  // namespace lanting::rpc
