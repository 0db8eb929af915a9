#include "gateway/auth/early_refusal.h"

#include <lanting/common/v1/options.pb.h>

#include "platform/auth/key.h"

namespace lanting::gateway {

Result<Id> RefuseEarly(const Route& route, std::string_view authorization) {
  if (authorization.empty() && route.method->options().GetExtension(common::v1::required_scope) == "public")
    return Id();
  if (auto key = auth::ParseKey(auth::BearerCredential(authorization))) return key->tenant;
  return errors::Unauthenticated();
}

}  // namespace lanting::gateway
