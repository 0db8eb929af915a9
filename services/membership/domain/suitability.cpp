#include "membership/domain/suitability.h"

#include <algorithm>
#include <cstdlib>

#include "membership/domain/templates.h"

namespace lanting::membership {
namespace {

constexpr int kBase = 40, kYesFrom = 70, kNoBelow = 40;
// Fans who make a core of seed users (R79).
constexpr int kSeedFans = 30;
// A piece of value takes about this many hours to prepare (R110).
constexpr int kHoursPerValue = 2;

struct Text {
  const char *chinese, *english;
};

class Scoring {
 public:
  Scoring(const SuitabilityQuestion& question, bool english) : q_(question), english_(english) {}

  SuitabilityAnswer Answer() {
    Product();
    BuyingHabit();
    Topic();
    People();
    Runner();
    Value();
    Gate();
    SuitabilityAnswer answer{.score = std::clamp(score_, 0, 100), .reasons = std::move(reasons_)};
    std::stable_sort(answer.reasons.begin(), answer.reasons.end(),
                     [](const auto& a, const auto& b) { return std::abs(a.points) > std::abs(b.points); });
    answer.suitable = Decide(answer.score);
    answer.strategy = Choose(answer.suitable);
    answer.advice = Say(AdviceOf(answer.strategy));
    if (answer.suitable != Suitability::kNo) {
      answer.recommended = Recommend();
      answer.structure = DefaultsOf(answer.recommended, english_ ? "en" : "zh-CN").structure;
    }
    return answer;
  }

 private:
  std::string Say(Text text) const { return english_ ? text.english : text.chinese; }
  void Add(const char* requirement, int points, Text text, Text advice = {"", ""}) {
    score_ += points;
    reasons_.push_back({requirement, points, Say(text), Say(advice)});
  }
  bool Gives(ValueKind kind) const { return std::find(q_.values.begin(), q_.values.end(), kind) != q_.values.end(); }
  bool BoughtRarely() const { return q_.frequency == Frequency::kYearly || q_.frequency == Frequency::kOnce; }

  void Product() {
    if (q_.product != ProductKind::kNone) return;
    Add("R144", -4, {"社群还没有绑定任何产品。", "The community is bound to no product yet."},
        {"先确定一个产品作为依托，公众号、视频、服务都算。",
         "Bind it to one first; an account, a video programme or a service will do."});
  }

  void BuyingHabit() {
    switch (q_.frequency) {
      case Frequency::kDaily:
        Add("R203", 15,
            {"产品天天用得上，话题源源不断。", "The product is used daily: there is always a reason to talk."});
        break;
      case Frequency::kWeekly:
        Add("R203", 12, {"产品每周都用得上。", "The product is used every week."});
        break;
      case Frequency::kMonthly:
        Add("R203", 6, {"产品每月都会复购或使用。", "The product is bought or used every month."});
        break;
      case Frequency::kYearly:
        Add("R203", -6,
            {"一年只买一两次，单靠产品撑不起日常交流。",
             "Bought once or twice a year: the product alone gives too little to talk about."},
            {"围绕产品之外的共同话题来运营。", "Build on the topic that the users share beyond the product."});
        break;
      case Frequency::kOnce:
        Add("R203", -15,
            {"一生只买一次，用户没有留下来的理由。", "Bought once in a life: users have no reason to stay."},
            {"除非有很强的共同话题，否则不要自建社群。", "Do not open a community unless the shared topic is strong."});
        break;
    }
    switch (q_.involvement) {
      case Degree::kNone:
        Add("R203", -6,
            {"用户不假思索就会购买，没有需要讨论的问题。",
             "People buy without a thought: there is nothing to discuss."});
        break;
      case Degree::kMedium:
        Add("R203", 4, {"用户购买前会比较和打听。", "People compare and ask before they buy."});
        break;
      case Degree::kHigh:
        Add("R203", 8, {"用户购买前会反复研究、请教他人。", "People study and ask others before they decide."});
        break;
      case Degree::kLow:
        break;
    }
  }

  void Topic() {
    const Text advice{"找到一个用户真正关心的爱好、情感或行业话题，让它成为社群的中心。",
                      "Find a hobby, a tie or a trade that the users care about, and make it the centre."};
    switch (q_.shared_topic) {
      case Degree::kNone:
        Add("R2", -25, {"除了产品，用户之间没有共同话题。", "Beyond the product its users have nothing in common."},
            advice);
        break;
      case Degree::kLow:
        Add("R2", -8, {"用户之间的共同话题较弱。", "What the users have in common is weak."}, advice);
        break;
      case Degree::kMedium:
        Add("R2", 10, {"用户之间有共同话题。", "The users share a topic beyond the product."});
        break;
      case Degree::kHigh:
        Add("R2", 18,
            {"用户之间有强烈的共同爱好、情感或职业需求。",
             "The users share a strong interest, tie or professional need."});
        break;
    }
  }

  void People() {
    const Text advice{"先找到三十位热心用户作为种子用户，再慢慢扩展。",
                      "Find thirty keen users as the seed first, then widen the circle step by step."};
    if (q_.fans >= kSeedFans) {
      Add("R79", 10, {"已有足够的粉丝可以作为种子用户。", "There are fans enough for a core of seed users."});
    } else if (q_.fans >= 10) {
      Add("R79", 6, {"已有一批粉丝，可以先从小群开始。", "There are some fans: begin with a small group."}, advice);
    } else if (q_.fans >= 1) {
      Add("R79", 2, {"粉丝还很少。", "There are few fans yet."}, advice);
    } else {
      Add("R79", -8,
          {"还没有粉丝，没有人会主动参与。", "There are no fans yet: nobody would come of their own accord."}, advice);
    }
    if (q_.users == 0) {
      Add("R203", -4, {"产品还没有用户。", "The product has no users yet."});
    } else if (q_.users >= 100 && std::int64_t{q_.fans} * 100 < q_.users) {
      Add("R41", -2, {"用户多、粉丝少：消费者不等于粉丝。", "Many users, few fans: a customer is not yet a fan."},
          {"用认同感和归属感来筛选第一批成员，不要把所有客户都拉进来。",
           "Choose the first members by how they identify with it; do not add every customer."});
    }
  }

