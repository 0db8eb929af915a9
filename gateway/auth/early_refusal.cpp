#include "gateway/auth/early_refusal.h"

#include <lanting/common/v1/options.pb.h>

#include "platform/auth/key.h"

namespace lanting::gateway {

std::optional<Error> RefuseEarly(const Route& route, std::string_view authorization) {
  if (authorization.empty() && route.method->options().GetExtension(common::v1::required_scope) == "public")
    return std::nullopt;
  if (auth::ParseKey(auth::BearerCredential(authorization))) return std::nullopt;
  return errors::Unauthenticated();
}

}  // namespace lanting::gateway
