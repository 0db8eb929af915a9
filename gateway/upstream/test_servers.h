// Services as a test wants them: HTTP/2 that answers by a function, bytes of any kind, and a real gRPC server.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/upstream/caller.h"

namespace lanting::gateway {

// A message with its prefix.
std::string Framed(const std::string& message, bool compressed = false);

// Listens on 127.0.0.1, a thread for each connection. The port stays the same over Stop and Start.
class RawServer {
 public:
  // `serve` gets a connected socket, which is closed when it returns; it must return when a read or write fails.
  explicit RawServer(std::function<void(int socket)> serve);
  ~RawServer();
  int port() const { return port_; }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }
  void Stop();  // nobody listens, connections are cut
  void Start();

 private:
  void Accept(int listener);

  const std::function<void(int)> serve_;
  int port_ = 0, listener_ = -1;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// What one call brought, and what it gets.
struct Seen {
  std::string path, message;  // without its prefix
  std::multimap<std::string, std::string> headers;
  std::string Header(const std::string& name) const;
};
struct Answer {
  int status = 200;
  std::string content_type = "application/grpc";
  Metadata headers;
  std::string body;  // raw: Framed(...)
  bool trailers_only = false, no_trailers = false, hang = false;
  Metadata trailers = {{"grpc-status", "0"}};
  std::optional<std::uint32_t> reset;  // instead of an end
};
Answer Says(const std::string& message);
Answer Fails(int code, const std::string& message = {});

class H2Server {
 public:
  using Service = std::function<Answer(const Seen&)>;
  // Asked for its health it says SERVING, unless `service` is to answer that too.
  explicit H2Server(Service service, std::uint32_t max_streams = 1000, std::uint32_t window = 65535);
  ~H2Server();

  RawServer& raw() { return *raw_; }
  std::string target() const { return raw_->target(); }
  int calls() const { return calls_; }    // without health
  int resets() const { return resets_; }  // streams that the client reset
  // Sends GOAWAY on the connections of now: `refuse` those calls that come later, as not seen.
  void GoAway() { ++goaways_; }
  // Answers nothing and reads nothing, but keeps its connections.
  void Freeze(bool frozen) { frozen_ = frozen; }
  void SetServing(bool serving) { serving_ = serving; }
  // Streams that are open at the same time, at most so far.
  int most_open() const { return most_open_; }

 private:
  struct Session;
  void Serve(int socket);

  const Service service_;
  const std::uint32_t max_streams_, window_;  // of a stream
  std::atomic<int> calls_{0}, resets_{0}, goaways_{0}, most_open_{0};
  std::atomic<bool> frozen_{false}, serving_{true}, stopping_{false};
  std::unique_ptr<RawServer> raw_;
};

// Echo: the request; Fail: NOT_FOUND with details; Hang: nothing; Seen: its metadata and headers of the reply;
// Stream: as many messages as the request says, each of 16 KiB.
class GrpcServer {
 public:
  GrpcServer();
  ~GrpcServer();
  std::string target() const;
  int cancelled() const;
  int written() const;  // messages of streams that gRPC has taken
  std::multimap<std::string, std::string> last_metadata() const;
  long last_deadline_ms() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Polls until it is true, or half a minute has passed.
bool Eventually(const std::function<bool()>& is);

using Replied = Result<UpstreamReply>;
// Calls, and waits for the answer.
Replied Ask(Upstream& upstream, UpstreamCall call);
// The next message of a stream.
Result<std::optional<std::string>> NextOf(UpstreamStream& stream);

// Times short enough for tests, and deadlines far off.
UpstreamTiming Quick();

}  // namespace lanting::gateway
