// Wrong usage: said once, about the argument that is wrong, in the form the caller reads.
#pragma once

#include <CLI/CLI.hpp>

namespace lanting::ctl {

// Parses and runs; prints help and version (exit 0), or what is wrong (kUsage). An argument that nobody takes is named
// before what is missing: `tenant create --nme x` lacks --name because of --nme. With --json the errors are JSON too,
// also when parsing did not come as far as --json.
// Returns the exit code of the usage: kOk or kUsage. Exceptions other than CLI::ParseError pass.
int ParseAndRun(CLI::App& app, int argc, char** argv);

}  // namespace lanting::ctl
