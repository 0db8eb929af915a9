#include "webhooks/workers/housekeeper.h"

#include "platform/obs/metrics.h"
#include "webhooks/api/api_test_world.h"

namespace lanting::webhooks {
namespace {

using ::testing::HasSubstr;

class HousekeeperTest : public ApiTest {};

TEST_F(HousekeeperTest, OldDeliveriesGoInBatchesWithTheirAttempts) {
  Create();
  TakeJoined(7);
  db_.Query(
      "INSERT INTO webhooks.delivery_attempt SELECT tenant_id, id, 1, now(), 5, 2, 500, '', '' FROM webhooks.delivery");
  clock_.Advance(std::chrono::hours(24 * 29));
  TakeJoined(2);
  Housekeeper housekeeper(pool_, clock_, box_, {.purge_batch = 3});
  EXPECT_EQ(housekeeper.Purge(), 0);
  clock_.Advance(std::chrono::hours(25));
  EXPECT_EQ(housekeeper.Purge(), 7);
  EXPECT_EQ(Count("delivery"), 2);
  EXPECT_EQ(Count("delivery_attempt"), 0);
}

TEST_F(HousekeeperTest, TheGaugesTellWhatWaitsAndSinceWhen) {
  Housekeeper housekeeper(pool_, clock_, box_);
  housekeeper.Observe();
  EXPECT_THAT(obs::MetricsText(), HasSubstr("\nlanting_webhook_pending 0\n"));
  EXPECT_THAT(obs::MetricsText(), HasSubstr("\nlanting_webhook_oldest_age_seconds 0\n"));
  Create();
  TakeJoined(3);
  clock_.Advance(std::chrono::seconds(90));
  housekeeper.Observe();
  EXPECT_THAT(obs::MetricsText(), HasSubstr("\nlanting_webhook_pending 3\n"));
  EXPECT_THAT(obs::MetricsText(), HasSubstr("\nlanting_webhook_oldest_age_seconds 90\n"));
}

TEST_F(HousekeeperTest, SecretsOfAnOldKeyAreSealedAnewAndThenItCanGo) {
  for (int i = 0; i < 3; ++i) Create();
  const std::string next_key(64, '8');
  const auto both = crypto::SecretBox::Make(next_key, kTestKey).value();
  const auto next = crypto::SecretBox::Make(next_key).value();
  EXPECT_EQ(Housekeeper(pool_, clock_, box_).Reseal(), 0);
  EXPECT_EQ(Housekeeper(pool_, clock_, next).Reseal(), 0) << "without the old key nothing is touched";
  EXPECT_EQ(Housekeeper(pool_, clock_, both).Reseal(), 3);
  EXPECT_EQ(Housekeeper(pool_, clock_, both).Reseal(), 0);
  EXPECT_EQ(Housekeeper(pool_, clock_, next).Reseal(), 0);
  EXPECT_EQ(db_.Query("SELECT count(*) FROM webhooks.webhook_secret WHERE substring(sealed FROM 1 FOR 5) = decode('" +
                      HexEncode(next.current()) + "', 'hex')"),
            "3");
}

}  // namespace
}  // namespace lanting::webhooks
