// Deliveries of lanting.webhooks.v1.WebhookService: the log, pings and replays.
#pragma once

#include "lanting/webhooks/v1/webhook_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"
#include "webhooks/api/ping_waiter.h"

namespace lanting::webhooks {

class DeliveryService {
 public:
  // `wake_sender` is called when something fell due. All must outlive the servers it is registered with.
  DeliveryService(pg::Pool& pool, PingWaiter& pings, std::function<void()> wake_sender)
      : pool_(pool), pings_(pings), wake_sender_(std::move(wake_sender)) {}

  void PingWebhook(const rpc::Call& call, const v1::PingWebhookRequest& request, rpc::Done<v1::Delivery> done);
  Result<v1::ListDeliveriesResponse> ListDeliveries(const rpc::Call& call, const v1::ListDeliveriesRequest& request);
  Result<v1::Delivery> GetDelivery(const rpc::Call& call, const v1::GetDeliveryRequest& request);
  Result<v1::Delivery> ReplayDelivery(const rpc::Call& call, const v1::ReplayDeliveryRequest& request);
  Result<v1::ReplayDeliveriesResponse> ReplayDeliveries(const rpc::Call& call,
                                                        const v1::ReplayDeliveriesRequest& request);

  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
  PingWaiter& pings_;
  std::function<void()> wake_sender_;
};

}  // namespace lanting::webhooks
