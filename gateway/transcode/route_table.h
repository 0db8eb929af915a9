// Which method of which service a request goes to. Built once from the descriptors, then immutable.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/transcode/http_template.h"

namespace google::api {
class HttpRule;
}

namespace lanting::gateway {

using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// One http rule of one method, resolved against its request message.
struct Route {
  enum class Body { kNone, kWhole, kField, kRaw };
  struct Binding {
    Variable variable;
    FieldPath field;
  };

  const google::protobuf::MethodDescriptor* method = nullptr;
  std::string http_method;  // "POST"
  std::string text;         // the template as written: the `route` label of metrics and logs
  std::string grpc_method;  // "/lanting.membership.v1.MemberService/CreateMember"
  HttpTemplate path;
  std::vector<Binding> bindings;
  Body body = Body::kNone;
  const google::protobuf::FieldDescriptor* body_field = nullptr;      // kField, kRaw
  const google::protobuf::FieldDescriptor* response_field = nullptr;  // response_body; nullptr: the whole reply
  // Where headers go, if the request has such fields: `request_id` (Idempotency-Key), `etag` of the request or of the
  // body's resource (If-Match), `update_mask` (derived from a PATCH's body).
  const google::protobuf::FieldDescriptor* request_id = nullptr;
  FieldPath etag;
  const google::protobuf::FieldDescriptor* update_mask = nullptr;
};

class RouteTable {
 public:
  // Takes every method of the services that is not `internal`. A table with faults must not be served; each fault
  // names method and template.
  RouteTable(const std::vector<const google::protobuf::ServiceDescriptor*>& services, std::vector<std::string>* faults);
  ~RouteTable();
  RouteTable(RouteTable&&) noexcept;

  struct Match {
    const Route* route = nullptr;  // nullptr: no such path, or not with this method
    std::set<std::string> allow;   // with a known path and another method: the methods it has
    // The raw, still encoded values of route->bindings, in their order; views into the path.
    std::vector<std::string_view> values;
  };
  // `path` is the target up to '?', starting with '/'. Literal wins over `*` over `**`; a registered verb wins over a
  // variable that could swallow it. Cost: the depth of the templates, not of the path.
  Match Find(std::string_view http_method, std::string_view path) const;

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  struct Node;
  struct Search;
  void Add(const google::protobuf::MethodDescriptor* method, const google::api::HttpRule& rule, bool additional,
           std::vector<std::string>* faults);
  void Insert(std::unique_ptr<Route> route, std::vector<std::string>* faults);

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace lanting::gateway
