#include "webhooks/api/delivery_service.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <functional>
#include <future>

#include "webhooks/api/api_test_world.h"
#include "webhooks/store/sending_store.h"

namespace lanting::webhooks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DeliveryServiceTest : public ApiTest {
 protected:
  Result<pb::Delivery> Replay(const std::string& name) {
    pb::ReplayDeliveryRequest request;
    request.set_name(name);
    return deliveries_.ReplayDelivery(CallOf(tenant_, "ReplayDelivery", request), request);
  }
  Result<pb::ReplayDeliveriesResponse> ReplayAll(const std::string& webhook, std::optional<Time> from = {},
                                                 std::optional<Time> to = {}) {
    pb::ReplayDeliveriesRequest request;
    request.set_parent(webhook);
    if (from) *request.mutable_start_time() = resource::ToTimestamp(*from);
    if (to) *request.mutable_end_time() = resource::ToTimestamp(*to);
    return deliveries_.ReplayDeliveries(CallOf(tenant_, "ReplayDeliveries", request), request);
  }
  void FailAll() {
    db_.Query(
        "UPDATE webhooks.delivery SET state = 3, next_attempt_time = NULL, finish_time = create_time, "
        "attempt_count = 12, failed_count = 12; UPDATE webhooks.delivery_queue SET due_time = 'infinity'");
  }
  std::vector<std::string> Types(const std::string& webhook) {
    std::vector<std::string> out;
    for (const auto& d : Deliveries(webhook)) out.push_back(d.event_type());
    return out;
  }
};

TEST_F(DeliveryServiceTest, AnEventGoesToEachWebhookThatWantsItOnce) {
  const auto all = Create("https://a.example.com/", {"*"});
  const auto service = Create("https://b.example.com/", {"membership.*"});
  const auto exact = Create("https://c.example.com/", {"membership.member_joined", "membership.*"});
  const auto other = Create("https://d.example.com/", {"membership.group_full", "webhooks.*"});
  const auto event = Joined();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Take(event).ok());
  for (const auto* webhook : {&all, &service, &exact})
    EXPECT_THAT(Types(webhook->name()), ElementsAre("membership.member_joined"));
  EXPECT_THAT(Types(other.name()), IsEmpty());
  EXPECT_NE(Deliveries(all.name())[0].message_id(), Deliveries(service.name())[0].message_id());

  const auto delivery = GetDelivery(Deliveries(all.name())[0].name());
  EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_PENDING);
  EXPECT_EQ(delivery.subject(), "communities/lanting/members/王羲之");
  EXPECT_EQ(
      delivery.payload(),
      R"({"type":"membership.member_joined","timestamp":")" +
          google::protobuf::util::TimeUtil::ToString(event.occurred_time()) + R"(","id":")" + event.event_id() +
          R"(","subject":"communities/lanting/members/王羲之","data":{"member":"communities/lanting/members/王羲之",)"
          R"("group":"communities/lanting/groups/曲水流觞","source":"JOIN_SOURCE_UNSPECIFIED","fromWaitingList":false,"referrer":""}})");
}

TEST_F(DeliveryServiceTest, ATypeThatIsNotKnownIsADeadLetterOnlyWhereItIsWanted) {
  auto event = Joined();
  event.set_type("lanting.content.v1.PostPublished");
  EXPECT_TRUE(Take(event).ok());
  Create();
  const auto refused = Take(event);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "UNKNOWN_EVENT_TYPE");
  EXPECT_FALSE(refused.error().transient());
  auto broken = Joined();
  broken.set_payload("\xff\xff");
  EXPECT_FALSE(Take(broken).ok());
}

