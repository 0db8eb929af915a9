// lantingctl import: a CSV of people into a community, with progress and every bad row.
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "context.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "platform/base/id.h"
#include "platform/base/strings.h"

namespace lanting::ctl {
namespace {

namespace pb = membership::v1;
constexpr int kPollMs = 200;
constexpr std::uintmax_t kMostBytes = 16 * 1024 * 1024;         // as the API says
constexpr auto kPatienceUnanswered = std::chrono::seconds(60);  // the service restarts, or its database does
constexpr auto kPatienceUnchanged = std::chrono::minutes(10);   // it answers, but no row is done
constexpr int kMostFailedBefore = 20;

// A bar on one line of the terminal, redrawn in place.
void DrawProgress(int done, int all) {
  constexpr int kWidth = 30;
  int filled = all == 0 ? kWidth : static_cast<int>(static_cast<long>(done) * kWidth / all);
  std::string bar(static_cast<std::size_t>(filled), '#');
  bar.append(static_cast<std::size_t>(kWidth - filled), '.');
  std::fprintf(stderr, "\r[%s] %d of %d rows", bar.c_str(), done, all);
  std::fflush(stderr);
}

void PrintRowErrors(Context& context, const std::string& import) {
  pb::ListImportRowErrorsRequest request;
  request.set_parent(import);
  request.set_page_size(1000);
  std::vector<Cells> rows;
  do {
    auto page = CallMembership<pb::ListImportRowErrorsResponse>(context, "MemberService", "ListImportRowErrors",
                                                                request, context.key);
    if (!page.ok()) return Report(context, page.error());
    for (const auto& e : page->row_errors()) {
      if (context.json) {
        std::printf("%s\n", ToJson(e).c_str());
      } else {
        rows.push_back({std::to_string(e.row()), std::to_string(e.line()), e.column(), e.reason(), e.message()});
      }
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (!context.json) PrintTable({"ROW", "LINE", "COLUMN", "REASON", "MESSAGE"}, rows);
}

// Waits for the end, through failures that pass. An error means that the import may still be at work.
Result<pb::MemberImport> Follow(const Context& context, pb::MemberImport import) {
  pb::GetMemberImportRequest request;
  request.set_name(import.name());
  auto answer_by = DeadlineIn(kPatienceUnanswered), change_by = DeadlineIn(kPatienceUnchanged);
  while (import.state() == pb::IMPORT_STATE_RUNNING) {
    if (context.interactive()) DrawProgress(import.processed_count(), import.row_count());
    ::poll(nullptr, 0, kPollMs);
    auto got = CallMembership<pb::MemberImport>(context, "MemberService", "GetMemberImport", request, context.key);
    if (!got.ok()) {
      if (!got.error().transient() || Remaining(answer_by).count() <= 0) return got.error();
      continue;
    }
    answer_by = DeadlineIn(kPatienceUnanswered);
    if (got->processed_count() != import.processed_count()) change_by = DeadlineIn(kPatienceUnchanged);
    if (got->state() == pb::IMPORT_STATE_RUNNING && Remaining(change_by).count() <= 0)
      return errors::DeadlineExceeded();
    import = *std::move(got);
  }
  if (context.interactive()) {
    DrawProgress(import.processed_count(), import.row_count());
    std::fprintf(stderr, "\n");
  }
  return import;
}

std::string Summary(const pb::MemberImport& import) {
  auto n = [](int count) { return std::to_string(count); };
  if (import.state() == pb::IMPORT_STATE_FAILED && import.bad_row_count() > 0) {
    return "Nothing was imported: " + n(import.bad_row_count()) + " of " + n(import.row_count()) +
           (import.bad_row_count() == 1 ? " rows is bad" : " rows are bad") +
           ". Mend what is listed below, or import the good rows with --skip-bad-rows.";
  }
  if (import.state() == pb::IMPORT_STATE_FAILED) return "Nothing was imported: " + import.error_message();
  return std::string(import.validate_only() ? "Would import " : "Imported ") + n(import.imported_count()) + " of " +
         n(import.row_count()) + " rows (" + n(import.waiting_count()) + " onto the waiting list); " +
         n(import.bad_row_count()) + " bad rows.";
}

Result<std::string> ReadFile(const std::string& path) {
  std::error_code failed;
  auto size = std::filesystem::file_size(path, failed);
  if (failed) return errors::InvalidField("file", "INVALID_VALUE", "cannot be read: " + failed.message());
  if (size > kMostBytes) return errors::InvalidField("file", "TOO_LONG", "is larger than 16 MiB: divide it");
  std::ifstream in(path, std::ios::binary);
  std::stringstream content;
  content << in.rdbuf();
  if (!in) return errors::InvalidField("file", "INVALID_VALUE", "cannot be read");
  return content.str();
}

std::string HashId(const std::string& text) { return HexEncode(Sha256(text)).substr(0, 32); }

Result<pb::MemberImport> StartAndFollow(const Context& context, const pb::ImportMembersRequest& request) {
  ASSIGN_OR_RETURN(auto started,
                   CallMembership<pb::MemberImport>(context, "MemberService", "ImportMembers", request, context.key));
  return Follow(context, std::move(started));
}

// With an id made from the content, so that running the same command again cannot import twice. A failure of an earlier
// command is not an answer to this one, though: the next id in the chain tries anew, and is itself safe to repeat.
Result<pb::MemberImport> ImportOnce(const Context& context, pb::ImportMembersRequest request) {
  const auto began = Clock::System().Now().time_since_epoch() / std::chrono::seconds(1);
  request.set_request_id(HashId(request.SerializeAsString()));
  for (int failed = 0;; ++failed) {
    ASSIGN_OR_RETURN(auto import, StartAndFollow(context, request));
    bool earlier = import.create_time().seconds() < began;
    if (import.state() != pb::IMPORT_STATE_FAILED || !earlier || failed == kMostFailedBefore) return import;
    request.set_request_id(HashId(request.request_id() + import.name()));
  }
}

}  // namespace

void AddImport(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("import", "bring a CSV of people into a community (needs --key)");
  static std::string community, file, request_id;
  static bool skip = false, validate_only = false;
  command->add_option("--community", community, "id or name of the community")->required();
  command->add_option("file", file, "the CSV; UTF-8, header display_name,external_id,channel,user_id,expectation")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_flag("--skip-bad-rows", skip, "import the good rows; without it, one bad row refuses the file");
  command->add_flag("--validate-only", validate_only, "check everything, write nothing");
  command->add_option("--request-id", request_id,
                      "idempotency key; default: made from the file, so that a retry is harmless (checks: a new one)");
  command->callback([&] {
    context.NeedKey();
    auto content = ReadFile(file);
    if (!content.ok()) return Report(context, content.error());
    pb::ImportMembersRequest request;
    request.set_parent(community.starts_with("communities/") ? community : "communities/" + community);
    request.mutable_csv()->set_content_type("text/csv");
    request.mutable_csv()->set_data(*std::move(content));
    request.set_bad_rows(skip ? pb::BAD_ROWS_SKIP : pb::BAD_ROWS_REFUSE);
    request.set_validate_only(validate_only);
    if (validate_only && request_id.empty()) request_id = Id::New().ToString();  // what is true may have changed
    request.set_request_id(request_id);
    auto finished = request_id.empty() ? ImportOnce(context, std::move(request)) : StartAndFollow(context, request);
    if (!finished.ok()) return Report(context, finished.error());
    Print(context, *finished, [&] { return Summary(*finished); });
    if (finished->bad_row_count() > 0) PrintRowErrors(context, finished->name());
    if (finished->state() == pb::IMPORT_STATE_FAILED) context.exit_code = kFailed;
  });
}

}  // namespace lanting::ctl
