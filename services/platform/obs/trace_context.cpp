#include "platform/obs/trace_context.h"

#include <algorithm>

#include "platform/base/strings.h"

namespace lanting::obs {
namespace {

constexpr std::size_t kLength = 55;  // "00-" + 32 + "-" + 16 + "-" + 2

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

// A later version is read by its first four fields, as the recommendation asks.
bool WellFormed(std::string_view t) {
  if (t.size() < kLength || t[2] != '-' || t[35] != '-' || t[52] != '-') return false;
  auto version = t.substr(0, 2), trace = t.substr(3, 32), span = t.substr(36, 16), flags = t.substr(53, 2);
  if (!IsLowerHex(version) || !IsLowerHex(trace) || !IsLowerHex(span) || !IsLowerHex(flags)) return false;
  if (version == "ff" || IsZero(trace) || IsZero(span)) return false;
  return t.size() == kLength || (version != "00" && t[kLength] == '-');
}

std::string RandomHex(std::size_t bytes) {
  for (;;) {
    std::string hex = HexEncode(RandomIdBytes(bytes));
    if (!IsZero(hex)) return hex;
  }
}

}  // namespace

std::string ChildTraceparent(std::string_view parent) {
  std::string child = "00-";
  if (WellFormed(parent)) {
    child.append(parent.substr(3, 32)).append("-").append(RandomHex(8)).append("-").append(parent.substr(53, 2));
  } else {
    child.append(RandomHex(16)).append("-").append(RandomHex(8)).append("-01");
  }
  return child;
}

std::string_view TraceId(std::string_view traceparent) {
  return WellFormed(traceparent) ? traceparent.substr(3, 32) : std::string_view();
}

}  // namespace lanting::obs
