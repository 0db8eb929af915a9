// Call: what a handler knows about the call it serves beside its request.
#pragma once

#include <string>

#include "platform/auth/principal.h"
#include "platform/base/clock.h"

namespace lanting::rpc {

struct Call {
  std::string method;  // "/lanting.membership.v1.MemberService/CreateMember"
  auth::Principal principal;
  Deadline deadline;         // already capped by the server's maximum
  Time now;                  // the server's clock when the handler started
  std::string traceparent;   // W3C; made if the caller sent none
  std::string request_id;    // of a write; empty if the caller gave none
  std::string request_hash;  // SHA-256 (64 hex digits) of the request without its request_id; empty if there is none

  const Id& tenant() const { return principal.tenant; }
};

}  // namespace lanting::rpc
