#include "platform/inbox/dead_letter.h"

#include "platform/inbox/consumer_fixture.h"

namespace lanting::inbox {
namespace {

using testing::Eventually;

class DeadLetterTest : public ConsumerTest {
 protected:
  DeadLetters letters_{client_, "incentives"};
};

TEST_F(DeadLetterTest, ListShowAndPurge) {
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(letters_.Add({.stream = "s", .entry_id = std::to_string(i) + "-0", .reason = "R", .attempts = i}).ok());
  auto first = letters_.List("", 3);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->size(), 3u);
  auto rest = letters_.List(first->back().id, 3);
  ASSERT_TRUE(rest.ok());
  ASSERT_EQ(rest->size(), 2u);
  EXPECT_EQ(rest->back().entry_id, "4-0");
  EXPECT_EQ(letters_.Show(rest->back().id)->attempts, 4);
  ASSERT_TRUE(letters_.Purge(rest->back().id).ok());
  EXPECT_EQ(letters_.Show(rest->back().id).error().code, Code::kNotFound);
  EXPECT_EQ(letters_.Purge(rest->back().id).error().code, Code::kNotFound);
  EXPECT_EQ(letters_.Show("no id").error().code, Code::kNotFound);
  EXPECT_EQ(letters_.PurgeAll().value(), 4);
  EXPECT_EQ(letters_.Count().value(), 0);
}

TEST_F(DeadLetterTest, RedriveHasItsEffectOnceTheCauseIsGone) {
  std::atomic<bool> closed = true;
  const Handler handler{[&](pg::Tx& tx, const EventEnvelope& e) -> Result<void> {
    if (closed && e.aggregate_version() == 1)
      return Error{.code = Code::kFailedPrecondition, .reason = "ACCOUNT_CLOSED"};
    return Effect(tx, e);
  }};
  Consumer consumer(Options(), {{kJoined, handler}}, pool_);
  consumer.Start();
  Send(Envelope("王徽之", 1));
  Send(Envelope("王徽之", 2));
  ASSERT_TRUE(Eventually([&] { return Letters() == 1 && Effects() == 1; }));
  closed = false;
  const auto letter = letters_.List("", 1).value().front();
  ASSERT_TRUE(letters_.Redrive(letter.id).ok());
  EXPECT_TRUE(Eventually([&] { return Effects() == 2 && Pending() == 0; }));
  EXPECT_EQ(Letters(), 0);
}

TEST_F(DeadLetterTest, RedriveDoesNotMoveTheStreamsClock) {
  const auto event = Envelope("王徽之", 1);
  const auto id = redis::StreamId::Parse(Send(event)).value();
  ASSERT_TRUE(letters_.Add({.stream = StreamOf(event), .reason = "R", .envelope = event.SerializeAsString()}).ok());
  ASSERT_TRUE(Eventually([&] { return client_.Command({"TIME"})->items[0].text > std::to_string(id.ms / 1000); }));
  ASSERT_TRUE(letters_.Redrive(letters_.List("", 1).value().front().id).ok());
  auto entries = client_.Command({"XREVRANGE", StreamOf(event), "+", "-", "COUNT", "1"}).value();
  const auto last = redis::StreamId::Parse(redis::ToEntries(entries).front().id).value();
  EXPECT_EQ(last.ms, id.ms);
  EXPECT_GT(last.seq, id.seq);
}

TEST_F(DeadLetterTest, RedriveIntoAStreamThatIsGone) {
  const auto event = Envelope("王徽之", 1);
  ASSERT_TRUE(letters_.Add({.stream = StreamOf(event), .reason = "R", .envelope = event.SerializeAsString()}).ok());
  ASSERT_TRUE(letters_.Redrive(letters_.List("", 1).value().front().id).ok());
  EXPECT_EQ(client_.Command({"XLEN", StreamOf(event)})->integer, 1);
}

}  // namespace
}  // namespace lanting::inbox
