// Typed settings from the environment. Every setting is declared once with name, default, bounds and help; all faults
// are reported at once, by name; `--help` and the start-up log print the effective configuration (secrets as "***").
//
//   config::Reader env;
//   std::string url = env.Secret("LANTING_PG_URL", "libpq URL of the service's app role");
//   int workers = env.Int("LANTING_WORKERS", 8, {1, 256}, "handler threads");
//   if (auto faults = env.Faults(); !faults.empty()) ...
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::config {

struct Bounds {
  long min, max;
};

class Reader {
 public:
  using Getenv = std::function<const char*(const char*)>;
  explicit Reader(Getenv getenv = Environment());
  // std::getenv.
  static Getenv Environment();

  // No default: the setting is required. A variable set to nothing counts as not set. A faulty setting yields its
  // default (or the lower bound), so that declaring goes on and all faults are found.
  std::string String(const std::string& name, std::optional<std::string> fallback, const std::string& help);
  std::string Secret(const std::string& name, std::optional<std::string> fallback, const std::string& help);
  long Int(const std::string& name, std::optional<long> fallback, Bounds bounds, const std::string& help);
  // true | false | 1 | 0.
  bool Bool(const std::string& name, bool fallback, const std::string& help);
  std::chrono::milliseconds Millis(const std::string& name, long fallback_ms, Bounds bounds, const std::string& help);

  // "LANTING_WORKERS=abc: not an integer between 1 and 256". Empty when all is well.
  const std::vector<std::string>& Faults() const { return faults_; }
  // Whether a setting of that name was declared.
  bool Knows(std::string_view name) const;
  // One line a setting, in the order of declaration: "LANTING_WORKERS=8  # handler threads".
  std::string Describe() const;

 private:
  struct Entry {
    std::string name, value, help;
    bool secret;
  };
  std::optional<std::string> Raw(const std::string& name, bool has_fallback);
  Getenv getenv_;
  std::vector<Entry> entries_;
  std::vector<std::string> faults_;
};

}  // namespace lanting::config
