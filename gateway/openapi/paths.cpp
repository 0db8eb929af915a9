#include "gateway/openapi/paths.h"

#include <algorithm>
#include <stdexcept>

#include "gateway/transcode/query_binder.h"

namespace lanting::gateway::openapi {
namespace {

bool EndsWithAny(std::string_view text, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return text.ends_with(e); });
}

const Route::Binding* BindingOf(const Route& route, std::size_t segment) {
  for (const Route::Binding& binding : route.bindings)
    if (binding.variable.begin <= segment && segment < binding.variable.end) return &binding;
  return nullptr;
}

PathParameter ParameterOf(const Route& route, std::size_t segment) {
  const auto& segments = route.path.segments;
  PathParameter parameter;
  parameter.rest = segments[segment].kind == Segment::kDoubleStar;
  if (segment > 0 && segments[segment - 1].kind == Segment::kLiteral)
    parameter.collection = segments[segment - 1].literal;
  parameter.name = parameter.collection.empty() ? "id" : Singular(parameter.collection);
  if (const Route::Binding* binding = BindingOf(route, segment)) {
    parameter.field = binding->field.back();
    parameter.alone = binding->variable.end - binding->variable.begin == 1;
    if (parameter.alone) parameter.name = JsonPath(binding->field);
  }
  return parameter;
}

Path Derive(const Route& route) {
  Path path;
  for (std::size_t i = 0; i < route.path.segments.size(); ++i) {
    const Segment& segment = route.path.segments[i];
    path.text += '/';
    if (segment.kind == Segment::kLiteral) {
      path.text += segment.literal;
      continue;
    }
    PathParameter parameter = ParameterOf(route, i);
    const std::string base = parameter.name;
    auto taken = [&](const PathParameter& other) { return other.name == parameter.name; };
    for (int n = 2; std::any_of(path.parameters.begin(), path.parameters.end(), taken); ++n)
      parameter.name = base + std::to_string(n);
    path.text += '{' + parameter.name + '}';
    path.parameters.push_back(std::move(parameter));
  }
  if (!route.path.verb.empty()) path.text += ':' + route.path.verb;
  return path;
}

// What OpenAPI compares paths by: without the names of the parameters.
std::string ShapeOf(const Route& route) {
  std::string shape;
  for (const Segment& segment : route.path.segments)
    shape += '/' + (segment.kind == Segment::kLiteral ? segment.literal : "{}");
  return shape + (route.path.verb.empty() ? "" : ':' + route.path.verb);
}

}  // namespace

std::string Singular(std::string_view plural) {
  if (plural.size() > 3 && plural.ends_with("ies")) return std::string(plural.substr(0, plural.size() - 3)) + 'y';
  if (EndsWithAny(plural, {"sses", "shes", "ches", "xes", "zes"}))
    return std::string(plural.substr(0, plural.size() - 2));
  if (plural.size() > 1 && plural.ends_with('s') && !EndsWithAny(plural, {"ss", "us", "is"}))
    return std::string(plural.substr(0, plural.size() - 1));
  return std::string(plural);
}

Path Paths::Of(const Route& route) {
  Path path = Derive(route);
  const auto [first, is_new] = by_shape_.emplace(ShapeOf(route), path);
  if (!is_new) {
    path.text = first->second.text;
    for (std::size_t i = 0; i < path.parameters.size(); ++i) path.parameters[i].name = first->second.parameters[i].name;
  }
  const auto [other, free] = taken_.emplace(route.http_method + ' ' + path.text, route.text);
  if (!free)
    throw std::invalid_argument("'" + route.text + "' and '" + other->second + "' of " + route.http_method +
                                " are the same path in OpenAPI");
  return path;
}

}  // namespace lanting::gateway::openapi
