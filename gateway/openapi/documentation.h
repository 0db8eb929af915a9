// /openapi.json and /docs: what the API is, for programs and for people. No credential is needed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "gateway/transcode/route_table.h"
#include "platform/http/server.h"

namespace lanting::gateway {

class Documentation {
 public:
  // Builds everything once. `viewer_dir` holds the files of npm's swagger-ui-dist (gateway/openapi/viewer/install puts
  // them there); empty: /docs says how to get it. Throws std::runtime_error if files are missing there, and
  // std::invalid_argument if a route cannot be documented.
  Documentation(const RouteTable& routes, const std::string& version, const std::string& viewer_dir);

  // The answer to GET and HEAD of /openapi.json, /docs and /docs/<asset>, with ETag and 304; 405 to other methods and
  // 404 below /docs/ in the form of all errors; nullopt for other paths. Never blocks; thread safe.
  std::optional<http::Response> Answer(const http::Request& request) const;

 private:
  struct File {
    std::string content_type, body, etag;
  };
  void Add(const std::string& path, std::string content_type, std::string body);
  http::Response Found(const std::string& path, const File& file, const http::Request& request) const;

  std::map<std::string, File, std::less<>> files_;
};

}  // namespace lanting::gateway
