// Process: the frame of every main(). Make it first, before any thread exists.
//
//   int main() {
//     rpc::Process process;
//     ... servers, readiness ...
//     int code = process.Wait();   // SIGTERM, SIGINT or Fail()
//     server.Shutdown(grace);
//     return code;
//   }
#pragma once

#include <mutex>
#include <string>

namespace lanting::rpc {

class Process {
 public:
  // Blocks SIGTERM and SIGINT in this thread and all that it starts, ignores SIGPIPE, and keeps the allocator from
  // growing an arena per thread (idle memory).
  Process();
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // 0 after a signal, 1 after Fail(). From then on a second signal kills the process at once.
  int Wait();
  // Ends Wait() from any thread; logged as an error.
  void Fail(const std::string& why);

 private:
  int signals_;
  int wake_;
  std::mutex mutex_;
  bool failed_ = false;
};

}  // namespace lanting::rpc
