// Who is calling. Made from the credential alone, never from a request.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/id.h"

namespace lanting::auth {

struct Principal {
  Id tenant;                        // nil for the platform operator
  std::string subject;              // "keys/<id>" or "operator"
  std::vector<std::string> scopes;  // "members.write", or "members.*", or "*"

  bool Has(std::string_view scope) const {
    if (scope == "public") return true;
    return std::any_of(scopes.begin(), scopes.end(), [&](const std::string& s) {
      if (s == scope) return true;
      if (s == "*") return !scope.starts_with("platform.");  // a tenant's key never operates the platform
      return s.ends_with(".*") && scope.starts_with(std::string_view(s).substr(0, s.size() - 1)) &&
             (s == "platform.*" || !scope.starts_with("platform."));
    });
  }
};

}  // namespace lanting::auth
