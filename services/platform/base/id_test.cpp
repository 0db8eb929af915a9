#include "platform/base/id.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace lanting {
namespace {

TEST(IdTest, TextFormsRoundTrip) {
  for (int i = 0; i < 1000; ++i) {
    Id id = Id::New();
    EXPECT_EQ(Id::Parse(id.ToString()), id);
    EXPECT_EQ(Id::ParseUuid(id.ToUuid()), id);
  }
}

TEST(IdTest, KnownVector) {  // RFC 9562 appendix A.6 and its TypeID suffix
  auto id = Id::ParseUuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->ToString(), "01fwhe4ydgfk1shh6w1g60eecf");
  EXPECT_EQ(Id::Parse("7zzzzzzzzzzzzzzzzzzzzzzzzz")->ToUuid(), "ffffffff-ffff-ffff-ffff-ffffffffffff");
  EXPECT_EQ(Id().ToString(), "00000000000000000000000000");
}

TEST(IdTest, IsVersion7WithTheTimeInFront) {
  Time t{std::chrono::milliseconds(1645557742000)};
  std::string uuid = Id::New(t).ToUuid();
  EXPECT_EQ(uuid.substr(0, 13), "017f22e2-79b0");
  EXPECT_EQ(uuid[14], '7');
  EXPECT_TRUE(uuid[19] == '8' || uuid[19] == '9' || uuid[19] == 'a' || uuid[19] == 'b');
}

TEST(IdTest, RefusesEverythingElse) {
  for (std::string_view bad :
       {"", "0", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "01h455vb4pex5vsknk084sn02Q", "01h455vb4pex5vsknk084sn02l",
        "01h455vb4pex5vsknk084sn02qq", "01h455vb4pex5vsknk084sn0 q"}) {
    EXPECT_FALSE(Id::Parse(bad)) << bad;
  }
  EXPECT_FALSE(Id::ParseUuid("017f22e279b07cc398c4dc0c0c07398f"));
  EXPECT_FALSE(Id::ParseUuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"));
}

TEST(IdTest, SortInTheOrderTheyWereMadeAndNeverRepeat) {
  std::vector<std::vector<Id>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 20'000; ++i) mine.push_back(Id::New());
    });
  }
  for (auto& t : threads) t.join();
  std::set<Id> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 80'000u);
}

}  // namespace
}  // namespace lanting
