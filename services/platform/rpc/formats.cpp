#include "platform/rpc/formats.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>

namespace lanting::rpc {
namespace {

constexpr const char* kZoneInfo = "/usr/share/zoneinfo";

// Zones ("Z name ...") and links ("L target name") of tzdata.zi.
std::set<std::string, std::less<>> LoadZones() {
  std::set<std::string, std::less<>> zones;
  std::ifstream file(std::string(kZoneInfo) + "/tzdata.zi");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, first, second;
    words >> kind >> first >> second;
    if (kind == "Z") zones.insert(first);
    if (kind == "L") zones.insert(second);
  }
  return zones;
}

// Where only the compiled zones are installed.
bool IsZoneFile(std::string_view text) {
  auto plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  };
  if (text.empty() || text.size() > 64 || text[0] < 'A' || text[0] > 'Z') return false;
  if (!std::all_of(text.begin(), text.end(), plain)) return false;
  std::error_code error;
  return std::filesystem::is_regular_file(std::filesystem::path(kZoneInfo) / text, error);
}

char32_t Decode(std::string_view text, std::size_t& i) {
  auto lead = static_cast<unsigned char>(text[i++]);
  int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  char32_t c = more == 0 ? lead : lead & (0x3f >> more);
  for (; more > 0 && i < text.size(); --more) c = c << 6 | (static_cast<unsigned char>(text[i++]) & 0x3f);
  return c;
}

bool IsSpace(char32_t c) {
  return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
         c == 0x202f || c == 0x205f || c == 0x3000;
}

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// Embeddings, overrides and isolates (UAX #9): one in a name turns the text around it.
bool TurnsText(char32_t c) { return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069); }

// Unicode's property Default_Ignorable_Code_Point (DerivedCoreProperties.txt).
bool IsInvisible(char32_t c) {
  return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
         (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
         (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 || (c >= 0xfff0 && c <= 0xfff8) ||
         (c >= 0x1bca0 && c <= 0x1bca3) || (c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0000 && c <= 0xe0fff);
}

}  // namespace

bool IsToken(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool IsTimeZone(std::string_view text) {
  static const auto zones = LoadZones();
  return zones.empty() ? IsZoneFile(text) : zones.contains(text);
}

bool IsLocale(std::string_view text) { return text == "zh-CN" || text == "en"; }

bool IsDisplayName(std::string_view text) {
  char32_t last = ' ';
  bool seen = false;
  for (std::size_t i = 0; i < text.size();) {
    bool first = i == 0;
    last = Decode(text, i);
    if (IsControl(last) || TurnsText(last) || (first && IsSpace(last))) return false;
    seen |= !IsSpace(last) && !IsInvisible(last);
  }
  return seen && !IsSpace(last);
}

}  // namespace lanting::rpc
