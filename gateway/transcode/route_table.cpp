#include "gateway/transcode/route_table.h"

#include <google/api/annotations.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <lanting/common/v1/options.pb.h>
#include <lanting/common/v1/raw_body.pb.h>

#include <functional>

#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;

struct Verb {
  std::string_view method, path;
};

Verb PatternOf(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    default:
      return {};
  }
}

// The scalar field that a template's variable names, or what is wrong with it.
Result<FieldPath> ResolveVariable(const pb::Descriptor* message, std::string_view path) {
  auto fault = [&](std::string what) {
    return Error{.code = Code::kInvalidArgument, .message = "variable '" + std::string(path) + "' " + what};
  };
  FieldPath fields;
  for (std::string_view name : Split(path, '.')) {
    if (message == nullptr) return fault("goes into a field that is not a message");
    const pb::FieldDescriptor* field = message->FindFieldByName(std::string(name));
    if (field == nullptr) return fault("names no field of " + std::string(message->full_name()));
    if (field->is_repeated()) return fault("is or goes through a repeated or map field");
    fields.push_back(field);
    message = field->message_type();
  }
  if (message != nullptr) return fault("is a message field");
  return fields;
}

const pb::FieldDescriptor* StringField(const pb::Descriptor* message, const char* name) {
  const pb::FieldDescriptor* field = message == nullptr ? nullptr : message->FindFieldByName(name);
  return field != nullptr && !field->is_repeated() && field->type() == pb::FieldDescriptor::TYPE_STRING ? field
                                                                                                        : nullptr;
}

Result<void> ResolveBody(const google::api::HttpRule& rule, Route* route) {
  auto fault = [](std::string what) { return Error{.code = Code::kInvalidArgument, .message = std::move(what)}; };
  if (rule.body().empty()) return {};
  if (route->http_method == "GET" || route->http_method == "DELETE") return fault("GET and DELETE take no body");
  if (rule.body() == "*") {
    route->body = Route::Body::kWhole;
    return {};
  }
  if (rule.body().find('.') != std::string::npos) return fault("body '" + rule.body() + "' is not a top-level field");
  route->body_field = route->method->input_type()->FindFieldByName(rule.body());
  if (route->body_field == nullptr)
    return fault("body '" + rule.body() + "' names no field of " + route->method->input_type()->full_name());
  const bool raw = !route->body_field->is_repeated() &&
                   route->body_field->message_type() == lanting::common::v1::RawBody::descriptor();
  route->body = raw ? Route::Body::kRaw : Route::Body::kField;
  return {};
}

Result<void> ResolveResponseBody(const google::api::HttpRule& rule, Route* route) {
  if (rule.response_body().empty()) return {};
  route->response_field = route->method->output_type()->FindFieldByName(rule.response_body());
  if (route->response_field == nullptr)
    return Error{.code = Code::kInvalidArgument,
                 .message = "response_body '" + rule.response_body() + "' is not a top-level field of " +
                            route->method->output_type()->full_name()};
  return {};
}

void ResolveHeaders(Route* route) {
  const pb::Descriptor* request = route->method->input_type();
  route->request_id = StringField(request, "request_id");
  const bool whole_or_none = route->body != Route::Body::kField;
  if (const auto* etag = StringField(request, "etag")) {
    route->etag = {etag};
  } else if (!whole_or_none && route->http_method != "POST" && !route->body_field->is_repeated()) {
    if (const auto* of_resource = StringField(route->body_field->message_type(), "etag"))
      route->etag = {route->body_field, of_resource};
  }
  const pb::FieldDescriptor* mask = request->FindFieldByName("update_mask");
  if (route->http_method == "PATCH" && !whole_or_none && mask != nullptr &&
      mask->message_type() == pb::FieldMask::descriptor() && !mask->is_repeated())
    route->update_mask = mask;
}

Result<void> Resolve(const google::api::HttpRule& rule, Route* route) {
  const Verb pattern = PatternOf(rule);
  if (pattern.path.empty()) return Error{.message = "an http rule is one of get, post, patch, delete"};
  route->http_method = pattern.method;
  route->text = pattern.path;
  ASSIGN_OR_RETURN(route->path, ParseHttpTemplate(pattern.path));
  for (const Variable& variable : route->path.variables) {
    ASSIGN_OR_RETURN(FieldPath field, ResolveVariable(route->method->input_type(), variable.field_path));
    route->bindings.push_back({variable, std::move(field)});
  }
  if (route->method->client_streaming()) return Error{.message = "client streaming has no HTTP form"};
  RETURN_IF_ERROR(ResolveBody(rule, route));
  RETURN_IF_ERROR(ResolveResponseBody(rule, route));
  ResolveHeaders(route);
  return {};
}

}  // namespace

