#include "platform/config/settings_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "platform/base/strings.h"

namespace lanting::config {
namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

SettingsFile SettingsFile::Parse(std::string_view text, std::vector<std::string>* faults) {
  SettingsFile file;
  if (text.size() > kMaxBytes) {
    faults->push_back("settings file: larger than 64 KiB");
    return file;
  }
  int number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    line = Trim(line);
    if (line.empty() || line.front() == '#') continue;
    const std::string where = "settings file, line " + std::to_string(number) + ": ";
    const auto equals = line.find('=');
    const std::string_view name = Trim(line.substr(0, equals));
    if (equals == std::string_view::npos || !IsName(name))
      faults->push_back(where + "not NAME=VALUE");
    else if (!file.values_.emplace(name, Trim(line.substr(equals + 1))).second)
      faults->push_back(where + std::string(name) + " is given twice");
  }
  return file;
}

SettingsFile SettingsFile::Read(const std::string& path, std::vector<std::string>* faults) {
  if (path.empty()) return {};
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.eof() && in.fail()) {
    faults->push_back("settings file " + path + ": cannot be read");
    return {};
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return Parse(text, faults);
}

Reader::Getenv SettingsFile::Over(Reader::Getenv environment) const& {
  return [this, environment = std::move(environment)](const char* name) -> const char* {
    const auto found = values_.find(std::string_view(name));
    return found != values_.end() ? found->second.c_str() : environment(name);
  };
}

void SettingsFile::RefuseUnknown(const Reader& reader, std::vector<std::string>* faults) const {
  for (const auto& [name, value] : values_)
    if (!reader.Knows(name)) faults->push_back("settings file: " + name + " is not a setting of this process");
}

}  // namespace lanting::config
