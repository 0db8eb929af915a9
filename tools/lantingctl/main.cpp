// lantingctl: what an operator of Lanting does from a shell.
#include "context.h"
#include "platform/obs/log.h"
#include "usage.h"

int main(int argc, char** argv) {
  using namespace lanting::ctl;
  Context context;
  CLI::App app{
      "lantingctl: operate Lanting.\n"
      "Results go to stdout, errors and progress to stderr. Exit codes: 0 done, 1 refused, 64 wrong usage,\n"
      "69 something it needs is unavailable.",
      "lantingctl"};
  app.set_version_flag("--version", "lantingctl " LANTING_VERSION, "print the version");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--json", context.json, "print JSON, one value per result, and no progress");
  app.add_option("--timeout", context.timeout_s, "seconds a single call may take")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  app.add_option("--membership", context.membership, "gRPC address of the membership service")
      ->envname("LANTING_MEMBERSHIP_ADDRESS")
      ->default_val("127.0.0.1:9101");
  app.add_option("--admin-key", context.admin_key, "the operator's key; better in the environment")
      ->envname("LANTING_ADMIN_KEY");
  app.add_option("--key", context.key, "a tenant's service key; better in the environment")->envname("LANTING_KEY");
  app.add_option("--redis", context.redis_url, "Redis URL")->envname("LANTING_REDIS_URL");
  AddMigrate(app, context);
  AddStatus(app, context);
  AddTenant(app, context);
  AddKey(app, context);
  AddDeadLetters(app, context);
  AddImport(app, context);
  lanting::obs::InitLog("lantingctl", "error");
  try {
    if (int wrong = ParseAndRun(app, argc, argv)) return wrong;
  } catch (const std::exception& e) {
    Report(context, {.code = lanting::Code::kInternal, .reason = "INTERNAL", .message = e.what()});
    return kFailed;
  }
  return context.exit_code;
}
