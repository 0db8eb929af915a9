#include "membership/domain/needs.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "membership/domain/channel.h"

namespace lanting::membership {
namespace {

constexpr std::size_t kMinRun = 2, kMaxRun = 4, kMinWord = 3, kMaxNeeds = 50;

using Words = std::set<std::string, std::less<>>;

// One character of well-formed UTF-8 at the beginning of `text`.
std::string_view First(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  return text.substr(0, lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
}

// U+4E00 to U+9FFF.
bool IsHan(std::string_view c) { return c.size() == 3 && c >= "\xe4\xb8\x80" && c <= "\xe9\xbf\xbf"; }

bool IsLetter(std::string_view c) {
  const char a = c[0];
  return (c.size() == 2) || (c.size() == 1 && ((a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z') || a == '\''));
}

// Characters that part what is wanted from who wants it and how.
bool SaysNothing(std::string_view han) {
  static const Words kWords = {"的", "了", "我", "你", "他", "她", "们", "在", "和", "与", "及", "是",
                               "有", "能", "会", "想", "要", "就", "也", "都", "很", "更", "多", "一",
                               "些", "个", "这", "那", "里", "来", "去", "到", "被", "把", "给", "让",
                               "对", "为", "从", "以", "或", "吗", "呢", "吧", "啊", "希", "望", "得",
                               "地", "着", "过", "可", "跟", "向", "并", "且", "还", "又", "什", "么"};
  return kWords.contains(han);
}

bool IsFiller(std::string_view word) {
  static const Words kWords = {"the",  "and",  "for",   "you",    "with", "that",  "this", "have", "can",
                               "get",  "how",  "what",  "who",    "are",  "would", "like", "want", "hope",
                               "some", "more", "other", "people", "from", "here",  "your", "our",  "about",
                               "into", "will", "any",   "all",    "its",  "i'm"};
  return word.size() < kMinWord || kWords.contains(word);
}

void AddRuns(const std::vector<std::string_view>& run, Words& said) {
  for (std::size_t begin = 0; begin < run.size(); ++begin) {
    std::string text;
    for (std::size_t n = 1; n <= kMaxRun && begin + n <= run.size(); ++n) {
      text += run[begin + n - 1];
      if (n >= kMinRun) said.insert(text);
    }
  }
}

// What one person says, each once.
Words Said(std::string_view text) {
  Words said;
  std::vector<std::string_view> run;
  std::string word;
  auto end = [&] {
    AddRuns(run, said);
    run.clear();
    if (!IsFiller(word)) said.insert(word);
    word.clear();
  };
  while (!text.empty()) {
    const auto c = First(text);
    text.remove_prefix(c.size());
    const bool han = IsHan(c) && !SaysNothing(c), letter = IsLetter(c);
    if ((!han && !run.empty()) || (!letter && !word.empty())) end();
    if (han) run.push_back(c);
    if (letter) word += ToLowerAscii(c);
  }
  end();
  return said;
}

}  // namespace

std::vector<Need> CountNeeds(const std::vector<std::string>& texts) {
  std::unordered_map<std::string, int> counts;
  for (const auto& text : texts) {
    for (const auto& said : Said(text)) ++counts[said];
  }
  std::vector<Need> all;
  for (auto& [text, members] : counts) {
    if (members > 1) all.push_back({text, members});
  }
  // Of those said by as many, the longer first: it stands for the shorter ones in it.
  std::sort(all.begin(), all.end(), [](const Need& a, const Need& b) {
    return std::tuple(-a.members, -static_cast<int>(a.text.size()), std::string_view(a.text)) <
           std::tuple(-b.members, -static_cast<int>(b.text.size()), std::string_view(b.text));
  });
  // A part of a longer one that four in five of those who say it say; and a longer one around what is shown already,
  // which says more of fewer people.
  std::map<std::string_view, int> within;
  for (const auto& need : all) {
    const auto runs = Said(need.text);
    for (const auto& part : runs) {
      if (part == need.text) continue;
      const auto found = counts.find(part);
      if (found != counts.end() && need.members * 5 >= found->second * 4) ++within[found->first];
    }
  }
  std::vector<Need> needs;
  for (auto& need : all) {
    if (needs.size() == kMaxNeeds) break;
    if (!within.contains(need.text)) needs.push_back(std::move(need));
  }
  return needs;
}

}  // namespace lanting::membership
