#include "platform/config/command_line.h"

#include <cstdio>
#include <string_view>

namespace lanting::config {

std::optional<int> HandleArguments(int argc, char** argv, const std::string& name, const Reader& env) {
  if (argc <= 1) return std::nullopt;
  const std::string usage = "usage: " + name + " [--help | --version]; settings are environment variables\n";
  const std::string_view argument = argv[1];
  const auto print = [](const std::string& text) { return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0; };
  if (argc == 2 && (argument == "--help" || argument == "-h")) return print(usage + env.Describe());
  if (argc == 2 && argument == "--version") return print(name + " " LANTING_VERSION "\n");
  std::fputs(usage.c_str(), stderr);
  return kExitUsage;
}

}  // namespace lanting::config
