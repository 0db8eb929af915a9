#include "gateway/upstream/target.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "platform/base/strings.h"

namespace lanting::gateway::detail {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

constexpr std::string_view kDns = "dns:///";

HostPort ParseOne(std::string_view text) {
  const std::invalid_argument bad("the target '" + std::string(text) + "' is not host:port");
  if (text.starts_with(kDns)) text.remove_prefix(kDns.size());
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) throw bad;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() > 2 && host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find_first_of(":/[]") != std::string_view::npos)
    throw bad;
  std::uint16_t number = 0;
  auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || fault != std::errc() || end != port.data() + port.size() || number == 0) throw bad;
  return {std::string(host), std::string(port), std::string(text)};
}

// What several answers are put together in.
struct Gathering {
  Gathering(net::io_context& io, std::size_t count) : resolver(io), missing(count) {}

  void Add(const HostPort& target, const tcp::endpoint& at) {
    const bool known = std::any_of(found.begin(), found.end(), [&](const Endpoint& e) { return e.at == at; });
    if (!known) found.push_back({at, target.text});
  }

  std::mutex mutex;
  tcp::resolver resolver;
  std::vector<Endpoint> found;
  std::string error;
  std::size_t missing;
  std::function<void(std::vector<Endpoint>, const std::string&)> done;
};

void OneLess(const std::shared_ptr<Gathering>& all, std::unique_lock<std::mutex> lock) {
  if (--all->missing > 0) return;
  lock.unlock();
  all->done(std::move(all->found), all->error);
}

}  // namespace

std::vector<HostPort> ParseTarget(std::string_view target) {
  std::vector<HostPort> targets;
  for (std::string_view one : Split(target, ',')) targets.push_back(ParseOne(Trim(one)));
  return targets;
}

void Resolve(net::io_context& io, const std::vector<HostPort>& targets,
             std::function<void(std::vector<Endpoint>, const std::string&)> done) {
  auto all = std::make_shared<Gathering>(io, targets.size() + 1);
  all->done = std::move(done);
  std::unique_lock lock(all->mutex);
  for (const HostPort& target : targets) {
    error_code not_a_number;
    const auto address = net::ip::make_address(target.host, not_a_number);
    if (!not_a_number) {
      all->Add(target, {address, static_cast<std::uint16_t>(std::stoi(target.port))});
      --all->missing;
      continue;
    }
    all->resolver.async_resolve(target.host, target.port,
                                [all, target](const error_code& error, const tcp::resolver::results_type& results) {
                                  std::unique_lock answer(all->mutex);
                                  if (error) all->error = target.host + ": " + error.message();
                                  for (const auto& result : results) all->Add(target, result.endpoint());
                                  OneLess(all, std::move(answer));
                                });
  }
  lock.unlock();
  net::post(io, [all] { OneLess(all, std::unique_lock(all->mutex)); });
}

}  // namespace lanting::gateway::detail
