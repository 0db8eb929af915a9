// Where a service is: names and numbers, and the addresses they resolve to.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::gateway::detail {

struct HostPort {
  std::string host, port;
  std::string text;  // "[::1]:9101": the :authority of requests
};

// "host:port,dns:///other:port,[::1]:port". Throws std::invalid_argument.
std::vector<HostPort> ParseTarget(std::string_view target);

struct Endpoint {
  boost::asio::ip::tcp::endpoint at;
  std::string authority;
};

// Asks for all of them; hosts that are addresses need no asking. `done` gets what was found, without doubles, and what
// went wrong last ("" if nothing); it runs on an I/O thread. Names are asked for on a thread of Asio's.
void Resolve(boost::asio::io_context& io, const std::vector<HostPort>& targets,
             std::function<void(std::vector<Endpoint>, const std::string& error)> done);

}  // namespace lanting::gateway::detail
