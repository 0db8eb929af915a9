// The sender's series, all of them there from the start.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>

#include "platform/obs/metrics.h"
#include "webhooks/domain/delivery.h"

namespace lanting::webhooks {

struct SenderMetrics {
  SenderMetrics()
      : seconds(prometheus::BuildHistogram()
                    .Name("lanting_webhook_attempt_seconds")
                    .Help("Duration of requests to receivers")
                    .Register(*obs::Metrics())
                    .Add({}, obs::LatencyBuckets())) {
    auto& deliveries = prometheus::BuildCounter()
                           .Name("lanting_webhook_deliveries_total")
                           .Help("Attempts by what became of the delivery")
                           .Register(*obs::Metrics());
    for (const char* outcome : {"delivered", "retried", "failed"})
      outcomes[outcome] = &deliveries.Add({{"outcome", outcome}});
    auto& disabled = prometheus::BuildCounter()
                         .Name("lanting_webhook_disabled_total")
                         .Help("Webhooks disabled by their receiver's answers")
                         .Register(*obs::Metrics());
    gone = &disabled.Add({{"reason", "gone"}});
    failing = &disabled.Add({{"reason", "failing"}});
  }

  void Count(DeliveryState state) {
    const char* outcome = state == DeliveryState::kDelivered ? "delivered"
                          : state == DeliveryState::kPending ? "retried"
                                                             : "failed";
    outcomes[outcome]->Increment();
  }
  void CountDisabled(DisableReason reason) { (reason == DisableReason::kGone ? gone : failing)->Increment(); }

  prometheus::Histogram& seconds;
  std::map<std::string, prometheus::Counter*> outcomes;
  prometheus::Counter *gone, *failing;
};

}  // namespace lanting::webhooks
