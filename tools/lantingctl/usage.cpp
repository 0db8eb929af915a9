#include "usage.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "context.h"

namespace lanting::ctl {
namespace {

// The first of the arguments that nobody took; what follows it is often its value.
std::string FirstUnexpected(const CLI::App& app, const std::vector<std::string>& args) {
  const auto left = app.remaining(true);
  auto first = std::find_first_of(args.begin(), args.end(), left.begin(), left.end());
  return first != args.end() ? *first : left.empty() ? "" : left.front();
}

// The command that the arguments led to, and its full name.
const CLI::App* Innermost(const CLI::App* app, std::string& name) {
  for (;;) {
    const auto chosen = app->get_subcommands();
    if (chosen.empty()) return app;
    app = chosen.front();
    name += " " + app->get_name();
  }
}

std::string Explain(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& args) {
  std::string name = app.get_name();
  const auto* command = Innermost(&app, name);
  std::string commands;
  for (const auto* sub : command->get_subcommands([](const CLI::App*) { return true; }))
    commands += (commands.empty() ? "" : ", ") + sub->get_name();
  const auto unexpected = FirstUnexpected(app, args);
  std::string text = error.what();
  if (!unexpected.empty()) {
    text = "unexpected argument: " + unexpected;
    if (!commands.empty() && !unexpected.starts_with('-')) text += "; the commands of " + name + " are " + commands;
  } else if (!commands.empty() && error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError)) {
    text = name + " needs a command: " + commands;
  }
  return text + ". See " + name + " --help";
}

}  // namespace

int ParseAndRun(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return kOk;
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    const std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
    Context context;
    context.json = std::find(args.begin(), args.end(), "--json") != args.end();
    Report(context, {.code = Code::kInvalidArgument, .reason = "WRONG_USAGE", .message = Explain(app, e, args)});
    return kUsage;
  }
}

}  // namespace lanting::ctl
