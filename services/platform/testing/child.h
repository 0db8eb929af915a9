// A child process of a test: killed with it, never left behind. It is the child of the thread that made it: it dies
// with that thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace lanting::testing {

class Child {
 public:
  // `command`: the program, looked up in PATH, and its arguments. Of this process's environment it gets PATH and the
  // sanitizers' options alone: a LANTING_FAULT of an earlier child must not leak into it. `log`: where its output goes.
  explicit Child(const std::vector<std::string>& command, std::map<std::string, std::string> env = {},
                 const std::string& log = "/dev/null");
  ~Child();
  Child(const Child&) = delete;

  void Signal(int signal) const;
  // Signals, and returns when it has ended.
  void End(int signal);
  bool Ended();
  // After Ended(): whether it was by SIGKILL, as a fault point does.
  bool Killed() const;
  int ExitCode() const;  // -1: ended by a signal

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace lanting::testing