struct RouteTable::Node {
  struct Leaf {
    std::string verb;
    const Route* route;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> star;
  std::vector<Leaf> here;  // templates that end at this node
  std::vector<Leaf> rest;  // templates that end with `**` below it
};

RouteTable::RouteTable(const std::vector<const pb::ServiceDescriptor*>& services, std::vector<std::string>* faults)
    : root_(std::make_unique<Node>()) {
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const pb::MethodDescriptor* method = service->method(i);
      if (method->options().GetExtension(common::v1::internal)) continue;
      if (!method->options().HasExtension(google::api::http)) {
        faults->push_back(method->full_name() + ": has no google.api.http rule and is not internal");
        continue;
      }
      const google::api::HttpRule& rule = method->options().GetExtension(google::api::http);
      Add(method, rule, false, faults);
      for (const auto& additional : rule.additional_bindings()) Add(method, additional, true, faults);
    }
  }
}

RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;

void RouteTable::Add(const pb::MethodDescriptor* method, const google::api::HttpRule& rule, bool additional,
                     std::vector<std::string>* faults) {
  auto route = std::make_unique<Route>();
  route->method = method;
  route->grpc_method = "/" + method->service()->full_name() + "/" + method->name();
  const std::string where = method->full_name() + " '" + std::string(PatternOf(rule).path) + "': ";
  if (additional && rule.additional_bindings_size() > 0) faults->push_back(where + "additional_bindings do not nest");
  if (auto resolved = Resolve(rule, route.get()); !resolved.ok())
    faults->push_back(where + resolved.error().message);
  else
    Insert(std::move(route), faults);
}

void RouteTable::Insert(std::unique_ptr<Route> route, std::vector<std::string>* faults) {
  Node* node = root_.get();
  std::vector<Node::Leaf>* leaves = nullptr;
  for (const Segment& segment : route->path.segments) {
    if (segment.kind == Segment::kDoubleStar) {
      leaves = &node->rest;
      break;
    }
    auto& next = segment.kind == Segment::kStar ? node->star : node->literals[segment.literal];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  if (leaves == nullptr) leaves = &node->here;
  for (const Node::Leaf& leaf : *leaves) {  // NOLINT(clang-analyzer-core.NullDereference): node is never null
    if (leaf.verb == route->path.verb && leaf.route->http_method == route->http_method) {
      faults->push_back(route->method->full_name() + " '" + route->text + "': " + route->http_method + " " +
                        route->path.Shape() + " is taken by " + leaf.route->method->full_name());
      return;
    }
  }
  leaves->push_back({route->path.verb, route.get()});
  routes_.push_back(std::move(route));
}

// Depth-first, best kind of segment first. Every node is reached by one path only, so that no node is visited twice.
struct RouteTable::Search {
  std::string_view http_method, verb;
  std::vector<std::string_view> segments;
  std::set<std::string> allow;

  const Route* Leaves(const std::vector<Node::Leaf>& leaves) {
    for (const Node::Leaf& leaf : leaves) {
      if (leaf.verb != verb) continue;
      if (leaf.route->http_method == http_method) return leaf.route;
      allow.insert(leaf.route->http_method);
    }
    return nullptr;
  }

  const Route* Walk(const Node& node, std::size_t i) {
    if (i == segments.size()) {
      if (const Route* route = Leaves(node.here)) return route;
    } else if (!segments[i].empty()) {
      if (auto next = node.literals.find(segments[i]); next != node.literals.end())
        if (const Route* route = Walk(*next->second, i + 1)) return route;
      if (node.star != nullptr)
        if (const Route* route = Walk(*node.star, i + 1)) return route;
    }
    return Leaves(node.rest);
  }
};

RouteTable::Match RouteTable::Find(std::string_view http_method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  Search search{http_method, {}, Split(path.substr(1), '/'), {}};
  const std::string_view last = search.segments.back();
  if (const auto colon = last.rfind(':'); colon != std::string_view::npos && colon + 1 < last.size()) {
    search.verb = last.substr(colon + 1);
    search.segments.back() = last.substr(0, colon);
    match.route = search.Walk(*root_, 0);
  }
  if (match.route == nullptr && search.allow.empty()) {
    search.verb = {};
    search.segments.back() = last;
    match.route = search.Walk(*root_, 0);
  }
  if (match.route == nullptr) {
    match.allow = std::move(search.allow);
    return match;
  }
  for (const Route::Binding& binding : match.route->bindings) {
    const auto& v = binding.variable;
    const bool open = match.route->path.segments[v.end - 1].kind == Segment::kDoubleStar;
    const std::size_t end = open ? search.segments.size() : v.end;
    if (v.begin >= end) {
      match.values.emplace_back();
      continue;
    }
    const char* from = search.segments[v.begin].data();
    const char* to = search.segments[end - 1].data() + search.segments[end - 1].size();
    match.values.emplace_back(from, to - from);
  }
  return match;
}

}  // namespace lanting::gateway
