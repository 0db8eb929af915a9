#include "gateway/openapi/document.h"

#include <boost/json/array.hpp>
#include <map>
#include <set>

#include "gateway/openapi/operation.h"
#include "gateway/openapi/paths.h"
#include "gateway/openapi/schemas.h"
#include "gateway/openapi/shared.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

constexpr const char* kAbout =
    "Private-domain communities for businesses: communities, groups, gates, members, imports.\n\n"
    "**Resources** have names: `communities/{id}/members/{id}`. What follows `/v1/` in a path is the name; an id is 26 "
    "characters of lower-case Crockford base32. Calls that are not reading, creating, changing or deleting are verbs "
    "behind a colon: `POST /v1/communities/{community}/members/{member}:remove`.\n\n"
    "**JSON** is that of proto3: names in lowerCamel (snake_case, as some texts here have it, is understood too), "
    "enums "
    "by name, 64-bit integers as strings, bytes in base64, times as RFC 3339. Replies show every field but unset "
    "messages. Unknown fields and parameters are refused. `null` is the same as leaving out, but in a PATCH, where it "
    "clears the field.\n\n"
    "**Writes** take an `Idempotency-Key`; send one, and retry with the same after a timeout, 429 or 503. Where a "
    "resource has an `etag`, `If-Match` keeps changes of others from being overwritten.\n\n"
    "**Lists** come in pages (`pageSize`, `pageToken`, `nextPageToken`): 50 items if nothing is said, at most 1000; "
    "more "
    "is treated as 1000.\n\n"
    "**Errors** have one form (`Error`). Decide by `reason`, never by `message`. Retry only what 429, 503 and 504 say; "
    "409 by doing the whole action again.";

// A tag for each service, "Member" of MemberService; the full name where two have the same.
class Tags {
 public:
  const std::string& Of(const pb::ServiceDescriptor* service, const Comments& comments) {
    auto [it, is_new] = names_.emplace(service, std::string());
    if (!is_new) return it->second;
    std::string name = service->name();
    if (name.ends_with("Service")) name.resize(name.size() - 7);
    if (name.empty() || !taken_.insert(name).second) name = service->full_name();
    it->second = name;
    const std::string& comment = comments.Of(service);
    tags_.push_back(json::object{{"name", name}, {"description", comment.empty() ? service->full_name() : comment}});
    return it->second;
  }
  json::array Take() { return std::move(tags_); }

 private:
  std::map<const pb::ServiceDescriptor*, std::string> names_;
  std::set<std::string> taken_;
  json::array tags_;
};

}  // namespace

json::object BuildDocument(const RouteTable& routes, const Comments& comments, const std::string& version) {
  Schemas schemas(comments);
  AddErrorSchemas(comments, &schemas);
  Paths paths;
  Tags tags;
  std::map<const pb::MethodDescriptor*, int> bindings;
  json::object items;
  for (const auto& route : routes.routes()) {
    const Path path = paths.Of(*route);
    const OperationNames names{.id = OperationId(route->method, ++bindings[route->method]),
                               .tag = tags.Of(route->method->service(), comments)};
    std::string verb = route->http_method;
    for (char& c : verb) c = static_cast<char>(c | 0x20);
    json::object operation = OperationOf(*route, path, names, comments, &schemas);
    auto& item = items[path.text];
    if (!item.is_object()) item = json::object();
    item.as_object()[verb] = std::move(operation);
  }
  json::object server{{"url", "/"}, {"description", "Where this document comes from."}};
  json::array servers;
  servers.push_back(std::move(server));
  return {
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Lanting"},
                            {"summary", "The REST API of Lanting."},
                            {"description", kAbout},
                            {"version", version},
                            {"license", json::object{{"name", "Apache License 2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"jsonSchemaDialect", "https://spec.openapis.org/oas/3.1/dialect/base"},
      {"servers", std::move(servers)},
      {"tags", tags.Take()},
      {"paths", std::move(items)},
      {"components", json::object{{"securitySchemes", SecuritySchemes()},
                                  {"parameters", SharedParameters()},
                                  {"headers", SharedHeaders()},
                                  {"responses", SharedResponses()},
                                  {"schemas", schemas.Take()}}}};
}

}  // namespace lanting::gateway::openapi
