#include "membership/domain/templates.h"

namespace lanting::membership {
namespace {

// Numbers are the same in both languages; only the words differ.
Declarations Numbers(Template id) {
  switch (id) {
    case Template::kSocialRing:  // a daily spark (R7, R83, R85), a weekly topic (R115), a monthly meeting (R12)
      return {.shares_per_day = 1,
              .shares_per_week = 1,
              .shares_per_month = 1,
              .promo_percent_max = 10,
              .silent_days = 90,
              .grace_days = 7};
    case Template::kLearningPyramid:  // 60 s a morning (R104), micro-lecture + homework a week (R94, R97), a guest
                                      // (R101)
      return {.shares_per_day = 1,
              .shares_per_week = 2,
              .shares_per_month = 1,
              .promo_percent_max = 10,
              .silent_days = 30,
              .grace_days = 7};
    case Template::kNetworking:  // quality before quantity: promise only what the team can keep (R110, R112, R113)
      return {.shares_per_day = 0,
              .shares_per_week = 2,
              .shares_per_month = 1,
              .promo_percent_max = 10,
              .silent_days = 60,
              .grace_days = 7};
    case Template::kMemberBenefits:  // customers keep their privileges long (R64, R65); habitual readers are fine (R58)
      return {.shares_per_day = 0,
              .shares_per_week = 1,
              .shares_per_month = 2,
              .promo_percent_max = 10,
              .silent_days = 180,
              .grace_days = 14};
  }
  return {};
}

struct Words {
  const char *naming, *reward, *penalty;
};

Declarations With(Template id, Words words) {
  Declarations d = Numbers(id);
  d.naming_convention = words.naming;
  d.reward_terms = words.reward;
  d.penalty_terms = words.penalty;
  return d;
}

std::array<TemplateDefaults, 4> Chinese() {
  using enum Template;
  return {{
      {.id = kSocialRing,
       .structure = Structure::kRing,
       .display_name = "社交环形社群",
       .description = "因共同的爱好、领域或情感（同学、老乡、校友）走到一起，人人都能与人人交流。每个群至少要有一位活跃"
                      "分子带动气氛。",
       .vision = "线上交流经验，线下聚会实操，让每位成员都找到同好，也有所得。",
       .house_rules =
           "1. "
           "入群后请先修改群名片（城市-昵称-爱好），并做自我介绍：我是谁、我喜欢什么、我能分享什么、我希望得到什么。\n"
           "2. 欢迎围绕本群主题多聊、多晒、多提问；尊重不同观点，不人身攻击。\n"
           "3. 价值内容为主，推广内容不超过 10%；未经群主同意不发广告、不发无关链接、不私加成员。\n"
           "4. 不随意拉人：邀请朋友前先说明本群是做什么的，本人同意并接受群规后再进群。\n"
           "5. 连续 90 天未参与者会先收到提醒，7 "
           "天内仍无互动的将被移出，把位置留给候补的朋友；喜欢安静阅读的朋友告知管理员即可保留。\n"
           "6. 违规处理：首次提醒，再次禁言，屡犯移出；对处理有异议可向管理员申诉，所有成员一视同仁。",
       .question = "你为什么想加入我们？你希望在这里得到什么，又愿意和大家分享什么？",
       .declarations =
           With(kSocialRing, {"城市-昵称-爱好", "积极发起话题、组织线下聚会、分享精华内容的成员可获得积分和趣味称号。",
                              "广告刷屏、恶意争吵：首次提醒，再次禁言 24 小时，第三次移出。"})},
      {.id = kLearningPyramid,
       .structure = Structure::kPyramid,
       .display_name = "学习金字塔社群",
       .description = "由意见领袖定期分享、组织者负责日常管理的学习群：每天一分钟分享、每周微课与交作业、每月嘉宾分享，"
                      "精华可回看。",
       .vision = "持续分享干货，一点点讲透一个行业的知识体系，让每位成员的专业能力看得见地提升。",
       .house_rules =
           "1. 入群后请修改群名片（昵称-行业-城市），并做自我介绍：我的专业、我正在学什么、我希望得到什么。\n"
           "2. 每周固定一天微课，只讲一个知识点；语音、文字和图片都会整理进精华，方便回看。\n"
           "3. 每周一个主题交作业，在截止时间前提交；每份作业都会得到反馈。\n"
           "4. 分享进行中请勿刷屏，提问集中到答疑环节。\n"
           "5. 价值内容为主，推广内容不超过 10%；不发广告，不外传付费资料。\n"
           "6. 连续 30 天未学习、未互动者会先收到提醒，7 天内仍无互动的将被移出；事务繁忙的同学请先请假。\n"
           "7. 违规处理：首次提醒，再次禁言，屡犯移出；对处理有异议可向管理员申诉，所有成员一视同仁。",
       .question = "你目前的水平和目标是什么？你希望在这里学到什么，每周能投入多少时间？",
       .declarations =
           With(kLearningPyramid, {"昵称-行业-城市", "按时交作业、作业入选精华、帮助同学答疑者获得积分、徽章和等级。",
                                   "连续两周未交作业提醒一次，连续四周未交移出本期；抄袭作业取消当期积分。"})},
      {.id = kNetworking,
       .structure = Structure::kRing,
       .display_name = "人脉同行社群",
       .description = "同行或某个圈子的人彼此结识、交换资源。门槛高一些，人少一些，让每次交流都有价值。",
       .vision = "结识更多专家与同行，遇到更多更好的人，最终实现价值的互换与转化。",
       .house_rules =
           "1. 入群后请修改群名片（城市-姓名-公司/行业），并做自我介绍：我做什么、我能提供什么资源、我在找什么。\n"
           "2. 先给予，再索取：发布需求前，欢迎先回答一位同行的问题。\n"
           "3. 资源对接请写清楚对象、内容和期限；对接成功欢迎回群复盘。\n"
           "4. 群内谈话不截图外传；未经对方同意不私加、不转发名片。\n"
           "5. 价值内容为主，推广内容不超过 10%，招聘与合作信息请按格式在指定时间发布。\n"
           "6. 连续 60 天未参与者会先收到提醒，7 天内仍无互动的将被移出，名额留给候补的同行。\n"
           "7. 违规处理：首次提醒，再次禁言，屡犯移出；大客户与普通成员同一标准。",
       .question = "请介绍你的行业、职位和城市。你能为同行提供什么，又希望结识怎样的人？",
       .declarations = With(
           kNetworking, {"城市-姓名-行业", "促成对接、主动分享行业观点、引荐优质同行者获得积分，并优先参加线下活动。",
                         "群发广告、骚扰成员、外传群内信息：首次提醒，再次直接移出。"})},
      {.id = kMemberBenefits,
       .structure = Structure::kPyramid,
       .display_name = "会员福利社群",
       .description = "面向已有客户的会员群与福利群：成员享有专属特权，也能得到服务、答疑和产品共创的机会。",
       .vision = "让老客户享有看得见的特权与关照，成为产品的朋友，一起把它做得更好。",
       .house_rules =
           "1. 本群面向已购买或已注册的会员；入群后请修改群名片（昵称-城市）。\n"
           "2. 会员专属福利以群公告为准，每周一次，每月有会员日；福利不转卖、不外传。\n"
           "3. 使用中的问题请直接在群里提出，工作时间内由客服答复；投诉请私聊管理员，必有回复。\n"
           "4. 官方推广不超过 10%，先提供价值，再介绍产品；成员不得发布广告和其他商家链接。\n"
           "5. 只想看福利、不想发言也没有关系；连续 180 天未领取福利也未互动者会先收到提醒，14 天后让出名额。\n"
           "6. 违规处理：首次提醒，再次禁言，屡犯移出；所有会员一视同仁。",
       .question = "你正在使用我们的哪款产品？请留下订单或会员手机尾号后四位，并告诉我们你最期待哪种福利。",
       .declarations = With(kMemberBenefits,
                            {"昵称-城市", "晒单、反馈建议、推荐朋友（仅限一级）可获得积分，兑换会员专属礼品和优惠券。",
                             "倒卖福利、冒领礼品：收回当次福利并取消一个月的福利资格，再犯移出。"})},
  }};
}

std::array<TemplateDefaults, 4> English() {
  using enum Template;
  return {{
      {.id = kSocialRing,
       .structure = Structure::kRing,
       .display_name = "Social ring",
       .description =
           "People with a shared hobby, field or origin, where everybody talks with everybody. Each group needs at "
           "least one active spark.",
       .vision = "Swap experience online, meet and do it together offline; every member finds company and takes "
                 "something home.",
       .house_rules =
           "1. Set your group name (city-nickname-hobby) and introduce yourself: who you are, what you like, what you "
           "can "
           "share, what you hope to get.\n"
           "2. Talk, show and ask about what brought us together. Respect other views; no personal attacks.\n"
           "3. Value first: at most 10% promotion. No ads, unrelated links or unasked private messages.\n"
           "4. Nobody is added without their consent: tell friends what this group is for; they accept these rules "
           "first.\n"
           "5. After 90 silent days you are reminded; 7 days later the place goes to the next on the waiting list. If "
           "you "
           "simply like to read, tell a moderator and you stay.\n"
           "6. Breaking rules: a warning, then a mute, then removal. You may appeal; the same rules hold for "
           "everybody.",
       .question = "Why do you want to join? What do you hope to get here, and what would you like to share?",
       .declarations = With(kSocialRing,
                            {"city-nickname-hobby",
                             "Starting good topics, organising meetups and sharing highlights earns points and titles.",
                             "Ad flooding or malicious quarrels: a warning, then a 24-hour mute, then removal."})},
      {.id = kLearningPyramid,
       .structure = Structure::kPyramid,
       .display_name = "Learning pyramid",
       .description =
           "Opinion leaders share on a schedule and an organiser runs the day: a one-minute share every morning, a "
           "micro-lecture and homework every week, a guest every month, highlights to look back on.",
       .vision = "Share solid knowledge, one point at a time, until the whole field is covered and every member is "
                 "visibly better.",
       .house_rules =
           "1. Set your group name (nickname-trade-city) and introduce yourself: your field, what you are learning, "
           "what you "
           "hope to get.\n"
           "2. One micro-lecture on a fixed day each week, one point of knowledge; voice, text and pictures go to the "
           "highlights.\n"
           "3. One homework topic a week, handed in before its deadline; every submission gets feedback.\n"
           "4. Do not flood the chat during a share; keep questions for the Q&A.\n"
           "5. Value first: at most 10% promotion. No ads; do not pass on paid material.\n"
           "6. After 30 silent days you are reminded; 7 days later you are removed. Busy? Ask for leave first.\n"
           "7. Breaking rules: a warning, then a mute, then removal. You may appeal; the same rules hold for "
           "everybody.",
       .question = "Where do you stand and where do you want to be? What do you want to learn here, and how many hours "
                   "a week can "
                   "you give?",
       .declarations = With(
           kLearningPyramid,
           {"nickname-trade-city",
            "Homework in time, homework chosen as a highlight and answers to others earn points, badges and levels.",
            "Two weeks without homework: a reminder; four: removal from this term. Copied homework loses the "
            "points of the term."})},
      {.id = kNetworking,
       .structure = Structure::kRing,
       .display_name = "Networking",
       .description =
           "Peers of a trade who meet and help each other. A higher gate and fewer people make each exchange count.",
       .vision = "Meet more experts and peers, be with better people, and turn acquaintance into value for both sides.",
       .house_rules =
           "1. Set your group name (city-name-company or trade) and introduce yourself: what you do, what you offer, "
           "whom you "
           "look for.\n"
           "2. Give before you ask: answer a peer's question before you post a request.\n"
           "3. A request names whom it is for, what it is and until when; tell the group how it went.\n"
           "4. No screenshots leave this group; no contact details are passed on without consent.\n"
           "5. Value first: at most 10% promotion; jobs and offers in the agreed form at the agreed time.\n"
           "6. After 60 silent days you are reminded; 7 days later the place goes to a peer on the waiting list.\n"
           "7. Breaking rules: a warning, then a mute, then removal. A big customer is treated like anyone.",
       .question =
           "Tell us your trade, position and city. What can you offer your peers, and whom do you hope to meet?",
       .declarations =
           With(kNetworking, {"city-name-trade",
                              "Making a match, sharing views on the trade and introducing good peers earns points and "
                              "a first seat at meetups.",
                              "Mass ads, harassment or leaking what is said here: a warning, then removal."})},
      {.id = kMemberBenefits,
       .structure = Structure::kPyramid,
       .display_name = "Member benefits",
       .description =
           "For existing customers: privileges nobody else has, service and answers, and a hand in making the product.",
       .vision =
           "Give loyal customers privileges they can see, and make them friends who help us build a better product.",
       .house_rules =
           "1. This group is for customers and registered members. Set your group name (nickname-city).\n"
           "2. Benefits are announced every week, with members' days every month; they are not resold or passed on.\n"
           "3. Ask about the product right here, staff answer in working hours; send complaints to a moderator, each "
           "gets an "
           "answer.\n"
           "4. At most 10% promotion, and value first. No ads or links to other shops by members.\n"
           "5. Reading without talking is fine; after 180 days without a benefit used or a word said you are reminded, "
           "and 14 "
           "days later the place is given on.\n"
           "6. Breaking rules: a warning, then a mute, then removal. The same rules hold for everybody.",
       .question =
           "Which of our products do you use? Give the last four digits of your order or member phone number, and the "
           "benefit you look forward to most.",
       .declarations = With(
           kMemberBenefits,
           {"nickname-city", "Reviews, suggestions and referrals (one level only) earn points for gifts and coupons.",
            "Reselling benefits or claiming gifts falsely: the benefit is taken back and a month without "
            "benefits; next time, removal."})},
  }};
}

}  // namespace

const std::array<TemplateDefaults, 4>& Templates(std::string_view locale) {
  static const auto chinese = Chinese();
  static const auto english = English();
  return locale == "en" ? english : chinese;
}

const TemplateDefaults& DefaultsOf(Template id, std::string_view locale) {
  return Templates(locale)[static_cast<std::size_t>(id) - 1];
}

}  // namespace lanting::membership
