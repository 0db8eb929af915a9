#include "tests/conformance/json_match.h"

#include <boost/json/serialize.hpp>

namespace lanting::testing {

namespace json = boost::json;

std::string Difference(const json::value& expected, const json::value* actual, const std::string& path) {
  if (expected.is_null()) return actual == nullptr ? "" : path + ": should be absent, is " + json::serialize(*actual);
  if (actual == nullptr) return path + ": is absent, should be " + json::serialize(expected);
  if (expected.is_object() && actual->is_object()) {
    for (const auto& member : expected.get_object()) {
      const std::string name(member.key());
      auto diff = Difference(member.value(), actual->get_object().if_contains(name), path + "." + name);
      if (!diff.empty()) return diff;
    }
    return "";
  }
  if (expected.is_array() && actual->is_array() && expected.get_array().size() == actual->get_array().size()) {
    for (std::size_t i = 0; i < expected.get_array().size(); ++i) {
      auto diff = Difference(expected.get_array()[i], &actual->get_array()[i], path + "[" + std::to_string(i) + "]");
      if (!diff.empty()) return diff;
    }
    return "";
  }
  if (expected == *actual) return "";
  return path + ": should be " + json::serialize(expected) + ", is " + json::serialize(*actual);
}

}  // namespace lanting::testing
