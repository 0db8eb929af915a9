// What several people hope to get, out of what each of them wrote (R18). Pure.
#pragma once

#include <string>
#include <vector>

namespace lanting::membership {

struct Need {
  std::string text;
  int members = 0;
  friend bool operator==(const Need&, const Need&) = default;
};

// What at least two of the texts (well-formed UTF-8) say, the most frequent first, at most 50. Of Chinese, runs of two
// to four characters between words that say nothing by themselves, the longer one where both are said together; of
// other scripts, words of three letters and more, in small letters.
std::vector<Need> CountNeeds(const std::vector<std::string>& texts);

}  // namespace lanting::membership
