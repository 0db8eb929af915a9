// Which consumers a Redis knows.
#pragma once

#include <set>
#include <string>

#include "platform/base/clock.h"
#include "platform/base/result.h"
#include "platform/redis/client.h"

namespace lanting::ctl {

// Names of the groups that read the streams of events, and of those with dead letters. A consumer is known from its
// first start on. Looks through the keys of the one node that `client` speaks to; DEADLINE_EXCEEDED after `deadline`.
Result<std::set<std::string>> KnownConsumers(redis::Client& client, Deadline deadline);

}  // namespace lanting::ctl
