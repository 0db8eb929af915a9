// For tests: a migrated database, two tenants, the API as a server would call it, events as they come from other
// services, and a clock that the test moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "lanting/membership/v1/events.pb.h"
#include "platform/base/strings.h"
#include "platform/pg/pool.h"
#include "platform/resource/times.h"
#include "platform/testing/pg_fixture.h"
#include "webhooks/api/delivery_service.h"
#include "webhooks/api/webhook_service.h"
#include "webhooks/domain/names.h"
#include "webhooks/events/handlers.h"
#include "webhooks/migrations.gen.h"

namespace lanting::webhooks {

namespace pb = v1;

class TestClock : public Clock {
 public:
  Time Now() const override { return Time(std::chrono::microseconds(now_.load())); }
  void Advance(std::chrono::milliseconds by) { now_ += std::chrono::microseconds(by).count(); }

 private:
  std::atomic<std::int64_t> now_{Clock::System().Now().time_since_epoch().count()};
};

inline const std::string kTestKey = std::string(64, '7');

class ApiTest : public ::testing::Test {
 protected:
  template <typename Request>
  rpc::Call CallOf(const Id& tenant, const std::string& method, const Request& request,
                   const std::string& request_id = "") {
    return {.method = "/test/" + method,
            .principal = {.tenant = tenant, .subject = "keys/test", .scopes = {"*"}},
            .deadline = DeadlineIn(std::chrono::seconds(30)),
            .now = clock_.Now(),
            .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            .request_id = request_id,
            .request_hash = Sha256(request.SerializeAsString())};
  }

  pb::Webhook Create(const std::string& url = "https://hooks.example.com/lanting",
                     const std::vector<std::string>& types = {"*"}) {
    auto made = TryCreate(url, types);
    if (!made.ok()) ADD_FAILURE() << made.error().message << made.error().internal;
    return made.ok() ? *made : pb::Webhook();
  }
  Result<pb::Webhook> TryCreate(const std::string& url, const std::vector<std::string>& types,
                                const std::string& request_id = "") {
    pb::CreateWebhookRequest request;
    request.mutable_webhook()->set_url(url);
    request.mutable_webhook()->set_description("客户系统的回调");
    for (const auto& type : types) request.mutable_webhook()->add_event_types(type);
    return webhooks_.CreateWebhook(CallOf(tenant_, "CreateWebhook", request, request_id), request);
  }
  // Calls a method that takes a name alone (and answers with a webhook).
  template <typename Request>
  Result<pb::Webhook> ByName(Result<pb::Webhook> (WebhookService::*method)(const rpc::Call&, const Request&),
                             const std::string& name) {
    Request request;
    request.set_name(name);
    return (webhooks_.*method)(CallOf(tenant_, Request::descriptor()->name(), request), request);
  }
  Result<pb::Webhook> Get(const std::string& name) { return ByName(&WebhookService::GetWebhook, name); }

  inbox::EventEnvelope Joined(const std::string& member = "王羲之") {
    membership::v1::MemberJoined payload;
    payload.set_member("communities/lanting/members/" + member);
    payload.set_group("communities/lanting/groups/曲水流觞");
    inbox::EventEnvelope e;
    e.set_event_id(Id::New().ToString());
    e.set_type(payload.GetDescriptor()->full_name());
    e.set_tenant_id(tenant_.ToString());
    e.set_subject(payload.member());
    e.set_aggregate_version(1);
    *e.mutable_occurred_time() = resource::ToTimestamp(clock_.Now());
    e.set_payload(payload.SerializeAsString());
    return e;
  }
  // As the consumer does, without its inbox.
  Result<void> Take(const inbox::EventEnvelope& event) {
    const auto handlers = events::MakeHandlers(clock_);
    return pg::InTenantTx(pool_, *Id::Parse(event.tenant_id()), DeadlineIn(std::chrono::seconds(30)),
                          [&](pg::Tx& tx) { return handlers.at(inbox::kAnyType).apply(tx, event); });
  }
  void TakeJoined(int count = 1) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(Take(Joined("书友" + std::to_string(i))).ok());
  }

  std::vector<pb::Delivery> Deliveries(const std::string& webhook, const std::string& filter = "") {
    pb::ListDeliveriesRequest request;
    request.set_parent(webhook);
    request.set_filter(filter);
    request.set_page_size(1000);
    auto listed = deliveries_.ListDeliveries(CallOf(tenant_, "ListDeliveries", request), request);
    if (!listed.ok()) ADD_FAILURE() << listed.error().message;
    return listed.ok() ? std::vector<pb::Delivery>(listed->deliveries().begin(), listed->deliveries().end())
                       : std::vector<pb::Delivery>();
  }
  pb::Delivery GetDelivery(const std::string& name) {
    pb::GetDeliveryRequest request;
    request.set_name(name);
    auto found = deliveries_.GetDelivery(CallOf(tenant_, "GetDelivery", request), request);
    if (!found.ok()) ADD_FAILURE() << found.error().message;
    return found.ok() ? *found : pb::Delivery();
  }
  std::string Query(const std::string& sql) { return db_.Query("SET search_path = webhooks; " + sql); }
  int Count(const std::string& table) { return std::stoi(db_.Query("SELECT count(*) FROM webhooks." + table)); }

  Id tenant_ = Id::New(), other_tenant_ = Id::New();
  TestClock clock_;
  crypto::SecretBox box_ = crypto::SecretBox::Make(kTestKey).value();
  testing::PgDatabase db_{{{"webhooks", kMigrations}}};
  pg::Pool pool_{{.url = db_.Url("webhooks", testing::PgRole::kApp)}};
  std::atomic<int> wakes_ = 0;
  PingWaiter pings_{pool_};
  WebhookService webhooks_{pool_, box_, {.allow_http = true, .allow_private = true}};
  DeliveryService deliveries_{pool_, pings_, [this] { ++wakes_; }};
};

// The reason of a refusal, or "OK".
template <typename T>
std::string Reason(const Result<T>& result) {
  return result.ok() ? "OK" : result.error().reason;
}

}  // namespace lanting::webhooks
