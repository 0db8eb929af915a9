#include "platform/config/config.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace lanting::config {
namespace {

std::optional<long> ParseInt(const std::string& text) {
  long value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Reader::Reader(Getenv getenv) : getenv_(std::move(getenv)) {}

Reader::Getenv Reader::Environment() {
  // Nothing here writes the environment.
  return [](const char* name) -> const char* { return std::getenv(name); };  // NOLINT(*-mt-unsafe)
}

bool Reader::Knows(std::string_view name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
}

std::optional<std::string> Reader::Raw(const std::string& name, bool has_fallback) {
  const char* value = getenv_(name.c_str());
  if (value && *value) return std::string(value);
  if (!has_fallback) faults_.push_back(name + ": required, but not set");
  return std::nullopt;
}

std::string Reader::String(const std::string& name, std::optional<std::string> fallback, const std::string& help) {
  std::string value = Raw(name, fallback.has_value()).value_or(fallback.value_or(""));
  entries_.push_back({name, value, help, false});
  return value;
}

std::string Reader::Secret(const std::string& name, std::optional<std::string> fallback, const std::string& help) {
  std::string value = Raw(name, fallback.has_value()).value_or(fallback.value_or(""));
  entries_.push_back({name, value, help, true});
  return value;
}

long Reader::Int(const std::string& name, std::optional<long> fallback, Bounds bounds, const std::string& help) {
  long value = fallback.value_or(bounds.min);
  if (auto raw = Raw(name, fallback.has_value())) {
    auto parsed = ParseInt(*raw);
    if (parsed && *parsed >= bounds.min && *parsed <= bounds.max) {
      value = *parsed;
    } else {
      faults_.push_back(name + "=" + *raw + ": not an integer between " + std::to_string(bounds.min) + " and " +
                        std::to_string(bounds.max));
    }
  }
  entries_.push_back({name, std::to_string(value), help, false});
  return value;
}

bool Reader::Bool(const std::string& name, bool fallback, const std::string& help) {
  bool value = fallback;
  if (auto raw = Raw(name, true)) {
    if (*raw == "true" || *raw == "1") {
      value = true;
    } else if (*raw == "false" || *raw == "0") {
      value = false;
    } else {
      faults_.push_back(name + "=" + *raw + ": not one of true, false, 1, 0");
    }
  }
  entries_.push_back({name, value ? "true" : "false", help, false});
  return value;
}

std::chrono::milliseconds Reader::Millis(const std::string& name, long fallback_ms, Bounds bounds,
                                         const std::string& help) {
  return std::chrono::milliseconds(Int(name, fallback_ms, bounds, help));
}

std::string Reader::Describe() const {
  std::string out;
  for (const auto& e : entries_) {
    out += e.name + "=" + (e.secret && !e.value.empty() ? "***" : e.value) + "  # " + e.help + "\n";
  }
  return out;
}

}  // namespace lanting::config
