#include "webhooks/api/webhook_service.h"

#include "webhooks/api/api_test_world.h"
#include "webhooks/store/webhook_store.h"

namespace lanting::webhooks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WebhookServiceTest : public ApiTest {
 protected:
  Result<pb::Webhook> Update(pb::Webhook patch, const std::vector<std::string>& mask = {}) {
    pb::UpdateWebhookRequest request;
    *request.mutable_webhook() = std::move(patch);
    for (const auto& path : mask) request.mutable_update_mask()->add_paths(path);
    return webhooks_.UpdateWebhook(CallOf(tenant_, "UpdateWebhook", request), request);
  }
  Result<pb::Webhook> Rotate(const std::string& name, std::optional<int> grace_seconds = {},
                             const std::string& request_id = "") {
    pb::RotateWebhookSecretRequest request;
    request.set_name(name);
    if (grace_seconds) request.mutable_grace_period()->set_seconds(*grace_seconds);
    return webhooks_.RotateWebhookSecret(CallOf(tenant_, "RotateWebhookSecret", request, request_id), request);
  }
  std::vector<std::string> Secrets(const std::string& name, const crypto::SecretBox& box) {
    auto found = pg::ReadTenant(pool_, tenant_, DeadlineIn(std::chrono::seconds(30)), [&](pg::Tx& tx) {
      return webhook_store::SigningSecrets(tx, box, names::Parse(name).first, clock_.Now());
    });
    return found.ok() ? *found : std::vector<std::string>{found.error().reason};
  }
  std::vector<std::string> Secrets(const std::string& name) { return Secrets(name, box_); }
};

TEST_F(WebhookServiceTest, EveryTableIsBehindTheTenantsWall) {
  EXPECT_THAT(testing::TablesWithoutRls(db_, "webhooks"), IsEmpty());
}

TEST_F(WebhookServiceTest, ASecretIsShownOnceAndStoredSealed) {
  const auto made = TryCreate("HTTPS://Hooks.Example.com:443/钩子", {"membership.*"}, "once");
  ASSERT_EQ(Reason(made), "OK");
  EXPECT_EQ(made->url(), "https://hooks.example.com/%e9%92%a9%e5%ad%90");
  EXPECT_EQ(made->state(), pb::WEBHOOK_STATE_ENABLED);
  EXPECT_THAT(made->secret(), ::testing::StartsWith("whsec_"));
  EXPECT_THAT(made->secret_fingerprint(), SizeIs(12));
  const auto again = TryCreate("HTTPS://Hooks.Example.com:443/钩子", {"membership.*"}, "once");
  EXPECT_EQ(again->name(), made->name());
  EXPECT_EQ(again->secret(), "") << "a retry makes nothing and tells nothing";
  EXPECT_EQ(Count("webhook"), 1);
  const auto got = Get(made->name());
  EXPECT_EQ(got->secret(), "");
  EXPECT_EQ(got->secret_fingerprint(), made->secret_fingerprint());
  EXPECT_THAT(Secrets(made->name()), ElementsAre(made->secret()));
  // Nowhere in clear, neither in its table nor in a remembered reply.
  const auto all = db_.Query(
      "SELECT (SELECT string_agg(encode(sealed, 'escape'), '') FROM webhooks.webhook_secret) || "
      "(SELECT string_agg(encode(response, 'escape'), '') FROM webhooks.request_log)");
  EXPECT_EQ(all.find(made->secret().substr(6)), std::string::npos);
}

TEST_F(WebhookServiceTest, AllFaultsAreNamedAtOnce) {
  const auto refused = TryCreate("https://user@example.com/", {"membership.member_joined", "pigeons.*"});
  ASSERT_EQ(Reason(refused), "INVALID_FIELDS");
  std::vector<std::string> fields;
  for (const auto& v : refused.error().violations) fields.push_back(v.field + " " + v.reason);
  EXPECT_THAT(fields, ElementsAre("webhook.url INVALID_FORMAT", "webhook.eventTypes[1] UNKNOWN_VALUE"));
  WebhookService strict(pool_, box_, {});
  pb::CreateWebhookRequest request;
  request.mutable_webhook()->add_event_types("*");
  for (const char* url : {"http://example.com/", "https://127.0.0.1/", "https://localhost:8443/"}) {
    request.mutable_webhook()->set_url(url);
    EXPECT_EQ(Reason(strict.CreateWebhook(CallOf(tenant_, "CreateWebhook", request), request)), "INVALID_FIELDS")
        << url;
  }
}

