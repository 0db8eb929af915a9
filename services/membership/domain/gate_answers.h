// Tests that a gate makes by itself: answers of a quiz, a keyword, standing in another community, and the attempts that
// a person has. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/application.h"
#include "membership/domain/gate.h"

namespace lanting::membership {

// An answer as it is compared: without white space around, runs of it as one space, letters in lower case and of normal
// width: " Ｗang  XiZhi " is "wang xizhi". Lower case is made of Latin, Greek and Cyrillic letters.
std::string NormalAnswer(std::string_view text);

// The share of the questions that count which were answered right, in whole percent, rounded down.
int QuizPercent(const Gate& gate, const std::vector<Answer>& answers);

// Attempts of one identity of a person at a gate.
struct IdentityAttempts {
  int count = 0;
  Time last_time;
};

// Those that still count, of the identity that has most: all come back when the gate's time after the last one has
// passed.
int CountingAttempts(const Gate& gate, const std::vector<IdentityAttempts>& attempts, Time now);
// Refused, with the time when attempts come back, when an identity has none left.
Result<void> CheckAttempts(const Gate& gate, const std::vector<IdentityAttempts>& attempts, Time now);

// A quiz or keyword is answered: leaves `application` undecided if the answer is right; if it is wrong, rejects it with
// a reason in the community's language and says how many attempts are left after this one, the `made`th. `keyword` is
// what the applicant gave.
void JudgeAnswer(const Gate& gate, const std::string& keyword, const std::string& locale, int made, Time now,
                 Application& application);

// What is known of a member of the community that a PREREQUISITE names, who is the applicant.
struct PrerequisiteStanding {
  bool in_group = false;  // in the group that is asked for
  bool tagged = false;
  Time join_time;
};
// Whether one of them fulfils the condition; refused with what is missing of the one that comes closest.
Result<void> CheckPrerequisite(const Prerequisite& condition, const std::vector<PrerequisiteStanding>& standings,
                               Time now);

// To the second: "2026-05-01T08:00:00Z".
std::string InstantText(Time time);

}  // namespace lanting::membership