TEST_F(DeliveryServiceTest, TheLogIsFilteredPagedAndOrdered) {
  const auto webhook = Create();
  TakeJoined(5);
  FailAll();
  TakeJoined(3);
  EXPECT_THAT(Deliveries(webhook.name()), SizeIs(8));
  EXPECT_THAT(Deliveries(webhook.name(), "state = DELIVERY_STATE_FAILED"), SizeIs(5));
  EXPECT_THAT(
      Deliveries(webhook.name(), "state = DELIVERY_STATE_PENDING AND event_type = \"membership.member_joined\""),
      SizeIs(3));
  EXPECT_THAT(Deliveries(webhook.name(), "create_time > 2999-01-01T00:00:00Z"), IsEmpty());
  pb::ListDeliveriesRequest request;
  request.set_parent(webhook.name());
  request.set_order_by("id desc");
  request.set_page_size(3);
  std::vector<std::string> seen;
  do {
    auto page = deliveries_.ListDeliveries(CallOf(tenant_, "ListDeliveries", request), request);
    ASSERT_EQ(Reason(page), "OK");
    for (const auto& d : page->deliveries()) seen.push_back(d.name());
    for (const auto& d : page->deliveries()) EXPECT_EQ(d.payload(), "");
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen, SizeIs(8));
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater<>()));
  request.set_parent(names::Webhook(Id::New()));
  EXPECT_EQ(Reason(deliveries_.ListDeliveries(CallOf(tenant_, "ListDeliveries", request), request)),
            "WEBHOOK_NOT_FOUND");
}

TEST_F(DeliveryServiceTest, AReplayIsDueAtOnce) {
  const auto webhook = Create();
  TakeJoined();
  FailAll();
  const auto failed = Deliveries(webhook.name()).at(0);
  clock_.Advance(std::chrono::hours(80));
  const auto replayed = Replay(failed.name());
  ASSERT_EQ(Reason(replayed), "OK");
  EXPECT_EQ(replayed->state(), pb::DELIVERY_STATE_PENDING);
  EXPECT_EQ(resource::FromTimestamp(replayed->next_attempt_time()), clock_.Now());
  EXPECT_EQ(replayed->message_id(), failed.message_id());
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(db_.Query("SELECT count(*) FROM webhooks.delivery_queue WHERE due_time < 'infinity'"), "1");
  ByName(&WebhookService::DisableWebhook, webhook.name()).ok();
  EXPECT_EQ(Reason(Replay(failed.name())), "WEBHOOK_DISABLED");
  EXPECT_EQ(Reason(ReplayAll(webhook.name())), "WEBHOOK_DISABLED");
  EXPECT_EQ(Reason(Replay(names::Delivery(Id::New(), Id::New()))), "DELIVERY_NOT_FOUND");
}

TEST_F(DeliveryServiceTest, FailedOnesOfARangeAreReplayedABatchACall) {
  const auto webhook = Create();
  TakeJoined(3);
  const auto later = clock_.Now() + std::chrono::hours(1);
  clock_.Advance(std::chrono::hours(1));
  TakeJoined(2);
  FailAll();
  clock_.Advance(std::chrono::hours(1));
  auto early = ReplayAll(webhook.name(), {}, later);
  ASSERT_EQ(Reason(early), "OK");
  EXPECT_EQ(early->replayed_count(), 3);
  EXPECT_FALSE(early->more());
  EXPECT_THAT(Deliveries(webhook.name(), "state = DELIVERY_STATE_FAILED"), SizeIs(2));
  EXPECT_EQ(ReplayAll(webhook.name(), later)->replayed_count(), 2);
  EXPECT_EQ(ReplayAll(webhook.name())->replayed_count(), 0);
  // More than a call may do.
  db_.Query(
      "INSERT INTO webhooks.delivery SELECT tenant_id, gen_random_uuid(), webhook_id, event_type, subject, body, "
      "false, "
      "3, 12, 12, create_time, NULL, create_time, create_time FROM webhooks.delivery, generate_series(1, 300)");
  EXPECT_TRUE(ReplayAll(webhook.name())->more());
  auto rest = ReplayAll(webhook.name());
  EXPECT_EQ(rest->replayed_count(), 500);
  EXPECT_FALSE(rest->more());
}