TEST_F(WebhookServiceTest, ATenantHasABoundedNumber) {
  for (int i = 0; i < kMaxWebhooks; ++i) Create();
  EXPECT_EQ(Reason(TryCreate("https://example.com/", {"*"})), "TOO_MANY_WEBHOOKS");
  std::string token;
  int listed = 0;
  do {
    pb::ListWebhooksRequest request;
    request.set_page_size(30);
    request.set_page_token(token);
    auto page = webhooks_.ListWebhooks(CallOf(tenant_, "ListWebhooks", request), request);
    ASSERT_EQ(Reason(page), "OK");
    listed += page->webhooks_size();
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_EQ(listed, kMaxWebhooks);
  pb::ListWebhooksRequest request;
  EXPECT_EQ(webhooks_.ListWebhooks(CallOf(other_tenant_, "ListWebhooks", request), request)->webhooks_size(), 0);
}

TEST_F(WebhookServiceTest, AnUpdateChangesWhatItNamesUnderTheEtag) {
  const auto made = Create();
  clock_.Advance(std::chrono::seconds(1));
  pb::Webhook patch;
  patch.set_name(made.name());
  patch.set_url("https://other.example.com/in");
  patch.set_etag(made.etag());
  auto updated = Update(patch);
  ASSERT_EQ(Reason(updated), "OK");
  EXPECT_EQ(updated->url(), "https://other.example.com/in");
  EXPECT_EQ(updated->description(), made.description());
  EXPECT_NE(updated->etag(), made.etag());
  EXPECT_EQ(Reason(Update(patch)), "ETAG_MISMATCH");
  patch.set_etag("");
  EXPECT_EQ(Update(patch)->etag(), updated->etag()) << "no change, no version";
  patch.set_url("https://10.0.0.1\\");
  EXPECT_EQ(Reason(Update(patch)), "INVALID_FIELDS");
  pb::Webhook cleared;
  cleared.set_name(made.name());
  EXPECT_EQ(Reason(Update(cleared, {"url"})), "INVALID_FIELDS");
  EXPECT_EQ(Reason(Update(cleared, {"nonsense"})), "INVALID_FIELDS");
  cleared.set_name(names::Webhook(Id::New()));
  EXPECT_EQ(Reason(Update(cleared, {"url"})), "WEBHOOK_NOT_FOUND");
}

TEST_F(WebhookServiceTest, IsDisabledAndEnabledWithAFact) {
  const auto made = Create();
  auto disabled = ByName(&WebhookService::DisableWebhook, made.name());
  ASSERT_EQ(Reason(disabled), "OK");
  EXPECT_EQ(disabled->state(), pb::WEBHOOK_STATE_DISABLED);
  EXPECT_EQ(disabled->disable_reason(), pb::DISABLE_REASON_ASKED);
  EXPECT_TRUE(disabled->has_disable_time());
  EXPECT_EQ(ByName(&WebhookService::DisableWebhook, made.name())->etag(), disabled->etag());
  EXPECT_EQ(db_.Query("SELECT string_agg(type || ':' || aggregate_version, ' ') FROM webhooks.outbox"),
            "lanting.webhooks.v1.WebhookDisabled:2");
  TakeJoined();
  EXPECT_THAT(Deliveries(made.name()), IsEmpty()) << "nothing is kept for it meanwhile";
  auto enabled = ByName(&WebhookService::EnableWebhook, made.name());
  EXPECT_EQ(enabled->state(), pb::WEBHOOK_STATE_ENABLED);
  EXPECT_FALSE(enabled->has_disable_time());
  TakeJoined();
  EXPECT_THAT(Deliveries(made.name()), SizeIs(1));
}

TEST_F(WebhookServiceTest, ARotatedSecretSignsUntilItsGraceIsOver) {
  const auto made = Create();
  clock_.Advance(std::chrono::seconds(1));
  const auto rotated = Rotate(made.name(), {}, "rotate-1");
  ASSERT_EQ(Reason(rotated), "OK");
  EXPECT_NE(rotated->secret(), made.secret());
  EXPECT_NE(rotated->secret_fingerprint(), made.secret_fingerprint());
  EXPECT_EQ(resource::FromTimestamp(rotated->old_secret_expire_time()), clock_.Now() + std::chrono::hours(24));
  EXPECT_EQ(Rotate(made.name(), {}, "rotate-1")->secret(), "");
  EXPECT_THAT(Secrets(made.name()), ElementsAre(rotated->secret(), made.secret()));
  clock_.Advance(std::chrono::hours(24));
  EXPECT_THAT(Secrets(made.name()), ElementsAre(rotated->secret()));
  EXPECT_FALSE(Get(made.name())->has_old_secret_expire_time());
  const auto at_once = Rotate(made.name(), 0);
  EXPECT_THAT(Secrets(made.name()), ElementsAre(at_once->secret()));
  EXPECT_FALSE(at_once->has_old_secret_expire_time());
  EXPECT_EQ(Reason(Rotate(made.name(), 7 * 86400 + 1)), "INVALID_FIELDS");
  EXPECT_EQ(Reason(Rotate(made.name(), -1)), "INVALID_FIELDS");
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(std::chrono::seconds(1));
    EXPECT_EQ(Reason(Rotate(made.name())), "OK");
  }
  EXPECT_THAT(Secrets(made.name()), SizeIs(3)) << "a bounded number signs";
  EXPECT_EQ(Count("webhook_secret"), 3);
}

