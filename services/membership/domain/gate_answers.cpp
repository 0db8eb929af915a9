#include "membership/domain/gate_answers.h"

#include <algorithm>
#include <cstdio>

#include "membership/domain/gate_errors.h"
#include "membership/domain/names.h"

namespace lanting::membership {
namespace {

// The next code point of valid UTF-8; `at` moves past it.
char32_t Next(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t code = first & (0x3f >> more);
  for (; more > 0 && at < text.size(); --more) code = code << 6 | (static_cast<unsigned char>(text[at++]) & 0x3f);
  return code;
}

void Append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

bool In(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

char32_t Lower(char32_t c) {
  if (In(c, 'A', 'Z')) return c + 32;
  if (In(c, 0xc0, 0xde) && c != 0xd7) return c + 32;
  const bool even_pairs = In(c, 0x100, 0x12f) || In(c, 0x132, 0x137) || In(c, 0x14a, 0x177);
  if (even_pairs && c % 2 == 0) return c + 1;
  const bool odd_pairs = In(c, 0x139, 0x148) || In(c, 0x179, 0x17e);
  if (odd_pairs && c % 2 == 1) return c + 1;
  if (In(c, 0x391, 0x3a9)) return c + 32;
  if (In(c, 0x410, 0x42f)) return c + 32;
  if (In(c, 0x400, 0x40f)) return c + 80;
  return c;
}

// Full-width forms of ASCII and the ideographic space.
char32_t Narrow(char32_t c) {
  if (In(c, 0xff01, 0xff5e)) return c - 0xfee0;
  return c == 0x3000 ? U' ' : c;
}

bool IsSpace(char32_t c) { return c == ' ' || In(c, '\t', '\r') || c == 0xa0 || In(c, 0x2000, 0x200b); }

std::string WrongAnswer(const Gate& gate, int percent, int left, bool english) {
  std::string text;
  if (gate.kind == GateKind::kKeyword) {
    text = english ? "The keyword is not right." : "口令不对。";
  } else if (english) {
    text = "You reached " + std::to_string(percent) + " %; " + std::to_string(gate.pass_percent) + " % are needed.";
  } else {
    text = "答对 " + std::to_string(percent) + "%，需要 " + std::to_string(gate.pass_percent) + "%。";
  }
  if (english) {
    text += left == 0 ? " No attempt is left." : " Attempts left: " + std::to_string(left) + ".";
  } else {
    text += left == 0 ? "次数已用完，请稍后再来。" : "还可以再试 " + std::to_string(left) + " 次。";
  }
  return text;
}

struct Missing {
  std::string what;
  int count = 0, days = 0;

  void Add(const char* name) {
    what += (what.empty() ? "" : ",") + std::string(name);
    ++count;
  }
};

Missing MissingOf(const Prerequisite& condition, const PrerequisiteStanding& standing, Time now) {
  Missing missing;
  if (!condition.group.IsNil() && !standing.in_group) missing.Add("group");
  if (!condition.tag.empty() && !standing.tagged) missing.Add("tag");
  const auto days = std::chrono::floor<std::chrono::days>(now - standing.join_time).count();
  if (days < condition.min_days) {
    missing.Add("days");
    missing.days = condition.min_days - static_cast<int>(days);
  }
  return missing;
}

}  // namespace

std::string NormalAnswer(std::string_view text) {
  std::string normal;
  bool space = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = Lower(Narrow(Next(text, at)));
    if (IsSpace(c)) {
      space = true;
      continue;
    }
    if (space && !normal.empty()) normal += ' ';
    space = false;
    Append(normal, c);
  }
  return normal;
}

int QuizPercent(const Gate& gate, const std::vector<Answer>& answers) {
  int counting = 0, right = 0;
  for (const auto& question : gate.questions) {
    if (question.accepted_answers.empty()) continue;
    ++counting;
    auto given = std::find_if(answers.begin(), answers.end(), [&](const Answer& a) { return a.key == question.key; });
    if (given == answers.end()) continue;
    const auto normal = NormalAnswer(given->text);
    right += std::any_of(question.accepted_answers.begin(), question.accepted_answers.end(),
                         [&](const std::string& accepted) { return NormalAnswer(accepted) == normal; });
  }
  return counting == 0 ? 0 : right * 100 / counting;
}

int CountingAttempts(const Gate& gate, const std::vector<IdentityAttempts>& attempts, Time now) {
  int most = 0;
  for (const auto& a : attempts) {
    if (a.last_time + gate.retry_after > now) most = std::max(most, a.count);
  }
  return most;
}

Result<void> CheckAttempts(const Gate& gate, const std::vector<IdentityAttempts>& attempts, Time now) {
  std::optional<Time> back;
  for (const auto& a : attempts) {
    const Time again = a.last_time + gate.retry_after;
    if (a.count >= gate.max_attempts && again > now && (!back || again > *back)) back = again;
  }
  if (back) return errors::AttemptsUsedUp(InstantText(*back));
  return {};
}

void JudgeAnswer(const Gate& gate, const std::string& keyword, const std::string& locale, int made, Time now,
                 Application& application) {
  const bool quiz = gate.kind == GateKind::kQuiz;
  const int percent = quiz ? QuizPercent(gate, application.answers) : 0;
  if (quiz ? percent >= gate.pass_percent : NormalAnswer(keyword) == NormalAnswer(gate.keyword)) return;
  application.attempts_left = std::max(gate.max_attempts - made, 0);
  if (application.attempts_left == 0) application.retry_time = now + gate.retry_after;
  Decide(application, ApplicationState::kRejected,
         WrongAnswer(gate, percent, application.attempts_left, locale == "en"), now);
}

Result<void> CheckPrerequisite(const Prerequisite& condition, const std::vector<PrerequisiteStanding>& standings,
                               Time now) {
  Missing least;
  if (standings.empty()) least.Add("membership");
  for (std::size_t i = 0; i < standings.size(); ++i) {
    auto missing = MissingOf(condition, standings[i], now);
    if (missing.count == 0) return {};
    if (i == 0 || missing.count < least.count) least = std::move(missing);
  }
  return errors::PrerequisiteNotMet(names::Community(condition.community), least.what, least.days);
}

std::string InstantText(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

}  // namespace lanting::membership
