#include "webhooks/api/webhook_service.h"

#include <algorithm>

#include "platform/crypto/standard_webhooks.h"
#include "platform/idempotency/write.h"
#include "platform/paging/page_token.h"
#include "platform/resource/etag.h"
#include "platform/resource/page.h"
#include "platform/resource/update_mask.h"
#include "webhooks/api/convert.h"
#include "webhooks/domain/errors.h"
#include "webhooks/domain/event_types.h"
#include "webhooks/domain/names.h"
#include "webhooks/events/catalog.h"
#include "webhooks/events/publish.h"
#include "webhooks/store/sql_webhook.h"
#include "webhooks/store/webhook_store.h"

namespace lanting::webhooks {
namespace {

namespace pb = v1;
namespace store = webhook_store;
using idempotency::Work;
using std::chrono::seconds;

constexpr seconds kDefaultGrace{24 * 3600}, kMaxGrace{7 * 24 * 3600};

Result<seconds> GracePeriod(const pb::RotateWebhookSecretRequest& request) {
  if (!request.has_grace_period()) return kDefaultGrace;
  const auto& given = request.grace_period();
  const seconds grace(given.seconds());
  if (given.seconds() < 0 || given.nanos() < 0 || grace > kMaxGrace || (grace == kMaxGrace && given.nanos() > 0)) {
    return lanting::errors::InvalidField("gracePeriod", "OUT_OF_RANGE", "Must be between 0 and 7 days.");
  }
  return grace;
}

}  // namespace

Result<void> WebhookService::Check(Webhook& w) const {
  std::vector<FieldViolation> violations;
  auto url = net::CheckUrl(w.url, urls_);
  if (url.ok()) {
    w.url = *url;
  } else {
    violations.push_back({"webhook.url", url.error().reason, url.error().message});
  }
  auto types = CheckPatterns(w.event_types, events::TypeNames(), "webhook.eventTypes");
  if (!types.ok()) std::ranges::move(types.error().violations, std::back_inserter(violations));
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return {};
}

Result<pb::Webhook> WebhookService::CreateWebhook(const rpc::Call& call, const pb::CreateWebhookRequest& request) {
  Webhook webhook;
  convert::FromProto(request.webhook(), &webhook);
  RETURN_IF_ERROR(Check(webhook));
  // Made once for all tries of this call, so that the reply tells whose secret it is: this call's, or that of an
  // earlier one, which nobody has any more.
  const auto secret = crypto::NewWebhookSecret();
  webhook.id = Id::New(call.now);
  webhook.secret_fingerprint = Fingerprint(secret);
  webhook.create_time = webhook.update_time = call.now;
  auto reply = idempotency::Write<pb::Webhook>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Webhook> {
    if (store::CountForCreation(tx) >= kMaxWebhooks) return errors::TooManyWebhooks(kMaxWebhooks);
    store::Create(work, tx.tenant(), webhook, box_.Seal(secret, store::SecretContext(tx.tenant(), webhook.id)));
    return convert::ToProto(webhook, call.now);
  });
  if (reply.ok() && reply->name() == names::Webhook(webhook.id)) reply->set_secret(secret);
  return reply;
}

Result<pb::Webhook> WebhookService::GetWebhook(const rpc::Call& call, const pb::GetWebhookRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Webhook> {
    const auto webhook = store::Get(tx, names::Parse(request.name()).first);
    if (!webhook) return errors::WebhookNotFound(request.name());
    return convert::ToProto(*webhook, call.now);
  });
}

Result<pb::ListWebhooksResponse> WebhookService::ListWebhooks(const rpc::Call& call,
                                                              const pb::ListWebhooksRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListWebhooks, .id_column = "w.id"};
  pb::ListWebhooksResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(
          pool_, call, spec, {.page_size = request.page_size(), .page_token = request.page_token()},
          [&](const pqxx::row& row) { *response.add_webhooks() = convert::ToProto(store::Read(row), call.now); }));
  return response;
}

Result<pb::Webhook> WebhookService::UpdateWebhook(const rpc::Call& call, const pb::UpdateWebhookRequest& request) {
  const auto& patch = request.webhook();
  return idempotency::Write<pb::Webhook>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Webhook> {
    auto webhook = store::Lock(tx, names::Parse(patch.name()).first);
    if (!webhook) return errors::WebhookNotFound(patch.name());
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), webhook->version));
    const auto before = convert::ToProto(*webhook, call.now);
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "webhook", &wanted));
    convert::FromProto(wanted, &*webhook);
    RETURN_IF_ERROR(Check(*webhook));
    if (convert::ToProto(*webhook, call.now).SerializeAsString() == before.SerializeAsString()) return before;
    ++webhook->version;
    webhook->update_time = call.now;
    store::Update(work, tx.tenant(), *webhook);
    return convert::ToProto(*webhook, call.now);
  });
}