TEST_F(WebhookServiceTest, ASecretOpensOnlyWithItsKeyAndInItsRow) {
  const auto made = Create(), other = Create();
  const auto stranger = crypto::SecretBox::Make(std::string(64, 'a')).value();
  EXPECT_THAT(Secrets(made.name(), stranger), ElementsAre("SECRET_UNREADABLE"));
  db_.Query("UPDATE webhooks.webhook_secret s SET sealed = o.sealed FROM webhooks.webhook_secret o WHERE o.id <> s.id");
  EXPECT_THAT(Secrets(other.name()), ElementsAre("SECRET_UNREADABLE"));
}

TEST_F(WebhookServiceTest, ADeletedWebhookIsGoneWithItsLog) {
  const auto made = Create();
  TakeJoined();
  const auto delivery = Deliveries(made.name()).at(0).name();
  pb::DeleteWebhookRequest request;
  request.set_name(made.name());
  request.set_etag("\"7\"");
  EXPECT_EQ(Reason(webhooks_.DeleteWebhook(CallOf(tenant_, "DeleteWebhook", request), request)), "ETAG_MISMATCH");
  request.set_etag(made.etag());
  EXPECT_EQ(Reason(webhooks_.DeleteWebhook(CallOf(other_tenant_, "DeleteWebhook", request), request)),
            "WEBHOOK_NOT_FOUND");
  EXPECT_EQ(Reason(webhooks_.DeleteWebhook(CallOf(tenant_, "DeleteWebhook", request, "d"), request)), "OK");
  EXPECT_EQ(Reason(webhooks_.DeleteWebhook(CallOf(tenant_, "DeleteWebhook", request, "d"), request)), "OK");
  EXPECT_EQ(Reason(webhooks_.DeleteWebhook(CallOf(tenant_, "DeleteWebhook", request), request)), "WEBHOOK_NOT_FOUND");
  EXPECT_EQ(Reason(Get(made.name())), "WEBHOOK_NOT_FOUND");
  pb::GetDeliveryRequest get;
  get.set_name(delivery);
  EXPECT_EQ(Reason(deliveries_.GetDelivery(CallOf(tenant_, "GetDelivery", get), get)), "DELIVERY_NOT_FOUND");
  EXPECT_EQ(Count("webhook_secret"), 0);
  EXPECT_EQ(Count("delivery_queue"), 0);
}

TEST_F(WebhookServiceTest, EventTypesAreThoseOfTheDescriptors) {
  std::vector<std::string> names;
  pb::ListEventTypesRequest request;
  request.set_page_size(4);
  do {
    auto page = webhooks_.ListEventTypes(CallOf(tenant_, "ListEventTypes", request), request);
    ASSERT_EQ(Reason(page), "OK");
    ASSERT_LE(page->event_types_size(), 4);
    for (const auto& type : page->event_types()) names.push_back(type.event_type());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_THAT(names, ::testing::IsSupersetOf({"membership.member_joined", "membership.house_rules_published",
                                              "webhooks.webhook_disabled", "webhooks.webhook_pinged"}));
}

}  // namespace
}  // namespace lanting::webhooks
