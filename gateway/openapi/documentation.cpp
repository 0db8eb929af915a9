#include "gateway/openapi/documentation.h"

#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "gateway/openapi/document.h"
#include "gateway/openapi/embedded.h"
#include "gateway/transcode/error_writer.h"
#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

constexpr const char* kDocument = "/openapi.json";
constexpr const char* kPage = "/docs";

// The viewer runs scripts and styles of this origin only and talks to nobody else; its icons are data URLs.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
    "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Asset {
  const char *name, *content_type;
};
constexpr Asset kViewer[] = {{"swagger-ui.css", "text/css; charset=utf-8"},
                             {"swagger-ui-bundle.js", "text/javascript; charset=utf-8"},
                             {"favicon-32x32.png", "image/png"}};

std::string Read(const std::string& directory, const char* name) {
  std::ifstream file(directory + '/' + name, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf()))
    throw std::runtime_error("LANTING_DOCS_DIR: cannot read " + directory + '/' + name +
                             " (gateway/openapi/viewer/install puts it there)");
  return std::move(text).str();
}

// RFC 9110: a list of tags, compared weakly, or `*`.
bool Matches(std::string_view if_none_match, std::string_view etag) {
  for (std::string_view tag : Split(if_none_match, ',')) {
    tag = Trim(tag);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag) return true;
  }
  return false;
}

}  // namespace

Documentation::Documentation(const RouteTable& routes, const std::string& version, const std::string& viewer_dir) {
  const openapi::Comments comments;
  Add(kDocument, "application/json", boost::json::serialize(openapi::BuildDocument(routes, comments, version)));
  if (viewer_dir.empty()) {
    Add(kPage, "text/html; charset=utf-8", std::string(openapi::EmbeddedPlain()));
    return;
  }
  Add(kPage, "text/html; charset=utf-8", std::string(openapi::EmbeddedPage()));
  Add("/docs/init.js", "text/javascript; charset=utf-8", std::string(openapi::EmbeddedScript()));
  for (const Asset& asset : kViewer)
    Add(std::string("/docs/") + asset.name, asset.content_type, Read(viewer_dir, asset.name));
}

void Documentation::Add(const std::string& path, std::string content_type, std::string body) {
  std::string etag = '"' + HexEncode(Sha256(body)).substr(0, 32) + '"';
  files_[path] = {std::move(content_type), std::move(body), std::move(etag)};
}

std::optional<http::Response> Documentation::Answer(const http::Request& request) const {
  std::string_view path = request.target;
  path = path.substr(0, path.find('?'));
  const bool ours = path == kDocument || path == kPage || path.starts_with("/docs/");
  if (!ours) return std::nullopt;
  const auto file = files_.find(path == "/docs/" ? kPage : path);
  if (file == files_.end())
    return ErrorResponse(
        {.code = Code::kNotFound, .reason = "PATH_NOT_FOUND", .message = "There is nothing at this path."});
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = ErrorResponse({.code = Code::kUnimplemented,
                                             .reason = "METHOD_NOT_ALLOWED",
                                             .message = "This path does not take this method; see the header Allow."});
    response.headers.emplace_back("allow", "GET, HEAD");
    return response;
  }
  return Found(file->first, file->second, request);
}

http::Response Documentation::Found(const std::string& path, const File& file, const http::Request& request) const {
  http::Response response{.content_type = file.content_type};
  // Asked for again each time, which costs a 304: a new version shows at once.
  response.headers = {{"etag", file.etag}, {"cache-control", "no-cache"}, {"x-content-type-options", "nosniff"}};
  if (path == kDocument) response.headers.emplace_back("access-control-allow-origin", "*");
  if (path == kPage) {
    response.headers.emplace_back("content-security-policy", kPolicy);
    response.headers.emplace_back("referrer-policy", "no-referrer");
  }
  if (Matches(request.Header("if-none-match"), file.etag))
    response.status = 304;
  else
    response.body = file.body;
  return response;
}

}  // namespace lanting::gateway