Result<google::protobuf::Empty> WebhookService::DeleteWebhook(const rpc::Call& call,
                                                              const pb::DeleteWebhookRequest& request) {
  using google::protobuf::Empty;
  return idempotency::Write<Empty>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Empty> {
    const auto webhook = store::Lock(tx, names::Parse(request.name()).first);
    if (!webhook) return errors::WebhookNotFound(request.name());
    RETURN_IF_ERROR(resource::CheckEtag(request.etag(), webhook->version));
    store::Delete(work, tx.tenant(), webhook->id);
    return Empty();
  });
}

Result<pb::Webhook> WebhookService::EnableWebhook(const rpc::Call& call, const pb::EnableWebhookRequest& request) {
  return idempotency::Write<pb::Webhook>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Webhook> {
    auto webhook = store::Lock(tx, names::Parse(request.name()).first);
    if (!webhook) return errors::WebhookNotFound(request.name());
    if (Enable(*webhook, call.now)) store::Update(work, tx.tenant(), *webhook);
    return convert::ToProto(*webhook, call.now);
  });
}

Result<pb::Webhook> WebhookService::DisableWebhook(const rpc::Call& call, const pb::DisableWebhookRequest& request) {
  return idempotency::Write<pb::Webhook>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Webhook> {
    auto webhook = store::Lock(tx, names::Parse(request.name()).first);
    if (!webhook) return errors::WebhookNotFound(request.name());
    if (Disable(*webhook, DisableReason::kAsked, call.now)) {
      store::Update(work, tx.tenant(), *webhook);
      work.Publish(events::WebhookDisabled(*webhook, call.now, call.traceparent));
    }
    return convert::ToProto(*webhook, call.now);
  });
}

Result<pb::Webhook> WebhookService::RotateWebhookSecret(const rpc::Call& call,
                                                        const pb::RotateWebhookSecretRequest& request) {
  ASSIGN_OR_RETURN(const auto grace, GracePeriod(request));
  const auto secret = crypto::NewWebhookSecret();
  auto reply = idempotency::Write<pb::Webhook>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Webhook> {
    auto webhook = store::Lock(tx, names::Parse(request.name()).first);
    if (!webhook) return errors::WebhookNotFound(request.name());
    ++webhook->version;
    webhook->secret_fingerprint = Fingerprint(secret);
    webhook->old_secret_expire_time = call.now + grace;
    webhook->update_time = call.now;
    store::Rotate(tx, work, *webhook, box_.Seal(secret, store::SecretContext(tx.tenant(), webhook->id)));
    return convert::ToProto(*webhook, call.now);
  });
  if (reply.ok() && reply->secret_fingerprint() == Fingerprint(secret)) reply->set_secret(secret);
  return reply;
}

Result<pb::ListEventTypesResponse> WebhookService::ListEventTypes(const rpc::Call& call,
                                                                  const pb::ListEventTypesRequest& request) {
  const paging::ListKey key{call.tenant(), call.method, "", "", ""};
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto after, paging::DecodePageToken(key, request.page_token()));
  pb::ListEventTypesResponse response;
  for (const auto& type : events::AllTypes()) {
    if (after && type.name <= after->last_value.value_or("")) continue;
    if (response.event_types_size() == size) {
      const auto& last = response.event_types(size - 1).event_type();
      response.set_next_page_token(paging::EncodePageToken(key, {.last_value = last, .last_id = Id()}));
      break;
    }
    auto* to = response.add_event_types();
    to->set_event_type(type.name);
    to->set_message_type(type.descriptor->full_name());
  }
  return response;
}

void WebhookService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (WebhookService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("CreateWebhook", &WebhookService::CreateWebhook);
  bind("GetWebhook", &WebhookService::GetWebhook);
  bind("ListWebhooks", &WebhookService::ListWebhooks);
  bind("UpdateWebhook", &WebhookService::UpdateWebhook);
  bind("DeleteWebhook", &WebhookService::DeleteWebhook);
  bind("EnableWebhook", &WebhookService::EnableWebhook);
  bind("DisableWebhook", &WebhookService::DisableWebhook);
  bind("RotateWebhookSecret", &WebhookService::RotateWebhookSecret);
  bind("ListEventTypes", &WebhookService::ListEventTypes);
}

}  // namespace lanting::webhooks
