// Whether a JSON value holds what a case expects.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace lanting::testing {

// Objects: every expected member matches, and one expected as null is absent; other members do not matter. Lists: the
// same length, element by element. Anything else: equal. Returns the first difference, with its path; empty: none.
std::string Difference(const boost::json::value& expected, const boost::json::value* actual,
                       const std::string& path = "$");

}  // namespace lanting::testing