TEST_F(DeliveryServiceTest, APingWaitsForItsOutcomeAndIsOnePing) {
  const auto webhook = Create();
  pings_.Start();
  pb::PingWebhookRequest request;
  request.set_name(webhook.name());
  auto ping = [&](const std::string& id) {
    std::promise<Result<pb::Delivery>> outcome;
    auto future = outcome.get_future();
    auto call = CallOf(tenant_, "PingWebhook", request, id);
    call.deadline = DeadlineIn(std::chrono::milliseconds(1500));
    deliveries_.PingWebhook(call, request, [&](Result<pb::Delivery> d) { outcome.set_value(std::move(d)); });
    return future.get();
  };
  const auto pending = ping("p1");
  ASSERT_EQ(Reason(pending), "OK");
  EXPECT_EQ(pending->state(), pb::DELIVERY_STATE_PENDING) << "nobody sends in this test";
  EXPECT_EQ(pending->event_type(), "webhooks.webhook_pinged");
  EXPECT_THAT(pending->payload(), HasSubstr(R"("data":{"webhook":")" + webhook.name() + "\"}"));
  db_.Query("UPDATE webhooks.delivery SET state = 2, next_attempt_time = NULL, finish_time = now(), attempt_count = 1");
  const auto same = ping("p1");
  EXPECT_EQ(same->name(), pending->name());
  EXPECT_EQ(same->state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(Count("delivery"), 1);
  request.set_name(names::Webhook(Id::New()));
  EXPECT_EQ(Reason(ping("p2")), "WEBHOOK_NOT_FOUND");
}

TEST_F(DeliveryServiceTest, ADeliveryMadeWhileItsQueueIsGivenBackIsNotForgotten) {
  const auto webhook = Create();
  const auto id = names::Parse(webhook.name()).first;
  TakeJoined();
  const auto soon = [] { return DeadlineIn(std::chrono::seconds(30)); };
  auto claim = [&] {
    return pg::InTenantTx(pool_, Id(), soon(),
                          [&](pg::Tx& tx) -> Result<std::vector<sending_store::Queue>> {
                            return sending_store::Claim(tx, clock_.Now(), std::chrono::seconds(60), 10);
                          })
        .value();
  };
  const auto queues = claim();
  ASSERT_THAT(queues, SizeIs(1));
  EXPECT_THAT(claim(), IsEmpty()) << "one at a time";
  FailAll();
  // The delivery is inserted but not committed when the queue is to be given back: that waits, and sees it then.
  const auto handlers = events::MakeHandlers(clock_);
  std::promise<void> inserted, go;
  auto consumer = std::async(std::launch::async, [&] {
    return pg::InTenantTx(pool_, tenant_, soon(), [&](pg::Tx& tx) -> Result<void> {
      RETURN_IF_ERROR(handlers.at(inbox::kAnyType).apply(tx, Joined("谢安")));
      inserted.set_value();
      go.get_future().wait();
      return {};
    });
  });
  inserted.get_future().wait();
  auto release = std::async(std::launch::async, [&] {
    return pg::InTenantTx(pool_, tenant_, soon(), [&](pg::Tx& tx) -> Result<bool> {
      return sending_store::Release(tx, queues[0], clock_.Now());
    });
  });
  EXPECT_EQ(release.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  go.set_value();
  ASSERT_TRUE(consumer.get().ok());
  EXPECT_TRUE(release.get().value());
  EXPECT_THAT(claim(), SizeIs(1));
  // Who lost the lease gives nothing back.
  auto late = pg::InTenantTx(pool_, tenant_, soon(), [&](pg::Tx& tx) -> Result<bool> {
    auto old = queues[0];
    old.lease -= std::chrono::seconds(1);
    return sending_store::Release(tx, old, clock_.Now());
  });
  EXPECT_FALSE(late.value());
  EXPECT_THAT(claim(), IsEmpty());
  clock_.Advance(std::chrono::seconds(61));
  EXPECT_THAT(claim(), SizeIs(1)) << "the lease of a process that died ends";
  EXPECT_EQ(webhook.name(), names::Webhook(id));
}

}  // namespace
}  // namespace lanting::webhooks
