#include "membership/domain/duplicate.h"

#include <algorithm>
#include <numeric>

namespace lanting::membership {
namespace {

// How much each reason says by itself, in percent.
int Weight(DuplicateReason reason, std::size_t name_length) {
  switch (reason) {
    case DuplicateReason::kSameUnionid:
      return 95;
    case DuplicateReason::kSamePhone:
      return 90;
    case DuplicateReason::kSameEmail:
      return 90;
    case DuplicateReason::kSameUserId:
      return 80;
    case DuplicateReason::kSameName:  // the longer, the rarer
      return name_length <= 1 ? 20 : name_length == 2 ? 40 : name_length == 3 ? 50 : 60;
    case DuplicateReason::kSimilarNameAndExpectation:
      return 35;
  }
  return 0;
}

bool Same(const std::string& a, const std::string& b) { return !a.empty() && a == b; }

bool SameUserIdElsewhere(const PersonTraits& a, const PersonTraits& b) {
  return std::any_of(a.identities.begin(), a.identities.end(), [&](const ChannelIdentity& i) {
    return std::any_of(b.identities.begin(), b.identities.end(),
                       [&](const ChannelIdentity& j) { return i.channel != j.channel && i.user_id == j.user_id; });
  });
}

bool TwoAccountsOnAChannel(const PersonTraits& a, const PersonTraits& b) {
  return std::any_of(a.identities.begin(), a.identities.end(), [&](const ChannelIdentity& i) {
    return std::any_of(b.identities.begin(), b.identities.end(),
                       [&](const ChannelIdentity& j) { return i.channel == j.channel && i.user_id != j.user_id; });
  });
}

// Characters of UTF-8 text, each as its bytes.
std::vector<std::string_view> Characters(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::size_t EditDistance(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

bool SimilarNames(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  if (a == b) return true;
  auto shorter = Characters(a), longer = Characters(b);
  if (shorter.size() > longer.size()) std::swap(shorter, longer);
  if (shorter.size() >= 2 && std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin())) return true;
  if (longer.size() < 3) return false;
  const std::size_t allowed = longer.size() < 8 ? 1 : 2;
  return longer.size() - shorter.size() <= allowed && EditDistance(shorter, longer) <= allowed;
}

std::optional<DuplicateMatch> CompareTraits(const PersonTraits& a, const PersonTraits& b) {
  DuplicateMatch match;
  auto add = [&](bool holds, DuplicateReason reason) {
    if (holds) match.reasons.push_back(reason);
  };
  add(Same(a.unionid_key, b.unionid_key), DuplicateReason::kSameUnionid);
  add(Same(a.phone_key, b.phone_key), DuplicateReason::kSamePhone);
  add(Same(a.email_key, b.email_key), DuplicateReason::kSameEmail);
  add(SameUserIdElsewhere(a, b), DuplicateReason::kSameUserId);
  const bool hard_evidence = !match.reasons.empty();
  add(Same(a.name_key, b.name_key), DuplicateReason::kSameName);
  add(Same(a.expectation_key, b.expectation_key) && SimilarNames(a.name_key, b.name_key),
      DuplicateReason::kSimilarNameAndExpectation);
  if (match.reasons.empty()) return std::nullopt;

  const auto name_length = Characters(a.name_key).size();
  double doubt = 1;
  for (auto reason : match.reasons) doubt *= 1 - Weight(reason, name_length) / 100.0;
  double sure = 1 - doubt;
  if (!hard_evidence && TwoAccountsOnAChannel(a, b)) sure /= 2;
  match.score = std::clamp(static_cast<int>(sure * 100 + 0.5), 1, 100);
  return match;
}

}  // namespace lanting::membership
