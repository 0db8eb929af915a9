// The command line of a process: its settings are environment variables, so it knows --help and --version alone.
#pragma once

#include <optional>
#include <string>

#include "platform/config/config.h"

namespace lanting::config {

inline constexpr int kExitUsage = 64, kExitConfig = 78;  // sysexits.h: EX_USAGE, EX_CONFIG

// What to exit with when the arguments ask for help or the version (printed then), or are unknown (refused with a line
// on standard error); nullopt: run. `name`: "lanting-membership"; `env` has been read.
std::optional<int> HandleArguments(int argc, char** argv, const std::string& name, const Reader& env);

}  // namespace lanting::config
