#include "membership/domain/gate_answers.h"

#include <gtest/gtest.h>

#include "membership/domain/names.h"

namespace lanting::membership {
namespace {

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 5 / 1} + std::chrono::hours(8)};
using std::chrono::hours;

TEST(NormalAnswer, CaseWidthAndSpaceDoNotCount) {
  for (const auto& [given, normal] : std::map<std::string, std::string>{
           {"", ""},
           {"  ", ""},
           {"　", ""},
           {"Wang XiZhi", "wang xizhi"},
           {" Ｗａｎｇ　ＸｉＺｈｉ ", "wang xizhi"},
           {"wang \t\n xizhi", "wang xizhi"},
           {"３５３", "353"},
           {"永和九年", "永和九年"},
           {"ÉCOLE", "école"},
           {"ŠKODA ŽIŽKOV", "škoda žižkov"},
           {"ΑΘΗΝΑ", "αθηνα"},
           {"МОСКВА Ё", "москва ё"},
           {"书法🖌ABC", "书法🖌abc"},
           {"A×B", "a×b"},
       }) {
    EXPECT_EQ(NormalAnswer(given), normal) << given;
    EXPECT_EQ(NormalAnswer(normal), normal) << "once is enough";
  }
}

Gate Quiz() {
  Gate gate{.kind = GateKind::kQuiz,
            .questions = {{"year", "兰亭雅集是哪一年？", true, {"353", "永和九年"}},
                          {"author", "Who wrote the preface?", true, {"Wang Xizhi", "王羲之"}},
                          {"place", "在哪里？", false, {"绍兴", "会稽山阴"}},
                          {"hope", "想得到什么？"}},
            .pass_percent = 66};
  FillDefaults(gate);
  return gate;
}

TEST(QuizPercent, CountsWhatHasARightAnswer) {
  const auto quiz = Quiz();
  EXPECT_EQ(QuizPercent(quiz, {}), 0);
  EXPECT_EQ(QuizPercent(quiz, {{"year", "３５３ "}}), 33);
  EXPECT_EQ(QuizPercent(quiz, {{"year", "永和九年"}, {"author", "wang xizhi"}, {"hope", "交友"}}), 66);
  EXPECT_EQ(QuizPercent(quiz, {{"year", "353"}, {"author", "王羲之"}, {"place", "绍兴"}}), 100);
  EXPECT_EQ(QuizPercent(quiz, {{"year", "354"}, {"author", "王献之"}, {"place", "南京"}}), 0);
  EXPECT_EQ(QuizPercent(quiz, {{"year", "353 永和九年"}}), 0) << "an answer is the whole text";
}

TEST(JudgeAnswer, AQuizByItsPassMark) {
  const auto quiz = Quiz();
  Application right;
  right.answers = {{"year", "353"}, {"place", "绍兴"}};
  JudgeAnswer(quiz, "", "zh-CN", 1, kNow, right);
  EXPECT_EQ(right.state, ApplicationState::kSubmitted);

  Application wrong;
  wrong.answers = {{"year", "353"}};
  JudgeAnswer(quiz, "", "zh-CN", 1, kNow, wrong);
  EXPECT_EQ(wrong.state, ApplicationState::kRejected);
  EXPECT_EQ(wrong.attempts_left, 2);
  EXPECT_FALSE(wrong.retry_time);
  EXPECT_EQ(wrong.decision_reason, "答对 33%，需要 66%。还可以再试 2 次。");

  Application last;
  JudgeAnswer(quiz, "", "en", 3, kNow, last);
  EXPECT_EQ(last.attempts_left, 0);
  EXPECT_EQ(last.retry_time, kNow + hours(24));
  EXPECT_EQ(last.decision_reason, "You reached 0 %; 66 % are needed. No attempt is left.");
}

