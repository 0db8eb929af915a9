#include "webhooks/api/delivery_service.h"

#include <algorithm>

#include "lanting/webhooks/v1/events.pb.h"
#include "platform/idempotency/write.h"
#include "platform/resource/page.h"
#include "platform/resource/times.h"
#include "webhooks/api/convert.h"
#include "webhooks/domain/errors.h"
#include "webhooks/domain/event_types.h"
#include "webhooks/domain/names.h"
#include "webhooks/events/payload.h"
#include "webhooks/store/delivery_store.h"
#include "webhooks/store/sql_delivery.h"
#include "webhooks/store/webhook_store.h"

namespace lanting::webhooks {
namespace {

namespace pb = v1;
namespace store = delivery_store;
using idempotency::Work;
using std::chrono::milliseconds;

constexpr int kShownAttempts = 50, kReplayedAtOnce = 1000;
constexpr milliseconds kPingWait{8'000}, kPingMargin{300};

const resource::ListSpec& DeliveryList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListDeliveries,
      .id_column = "d.id",
      .filters = {{"state", "d.state", Type::kEnum, paging::EnumValues(pb::DeliveryState_descriptor())},
                  {"event_type", "d.event_type", Type::kString},
                  {"create_time", "d.create_time", Type::kTime}}};
  return spec;
}

Result<store::Message> PingOf(const Id& webhook, Time now) {
  pb::WebhookPinged payload;
  payload.set_webhook(names::Webhook(webhook));
  common::v1::EventEnvelope event;
  const auto id = Id::New(now);
  event.set_event_id(id.ToString());
  event.set_type(pb::WebhookPinged::descriptor()->full_name());
  event.set_subject(payload.webhook());
  *event.mutable_occurred_time() = resource::ToTimestamp(now);
  event.set_payload(payload.SerializeAsString());
  ASSIGN_OR_RETURN(auto body, events::BodyOf(event));
  return store::Message{id, EventTypeOf(event.type()), event.subject(), std::move(body)};
}

// What an empty list asks.
std::function<Result<void>(pg::Tx&)> WebhookMustExist(const std::string& name) {
  return [&name](pg::Tx& tx) -> Result<void> {
    if (!webhook_store::Get(tx, names::Parse(name).first)) return errors::WebhookNotFound(name);
    return {};
  };
}

Result<void> MustBeEnabled(pg::Tx& tx, const Id& webhook) {
  const auto found = webhook_store::Get(tx, webhook);
  if (!found) return errors::WebhookNotFound(names::Webhook(webhook));
  if (found->state != WebhookState::kEnabled) return errors::WebhookDisabled(names::Webhook(webhook));
  return {};
}

}  // namespace

void DeliveryService::PingWebhook(const rpc::Call& call, const pb::PingWebhookRequest& request,
                                  rpc::Done<pb::Delivery> done) {
  const auto webhook = names::Parse(request.name()).first;
  auto message = PingOf(webhook, call.now);
  if (!message.ok()) return done(std::move(message).error());
  auto made = idempotency::Write<pb::Delivery>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Delivery> {
    if (!webhook_store::Get(tx, webhook)) return errors::WebhookNotFound(request.name());
    return convert::ToProto(store::InsertPing(work, tx.tenant(), *message, webhook, call.now));
  });
  if (!made.ok()) return done(std::move(made).error());
  wake_sender_();
  // Of a retry it is the ping of the first call.
  const auto until = std::min(DeadlineIn(kPingWait), call.deadline - kPingMargin);
  pings_.Await(call.tenant(), webhook, names::Parse(made->name()).second, until, std::move(done));
}

Result<pb::ListDeliveriesResponse> DeliveryService::ListDeliveries(const rpc::Call& call,
                                                                   const pb::ListDeliveriesRequest& request) {
  pb::ListDeliveriesResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, DeliveryList(),
                       {.parent = names::Parse(request.parent()).first,
                        .filter = request.filter(),
                        .order_by = request.order_by(),
                        .page_size = request.page_size(),
                        .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_deliveries() = convert::ToProto(store::Read(row)); },
                       WebhookMustExist(request.parent())));
  return response;
}

Result<pb::Delivery> DeliveryService::GetDelivery(const rpc::Call& call, const pb::GetDeliveryRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Delivery> {
    const auto name = names::Parse(request.name());
    const auto delivery = store::Get(tx, name.first, name.second);
    if (!delivery) return errors::DeliveryNotFound(request.name());
    return convert::ToProto(*delivery, store::Attempts(tx, delivery->id, kShownAttempts));
  });
}

Result<pb::Delivery> DeliveryService::ReplayDelivery(const rpc::Call& call, const pb::ReplayDeliveryRequest& request) {
  auto reply = idempotency::Write<pb::Delivery>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Delivery> {
    const auto name = names::Parse(request.name());
    auto delivery = store::Lock(tx, name.first, name.second);
    if (!delivery) return errors::DeliveryNotFound(request.name());
    if (!delivery->once) RETURN_IF_ERROR(MustBeEnabled(tx, name.first));
    Replay(*delivery, call.now);
    store::Replay(work, tx.tenant(), *delivery);
    return convert::ToProto(*delivery, store::Attempts(tx, delivery->id, kShownAttempts));
  });
  if (reply.ok()) wake_sender_();
  return reply;
}

Result<pb::ReplayDeliveriesResponse> DeliveryService::ReplayDeliveries(const rpc::Call& call,
                                                                       const pb::ReplayDeliveriesRequest& request) {
  const auto webhook = names::Parse(request.parent()).first;
  const auto from = request.has_start_time() ? resource::FromTimestamp(request.start_time()) : Time();
  const auto to = request.has_end_time() ? resource::FromTimestamp(request.end_time()) : call.now;
  using Reply = pb::ReplayDeliveriesResponse;
  auto reply = idempotency::Write<Reply>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Reply> {
    RETURN_IF_ERROR(MustBeEnabled(tx, webhook));
    auto failed = store::LockFailed(tx, webhook, from, to, kReplayedAtOnce + 1);
    Reply response;
    response.set_more(failed.size() > kReplayedAtOnce);
    if (response.more()) failed.pop_back();
    response.set_replayed_count(static_cast<std::int32_t>(failed.size()));
    if (!failed.empty()) store::ReplayAll(work, tx.tenant(), webhook, failed, call.now);
    return response;
  });
  if (reply.ok()) wake_sender_();
  return reply;
}

void DeliveryService::Register(rpc::Service& service) {
  service.Async<pb::PingWebhookRequest, pb::Delivery>(
      "PingWebhook", [this](const rpc::Call& call, const pb::PingWebhookRequest& request,
                            rpc::Done<pb::Delivery> done) { PingWebhook(call, request, std::move(done)); });
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (DeliveryService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("ListDeliveries", &DeliveryService::ListDeliveries);
  bind("GetDelivery", &DeliveryService::GetDelivery);
  bind("ReplayDelivery", &DeliveryService::ReplayDelivery);
  bind("ReplayDeliveries", &DeliveryService::ReplayDeliveries);
}

}  // namespace lanting::webhooks
