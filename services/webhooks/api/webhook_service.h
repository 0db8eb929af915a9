// Webhooks themselves: everything of lanting.webhooks.v1.WebhookService but deliveries.
#pragma once

#include <google/protobuf/empty.pb.h>

#include "lanting/webhooks/v1/webhook_service.pb.h"
#include "platform/crypto/secret_box.h"
#include "platform/net/url.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"
#include "webhooks/domain/webhook.h"

namespace lanting::webhooks {

class WebhookService {
 public:
  // Must outlive the servers it is registered with, as must `pool` and `box`.
  WebhookService(pg::Pool& pool, const crypto::SecretBox& box, net::UrlRules urls)
      : pool_(pool), box_(box), urls_(urls) {}

  Result<v1::Webhook> CreateWebhook(const rpc::Call& call, const v1::CreateWebhookRequest& request);
  Result<v1::Webhook> GetWebhook(const rpc::Call& call, const v1::GetWebhookRequest& request);
  Result<v1::ListWebhooksResponse> ListWebhooks(const rpc::Call& call, const v1::ListWebhooksRequest& request);
  Result<v1::Webhook> UpdateWebhook(const rpc::Call& call, const v1::UpdateWebhookRequest& request);
  Result<google::protobuf::Empty> DeleteWebhook(const rpc::Call& call, const v1::DeleteWebhookRequest& request);
  Result<v1::Webhook> EnableWebhook(const rpc::Call& call, const v1::EnableWebhookRequest& request);
  Result<v1::Webhook> DisableWebhook(const rpc::Call& call, const v1::DisableWebhookRequest& request);
  Result<v1::Webhook> RotateWebhookSecret(const rpc::Call& call, const v1::RotateWebhookSecretRequest& request);
  Result<v1::ListEventTypesResponse> ListEventTypes(const rpc::Call& call, const v1::ListEventTypesRequest& request);

  void Register(rpc::Service& service);

 private:
  // Url and types, all faults at once; the url gets its one form.
  Result<void> Check(Webhook& webhook) const;

  pg::Pool& pool_;
  const crypto::SecretBox& box_;
  const net::UrlRules urls_;
};

}  // namespace lanting::webhooks
