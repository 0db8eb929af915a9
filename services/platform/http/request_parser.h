// Beast's parser as the server uses it. Included by connection.cpp only: it is the one place that shows Beast.
#pragma once

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <string_view>

#include "platform/http/server.h"
#include "platform/http/wire.h"

namespace lanting::http {

namespace beast_http = boost::beast::http;

constexpr std::size_t kMaxRequestHeaders = 100;
constexpr std::size_t kBodyReserve = 64 * 1024;

// Beast's parser, writing straight into a Request.
class RequestParser final : public beast_http::basic_parser<true> {
 public:
  explicit RequestParser(const Limits& limits) : max_target_(limits.max_target_bytes) {
    header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
    body_limit(limits.max_body_bytes);
  }

  Request request;
  bool expects_continue = false;
  bool http10 = false;
  bool target_too_long = false;
  bool too_many_headers = false;
  bool host_missing_or_twice = false;

 private:
  using field = beast_http::field;
  using string_view = boost::beast::string_view;
  using error_code = boost::system::error_code;

  static std::string_view View(string_view s) { return {s.data(), s.size()}; }

  void on_request_impl(beast_http::verb, string_view method, string_view target, int version, error_code& ec) override {
    http10 = version == 10;
    request.method = View(method);
    target_too_long = target.size() > max_target_;
    if (target_too_long) {
      ec = beast_http::error::bad_target;
      return;
    }
    request.target = OriginForm(View(target));
    if (!request.target.empty() && request.target[0] == '?') request.target.insert(0, "/");
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field name, string_view name_text, string_view value, error_code& ec) override {
    if (header_done_) return;  // trailers are not headers
    if (name == field::host && hosts_++ > 0) {
      host_missing_or_twice = true;
      ec = beast_http::error::bad_field;
    }
    if (name == field::transfer_encoding && (http10 || !EqualsIgnoreCase(View(value), "chunked"))) {
      ec = beast_http::error::bad_transfer_encoding;
    }
    if (name == field::expect) expects_continue = EqualsIgnoreCase(View(value), "100-continue");
    too_many_headers = request.headers.size() == kMaxRequestHeaders;
    if (too_many_headers) ec = beast_http::error::header_limit;
    if (!ec) request.headers.emplace_back(View(name_text), View(value));
  }
  void on_header_impl(error_code& ec) override {
    header_done_ = true;
    host_missing_or_twice = !http10 && hosts_ == 0;
    if (host_missing_or_twice) ec = beast_http::error::bad_field;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // What was promised is not yet sent: reserve little, grow with what arrives.
    if (length) request.body.reserve(std::min<std::uint64_t>(*length, kBodyReserve));
  }
  std::size_t on_body_impl(string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  const std::size_t max_target_;
  int hosts_ = 0;
  bool header_done_ = false;
};

}  // namespace lanting::http
