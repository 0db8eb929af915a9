#include "platform/http/wire.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace lanting::http {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

namespace {

std::string_view Phrase(int status) {
  static constexpr std::pair<int, std::string_view> kPhrases[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {499, "Client Closed Request"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (const auto& [code, phrase] : kPhrases) {
    if (code == status) return phrase;
  }
  return "Status";
}

bool IsServersOwn(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Connection") ||
         EqualsIgnoreCase(name, "Transfer-Encoding") || EqualsIgnoreCase(name, "Date");
}

bool BreaksTheMessage(std::string_view name, std::string_view value) {
  const auto ends_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  const auto ends_name = [&](char c) { return ends_line(c) || c == ':' || c == ' ' || c == '\t'; };
  return name.empty() || std::any_of(name.begin(), name.end(), ends_name) ||
         std::any_of(value.begin(), value.end(), ends_line);
}

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  if (BreaksTheMessage(name, value)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool IsSendable(std::string_view name, std::string_view value) {
  return !IsServersOwn(name) && !BreaksTheMessage(name, value);
}

// RFC 9110 section 5.6.7; made once a second and thread.
std::string_view HttpDate() {
  thread_local std::time_t second = -1;
  thread_local char text[64];
  thread_local std::size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm t{};
    gmtime_r(&now, &t);
    // Not strftime: its names are the locale's.
    length = static_cast<std::size_t>(std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                                    kDays[t.tm_wday], t.tm_mday, kMonths[t.tm_mon], t.tm_year + 1900,
                                                    t.tm_hour, t.tm_min, t.tm_sec));
    second = now;
  }
  return {text, length};
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::size_t Request::Count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(), [&](const auto& header) { return EqualsIgnoreCase(header.first, name); }));
}

std::string_view Request::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

const char* ReasonOf(int status) {
  switch (status) {
    case 408:
      return "DEADLINE_EXCEEDED";
    case 413:
      return "BODY_TOO_LARGE";
    case 414:
    case 431:
      return "HEADER_TOO_LARGE";
    case 501:
    case 505:
      return "UNIMPLEMENTED";
    case 503:
      return "OVERLOADED";
    default:
      return "MALFORMED_REQUEST";
  }
}

bool HasBody(int status) { return status >= 200 && status != 204 && status != 304; }

std::string ResponseHead(const Response& response, Framing framing, bool close) {
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(Phrase(response.status))
      .append("\r\nDate: ")
      .append(HttpDate())
      .append("\r\n");
  if (HasBody(response.status)) {
    if (!response.content_type.empty()) AppendHeader(out, "Content-Type", response.content_type);
    if (framing == Framing::kLength)
      out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    if (framing == Framing::kChunked) out.append("Transfer-Encoding: chunked\r\n");
  }
  for (const auto& [name, value] : response.headers) {
    if (!IsServersOwn(name)) AppendHeader(out, name, value);
  }
  if (close) out.append("Connection: close\r\n");
  out.append("\r\n");
  return out;
}

Response PlainError(int status, std::string_view, std::string_view message) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::string(message) + "\n"};
}

bool SplitTarget(std::string_view target, std::string_view method, std::string* authority, std::string* path) {
  if (target.find('#') != std::string_view::npos) return false;
  if (target.starts_with('/') || (target == "*" && method == "OPTIONS")) {
    path->assign(target);
    return true;
  }
  const bool plain = EqualsIgnoreCase(target.substr(0, 7), "http://");
  if (!plain && !EqualsIgnoreCase(target.substr(0, 8), "https://")) return false;
  target.remove_prefix(plain ? 7 : 8);
  const auto end = std::min(target.find_first_of("/?"), target.size());
  std::string_view host = target.substr(0, end);
  if (host.empty() || !IsHost(host)) return false;
  const std::string_view port = plain ? ":80" : ":443";
  if (host.ends_with(port)) host.remove_suffix(port.size());
  authority->assign(host);
  path->assign(target.substr(end));
  if (!path->starts_with('/')) path->insert(0, "/");
  return true;
}

bool IsHost(std::string_view value) {
  std::size_t end = 0;
  if (value.starts_with('[')) {
    end = value.find(']');
    if (end == std::string_view::npos) return false;
    const auto address = value.substr(1, end - 1);
    if (address.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
    ++end;
  } else {
    end = std::min(value.find(':'), value.size());
    // reg-name: unreserved, percent-encoded, sub-delims but for the comma, which would make a list.
    for (const char c : value.substr(0, end)) {
      const bool plain = (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z');
      if (!plain && std::string_view("-._~%!$&'()*+;=").find(c) == std::string_view::npos) return false;
    }
  }
  const std::string_view port = value.substr(end);
  return port.empty() || port == ":" || (port[0] == ':' && IsNumber(port.substr(1)));
}

bool SameAuthority(std::string_view authority, std::string_view host) {
  if (EqualsIgnoreCase(authority, host)) return true;
  for (const std::string_view port : {":", ":80", ":443"}) {
    if (host.ends_with(port) && EqualsIgnoreCase(authority, host.substr(0, host.size() - port.size()))) return true;
  }
  return false;
}

bool IsNumber(std::string_view value) {
  return !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsOtherVersion(std::string_view line) {
  const auto target = line.find(' ');
  const auto end = target == std::string_view::npos ? target : line.find(' ', target + 1);
  if (end == std::string_view::npos) return false;
  const std::string_view version = line.substr(end + 1);
  return version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' && IsNumber(version.substr(5, 1)) &&
         IsNumber(version.substr(7));
}

}  // namespace lanting::http
