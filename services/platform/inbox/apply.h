// The consumer's transaction: inbox rows, versions, handlers. Internal to the inbox.
#pragma once

#include <string>
#include <vector>

#include "platform/inbox/consumer.h"

namespace lanting::inbox {

enum class Outcome { kHandled, kDuplicate, kStale };

struct ApplyError {
  enum class Kind {
    kRefused,      // the handler returned an Error that is not transient
    kTransient,    // may succeed later
    kUnreachable,  // PostgreSQL is not there: says nothing about the events
  } kind;
  Error error;
};

struct Applied {
  std::vector<Outcome> outcomes;  // one per event, in order; empty on error
  std::optional<ApplyError> error;
};

// Handles `events`, all of `tenant` and all of a type in `handlers`, in one transaction: all or none.
Applied Apply(pg::Pool& pool, const std::string& consumer, const Handlers& handlers, const Id& tenant,
              const std::vector<const EventEnvelope*>& events, Deadline deadline);

}  // namespace lanting::inbox
