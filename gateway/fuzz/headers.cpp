// Whole HTTP/1.1 requests: the same request, or a refusal, however the bytes are cut; then everything that reads
// headers.
#include <boost/asio/buffer.hpp>
#include <functional>
#include <memory>
#include <random>

#include "gateway/fuzz/check.h"
#include "gateway/transcode/request_binder.h"
#include "gateway/upstream/timeout.h"
#include "platform/base/strings.h"
#include "platform/http/request_parser.h"
#include "platform/obs/trace_context.h"

namespace lanting::gateway {
namespace {

struct Parsed {
  bool refused = false, done = false;
  http::Request request;
  std::size_t used = 0;  // bytes, if done
};

// Small, so that inputs reach them.
http::Limits SmallLimits() {
  http::Limits limits;
  limits.max_header_bytes = 2048;
  limits.max_target_bytes = 512;
  limits.max_body_bytes = 1024;
  return limits;
}

// As the server does it: what the parser leaves is kept and comes again with more.
Parsed Feed(std::string_view bytes, const std::function<std::size_t()>& next_size) {
  static const http::Limits limits = SmallLimits();
  http::RequestParser parser(limits);
  Parsed parsed;
  std::string in;
  std::size_t given = 0;
  while (given < bytes.size() && !parser.is_done()) {
    const std::size_t n = std::min(std::max<std::size_t>(next_size(), 1), bytes.size() - given);
    in.append(bytes, given, n);
    given += n;
    for (bool again = true; again && !in.empty() && !parser.is_done();) {
      boost::system::error_code error;
      const std::size_t used = parser.put(boost::asio::const_buffer(in.data(), in.size()), error);
      if (error && error != boost::beast::http::error::need_more) return parsed.refused = true, parsed;
      again = used > 0;
      in.erase(0, used);
      if (parser.is_header_done()) parser.eager(true);
    }
    if (!parser.is_header_done() && in.size() > limits.max_header_bytes) return parsed.refused = true, parsed;
  }
  parsed.done = parser.is_done();
  parsed.used = given - in.size();
  parsed.request = std::move(parser.request);
  return parsed;
}

void ExpectSame(const Parsed& a, const Parsed& b) {
  // What is refused may also be waited for: an error that more bytes would show.
  FUZZ_CHECK(a.done == b.done, a.refused ? "whole: refused" : a.done ? "whole: accepted" : "whole: incomplete");
  if (!a.done) return;
  FUZZ_CHECK(a.used == b.used, std::to_string(a.used) + " " + std::to_string(b.used));
  FUZZ_CHECK(a.request.method == b.request.method && a.request.target == b.request.target, b.request.target);
  FUZZ_CHECK(a.request.headers == b.request.headers, b.request.target);
  FUZZ_CHECK(a.request.body == b.request.body, b.request.body);
}

void Bind(const http::Request& request) {
  if (const auto timeout = ParseGrpcTimeout(request.Header("grpc-timeout"))) FUZZ_CHECK(timeout->count() >= 1, "");
  const std::string parent = obs::ChildTraceparent(request.Header("traceparent"));
  FUZZ_CHECK(parent.size() == 55 && !obs::TraceId(parent).empty(), parent);
  const std::string_view target = request.target;
  const auto question = target.find('?');
  const auto match = EchoRoutes().Find(request.method, target.substr(0, question));
  if (match.route == nullptr) return;
  const auto bound =
      BindRequest(match, question == target.npos ? std::string_view() : target.substr(question + 1), request);
  if (!bound.ok()) return CheckRefusal(bound.error());
  testing::v1::EchoRequest sent;
  FUZZ_CHECK(sent.ParseFromString((*bound)->SerializeAsString()), request.target);
}

}  // namespace
}  // namespace lanting::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lanting::gateway;
  const auto bytes = Exactly(data, size);
  const std::string_view text = View(bytes);
  const Parsed whole = Feed(text, [&] { return text.size(); });
  ExpectSame(whole, Feed(text, [] { return std::size_t{1}; }));
  std::minstd_rand random(static_cast<unsigned>(std::hash<std::string_view>()(text)));
  for (unsigned longest : {4u, 64u}) ExpectSame(whole, Feed(text, [&] { return 1 + random() % longest; }));
  if (whole.done) Bind(whole.request);
  return 0;
}
