// A child process of a test: killed with it, never left behind.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace lanting::testing {

class Child {
 public:
  // `log`: where its standard error goes.
  Child(const std::string& binary, std::map<std::string, std::string> env, const std::string& log = "/dev/null") {
    // LANTING_FAULT and friends of an earlier child must not leak into this one: the environment is only what is given.
    if (const char* path = std::getenv("PATH")) env.try_emplace("PATH", path);
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"})
      if (const char* value = std::getenv(name)) env.try_emplace(name, value);
    std::vector<std::string> lines;
    for (const auto& [name, value] : env) lines.push_back(name + "=" + value);
    std::vector<char*> envp;
    for (auto& line : lines) envp.push_back(line.data());
    envp.push_back(nullptr);
    char* argv[] = {const_cast<char*>(binary.c_str()), nullptr};
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
      execve(binary.c_str(), argv, envp.data());
      _exit(127);
    }
  }
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  Child(const Child&) = delete;

  void Signal(int signal) const { kill(pid_, signal); }
  bool Ended() {
    if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ < 0;
  }
  // After Ended(): whether it was by SIGKILL, as a fault point does.
  bool Killed() const { return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL; }
  bool ExitedWell() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace lanting::testing
