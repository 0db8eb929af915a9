// Beast's parser as the server uses it. Included by connection.cpp only: it is the one place that shows Beast.
#pragma once

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <string_view>

#include "platform/http/gzip.h"
#include "platform/http/server.h"
#include "platform/http/wire.h"

namespace lanting::http {

namespace beast_http = boost::beast::http;

constexpr std::size_t kBodyReserve = 64 * 1024;

struct Refusal {
  int status = 0;  // 0: none
  const char* message = "";
};

// Beast's parser, writing straight into a Request.
class RequestParser final : public beast_http::basic_parser<true> {
 public:
  explicit RequestParser(const Limits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
    body_limit(limits.max_body_bytes);
  }

  Request request;
  bool expects_continue = false;
  bool http10 = false;
  AcceptsGzip accepts_gzip;
  std::unique_ptr<Inflater> inflater;  // while a packed body arrives
  Refusal refusal;                     // why it stopped, where that is not Beast's own error

 private:
  using field = beast_http::field;
  using string_view = boost::beast::string_view;
  using error_code = boost::system::error_code;

  static std::string_view View(string_view s) { return {s.data(), s.size()}; }
  void Refuse(int status, const char* message, error_code& ec) {
    refusal = {status, message};
    ec = beast_http::error::bad_value;
  }

  void on_request_impl(beast_http::verb verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    http10 = version == 10;
    request.method = View(method);
    if (target.size() > limits_.max_target_bytes) return Refuse(414, "The request target is too long.", ec);
    if (verb == beast_http::verb::connect || verb == beast_http::verb::trace)
      return Refuse(501, "This server knows neither CONNECT nor TRACE.", ec);
    if (!SplitTarget(View(target), request.method, &authority_, &request.target))
      Refuse(400, "The request target must be a path that starts with '/', or an http(s) URI of this server.", ec);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field name, string_view name_text, string_view value, error_code& ec) override {
    if (header_done_) {  // trailers are not headers, but they count
      trailer_bytes_ += name_text.size() + value.size() + 4;
      if (trailer_bytes_ > limits_.max_header_bytes) Refuse(400, "The request's trailers are too large.", ec);
      return;
    }
    if (name == field::host) {
      if (hosts_++ > 0) return Refuse(400, "The request needs exactly one Host header.", ec);
      if (!IsHost(View(value))) return Refuse(400, "The Host header is not a host with an optional port.", ec);
    }
    // Beast takes equal lengths for one; others take the first, the last, or the list for a number.
    if (name == field::content_length && (lengths_++ > 0 || !IsNumber(View(value))))
      return Refuse(400, "The request needs exactly one Content-Length, a number.", ec);
    if (name == field::transfer_encoding && (http10 || !EqualsIgnoreCase(View(value), "chunked")))
      return Refuse(400, "The only transfer coding this server knows is chunked, and that not in HTTP/1.0.", ec);
    if (name == field::expect) {
      if (!EqualsIgnoreCase(View(value), "100-continue"))
        return Refuse(417, "The only expectation this server knows is 100-continue.", ec);
      expects_continue = true;
    }
    if (name == field::accept_encoding) accepts_gzip.Add(View(value));
    if (name == field::content_encoding) ++codings_;
    if (request.headers.size() == kMaxRequestHeaders) return Refuse(431, "The request has too many headers.", ec);
    request.headers.emplace_back(View(name_text), View(value));
  }
  void on_header_impl(error_code& ec) override {
    header_done_ = true;
    if (!http10 && hosts_ == 0) return Refuse(400, "The request needs exactly one Host header.", ec);
    if (!authority_.empty() && hosts_ > 0 && !SameAuthority(authority_, request.Header("host")))
      return Refuse(400, "The request target names another host than the Host header.", ec);
    if (codings_ == 1) TakeCoding();
  }
  // A coding that we undo is none to the handler; what it does not expect it refuses.
  void TakeCoding() {
    const auto coding = std::find_if(request.headers.begin(), request.headers.end(), [](const auto& header) {
      return EqualsIgnoreCase(header.first, "Content-Encoding");
    });
    if (!EqualsIgnoreCase(coding->second, "gzip") && !EqualsIgnoreCase(coding->second, "x-gzip")) return;
    request.headers.erase(coding);
    inflater = std::make_unique<Inflater>(limits_.max_body_bytes);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // What was promised is not yet sent: reserve little, grow with what arrives.
    if (length && !inflater) request.body.reserve(std::min<std::uint64_t>(*length, kBodyReserve));
  }
  std::size_t on_body_impl(string_view body, error_code& ec) override { return Take(body, ec); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) override { return Take(body, ec); }
  void on_finish_impl(error_code& ec) override {
    if (inflater && !inflater->whole()) return Refuse(400, "The request body ends before its gzip data does.", ec);
    inflater.reset();
  }
  std::size_t Take(string_view body, error_code& ec) {
    const auto status = inflater ? inflater->Feed(View(body), &request.body) : Inflater::Status::kOk;
    if (status == Inflater::Status::kTooLarge) Refuse(413, "The request body is too large when unpacked.", ec);
    if (status == Inflater::Status::kMalformed) Refuse(400, "The request body is not gzip, or more than that.", ec);
    if (!inflater) request.body.append(body.data(), body.size());
    return body.size();
  }

  const Limits& limits_;
  std::string authority_;  // of an absolute-form target, with its scheme's port left out
  std::size_t trailer_bytes_ = 0;
  int hosts_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
  bool header_done_ = false;
};

}  // namespace lanting::http
