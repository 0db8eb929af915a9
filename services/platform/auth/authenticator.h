// Authenticator: who a credential is. The one door through which a Principal comes into a process.
#pragma once

#include <string_view>

#include "platform/auth/principal.h"
#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace lanting::auth {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // `authorization` is the value of the metadata of that name ("Bearer <credential>"), empty if there was none.
  // Whatever is wrong with it, the answer is errors::Unauthenticated(); an Error of another code means that nobody
  // could be asked. Thread safe.
  virtual Result<Principal> Authenticate(std::string_view authorization, Deadline deadline) = 0;
};

}  // namespace lanting::auth