  void Runner() {
    if (q_.hours_per_week == 0) {
      missing_ = true;
      Add("R30", -25, {"没有人负责运营。", "Nobody is there to run it."},
          {"开群之前先指定一位组织者，每周至少投入三小时。",
           "Name an organiser with at least three hours a week before you open."});
    } else if (q_.hours_per_week < 3) {
      Add("R30", -10, {"运营时间太少，很快会沦为广告群、死群。", "Too little time: it will soon be a group of ads."},
          {"每周至少投入三小时，或请志愿者分担。",
           "Give it at least three hours a week, or share it with volunteers."});
    } else if (q_.hours_per_week >= 7) {
      Add("R30", 8, {"每天都有人负责运营。", "Somebody is there every day."});
    }
  }

  void Value() {
    const Text advice{"选择一个自身擅长、力所能及的价值点，并设计好输出的频次。",
                      "Choose one kind of value that you are good at and can afford, and say how often it comes."};
    if (q_.values.empty() || q_.value_times_per_week == 0) {
      missing_ = true;
      Add("R112", -15, {"还没有想好持续为成员提供什么价值。", "It is not said what members get, or how often."},
          advice);
      return;
    }
    const auto kinds =
        std::count_if(q_.values.begin(), q_.values.end(), [](ValueKind v) { return v != ValueKind::kBenefits; });
    if (kinds == 0) {
      Add("R216", -6,
          {"只有优惠，没有情感联系：优惠停了，人就走了。",
           "Discounts only, no bond: people leave when the discounts end."},
          {"在优惠之外增加学习、结识伙伴或陪伴的价值。", "Add something to learn, people to meet, or company."});
    } else {
      const bool several = q_.values.size() > 1;
      Add("R114", several ? 8 : 6, {"成员能得到明确的价值。", "Members get a clear value."});
    }
    if (q_.value_times_per_week * kHoursPerValue > std::max(q_.hours_per_week, kHoursPerValue)) {
      Add("R110", -6,
          {"承诺的频次超出了团队的投入，容易中断。", "More is promised than the team can keep up: it will break off."},
          {"宁可少而稳定：价值输出的中断是社群死掉的首要原因。",
           "Rather less and steady: most communities die when the value stops coming."});
    } else {
      Add("R105", q_.value_times_per_week >= 3 ? 6 : 3,
          {"价值输出的频次明确，也负担得起。", "How often value comes is clear, and affordable."});
    }
  }

  void Gate() {
    if (q_.has_gate) {
      Add("R19", 2, {"设有入群门槛。", "There is a gate."});
      return;
    }
    missing_ = true;
    Add("R19", -8,
        {"没有门槛的社群很容易沦为广告群、死群。", "A community without a gate soon is a group of ads, or dead."},
        {"至少设置入群问题或邀请链接；门槛高低可以调整，但不能没有。",
         "Ask a question or hand out invite links: the gate may be low, but never none."});
  }

  Suitability Decide(int score) const {
    const bool nothing_to_say = q_.shared_topic == Degree::kNone && BoughtRarely();
    if (score < kNoBelow || nothing_to_say) return Suitability::kNo;
    return score >= kYesFrom && !missing_ ? Suitability::kYes : Suitability::kWithConditions;
  }

  Strategy Choose(Suitability suitable) const {
    if (suitable == Suitability::kNo) return Strategy::kJoinOthers;
    return q_.fans >= kSeedFans ? Strategy::kOpenCommunity : Strategy::kSeedFirst;
  }

  static Text AdviceOf(Strategy strategy) {
    switch (strategy) {
      case Strategy::kOpenCommunity:
        return {"可以建立社群：先定目的、群规、门槛和节奏，再邀请第一位成员。",
                "Open a community: declare purpose, rules, gate and rhythm before the first member joins."};
      case Strategy::kSeedFirst:
        return {"先以热心用户为核心建一个小群，他们就是种子用户；站稳以后再慢慢扩展。",
                "Begin with a small group of keen users, your seed; widen it once it stands."};
      case Strategy::kJoinOthers:
        return {
            "现在不适合自建社群。正确的策略是「混社群」：加入目标用户所在的群，主动分享行业干货，刷脸、刷存在感，先"
            "赢得信任。",
            "Do not open a community now. Join the groups where your users are, share what you know of the trade, "
            "become a face they trust, and sell later."};
    }
    return {"", ""};
  }

  Template Recommend() const {
    if (Gives(ValueKind::kLearning)) return Template::kLearningPyramid;
    if (Gives(ValueKind::kPartners)) return Template::kNetworking;
    if (Gives(ValueKind::kBenefits) && q_.users > 0) return Template::kMemberBenefits;
    return Template::kSocialRing;
  }

  const SuitabilityQuestion& q_;
  const bool english_;
  int score_ = kBase;
  bool missing_ = false;  // something without which no community lives
  std::vector<SuitabilityReason> reasons_;
};

}  // namespace

SuitabilityAnswer CheckSuitability(const SuitabilityQuestion& question, std::string_view locale) {
  return Scoring(question, locale == "en").Answer();
}

}  // namespace lanting::membership