TEST(JudgeAnswer, AKeyword) {
  Gate gate{.kind = GateKind::kKeyword, .keyword = "曲水流觞 Ab"};
  FillDefaults(gate);
  for (auto [given, right] : std::map<std::string, bool>{
           {"曲水流觞 Ab", true}, {" 曲水流觞　ＡＢ", true}, {"曲水流觞", false}, {"", false}, {"曲水流觞ab", false}}) {
    Application a;
    JudgeAnswer(gate, given, "zh-CN", 2, kNow, a);
    EXPECT_EQ(a.state == ApplicationState::kSubmitted, right) << given;
    if (!right) {
      EXPECT_EQ(a.decision_reason, "口令不对。还可以再试 1 次。");
      EXPECT_EQ(a.decision_reason.find("曲水"), std::string::npos);
    }
  }
}

TEST(Attempts, ComeBackTogetherAfterTheLast) {
  Gate gate{.kind = GateKind::kKeyword, .max_attempts = 3, .retry_after = hours(2)};
  struct Case {
    std::vector<IdentityAttempts> attempts;
    int counting;
    std::string retry_time;  // empty: allowed
  };
  const std::vector<Case> cases = {
      {{}, 0, ""},
      {{{2, kNow - hours(1)}}, 2, ""},
      {{{3, kNow - hours(1)}}, 3, "2026-05-01T09:00:00Z"},
      {{{3, kNow - hours(2)}}, 0, ""},
      {{{2, kNow - hours(3)}}, 0, ""},
      // The identity that has most; one that is used up binds, whatever else the person has.
      {{{1, kNow}, {3, kNow - hours(1)}}, 3, "2026-05-01T09:00:00Z"},
      {{{1, kNow}, {3, kNow - hours(4)}}, 1, ""},
      {{{5, kNow - hours(1)}, {3, kNow}}, 5, "2026-05-01T10:00:00Z"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(CountingAttempts(gate, cases[i].attempts, kNow), cases[i].counting) << i;
    auto result = CheckAttempts(gate, cases[i].attempts, kNow);
    EXPECT_EQ(result.ok() ? "" : result.error().metadata.at("retry_time"), cases[i].retry_time) << i;
  }
}

TEST(CheckPrerequisite, SaysWhatIsMissingOfTheClosest) {
  const auto community = Id::New(kNow), group = Id::New(kNow);
  const Prerequisite condition{.community = community, .group = group, .tag = "书法", .min_days = 30};
  const Time long_ago = kNow - hours(24 * 30), recently = kNow - hours(24 * 28 + 1);
  struct Case {
    std::vector<PrerequisiteStanding> standings;
    std::string missing;  // empty: fulfilled
    std::string days_left;
  };
  const std::vector<Case> cases = {
      {{}, "membership", ""},
      {{{true, true, long_ago}}, "", ""},
      {{{false, true, long_ago}}, "group", ""},
      {{{true, false, long_ago}}, "tag", ""},
      {{{true, true, recently}}, "days", "2"},
      {{{false, false, kNow}}, "group,tag,days", "30"},
      {{{false, false, kNow}, {true, false, long_ago}}, "tag", ""},
      {{{false, false, kNow}, {true, true, long_ago}}, "", ""},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    auto result = CheckPrerequisite(condition, cases[i].standings, kNow);
    EXPECT_EQ(result.ok() ? "" : result.error().metadata.at("missing"), cases[i].missing) << i;
    if (result.ok()) continue;
    EXPECT_EQ(result.error().metadata.at("community"), names::Community(community));
    EXPECT_EQ(result.error().metadata.contains("days_left") ? result.error().metadata.at("days_left") : "",
              cases[i].days_left);
  }
  EXPECT_TRUE(CheckPrerequisite({.community = community}, {{false, false, kNow}}, kNow).ok());
}

TEST(InstantText, ToTheSecond) {
  EXPECT_EQ(InstantText(kNow + std::chrono::microseconds(999'999)), "2026-05-01T08:00:00Z");
  EXPECT_EQ(InstantText(Time()), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace lanting::membership
