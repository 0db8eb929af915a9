// lantingctl import: a CSV of people into a community, with progress and every bad row.
#include <poll.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "context.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "platform/base/id.h"
#include "platform/base/strings.h"

namespace lanting::ctl {
namespace {

namespace pb = membership::v1;
constexpr int kPollMs = 200;
// As the API says.
constexpr std::int64_t kMostBytes = 16 * 1024 * 1024, kMostUploaded = 2048ll * 1024 * 1024, kPart = 4 * 1024 * 1024;
constexpr auto kPatienceUnanswered = std::chrono::seconds(60);  // the service restarts, or its database does
constexpr auto kPatienceUnchanged = std::chrono::minutes(10);   // it answers, but no row is done
constexpr int kMostFailedBefore = 20;
constexpr const char* kUploadGone = "MEMBER_UPLOAD_NOT_FOUND";

// A bar on one line of the terminal, redrawn in place.
void DrawProgress(std::int64_t done, std::int64_t all, const std::string& words) {
  constexpr int kWidth = 30;
  const int filled = all == 0 ? kWidth : static_cast<int>(done * kWidth / all);
  std::string bar(static_cast<std::size_t>(filled), '#');
  bar.append(static_cast<std::size_t>(kWidth - filled), '.');
  std::fprintf(stderr, "\r[%s] %s", bar.c_str(), words.c_str());
  std::fflush(stderr);
}

std::string Mib(std::int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// By rows, or by bytes while nobody knows how many rows there are.
void DrawProgress(const pb::MemberImport& import) {
  const auto rows = std::to_string(import.processed_count());
  if (import.row_count() == 0 && import.total_bytes() > 0) {
    DrawProgress(import.processed_bytes(), import.total_bytes(),
                 rows + " rows, " + Mib(import.processed_bytes()) + " of " + Mib(import.total_bytes()));
  } else {
    DrawProgress(import.processed_count(), import.row_count(),
                 rows + " of " + std::to_string(import.row_count()) + " rows");
  }
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
    if (context.interactive()) DrawProgress(import);
    ::poll(nullptr, 0, kPollMs);
    auto got = CallMembership<pb::MemberImport>(context, "MemberService", "GetMemberImport", request, context.key);
    if (!got.ok()) {
      if (!got.error().transient() || Remaining(answer_by).count() <= 0) return got.error();
      continue;
    }
    answer_by = DeadlineIn(kPatienceUnanswered);
    if (got->processed_count() != import.processed_count() || got->processed_bytes() != import.processed_bytes())
      change_by = DeadlineIn(kPatienceUnchanged);
    if (got->state() == pb::IMPORT_STATE_RUNNING && Remaining(change_by).count() <= 0)
      return errors::DeadlineExceeded();
    import = *std::move(got);
  }
  if (context.interactive()) {
    DrawProgress(import);
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

// `bytes` of the file from `offset` on.
Result<std::string> ReadFile(const std::string& path, std::int64_t offset, std::int64_t bytes) {
  std::string content(static_cast<std::size_t>(bytes), '\0');
  std::ifstream in(path, std::ios::binary);
  in.seekg(offset);
  in.read(content.data(), bytes);
  if (!in) return errors::InvalidField("file", "INVALID_VALUE", "cannot be read");
  return content;
}

Result<std::int64_t> SizeOf(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  if (failed) return errors::InvalidField("file", "INVALID_VALUE", "cannot be read: " + failed.message());
  if (size == 0) return errors::InvalidField("file", "INVALID_VALUE", "is empty");
  if (size > static_cast<std::uintmax_t>(kMostUploaded))
    return errors::InvalidField("file", "TOO_LONG", "is larger than 2 GiB: divide it");
  return static_cast<std::int64_t>(size);
}

std::string HashId(const std::string& text) { return HexEncode(Sha256(text)).substr(0, 32); }

template <typename Request>
Result<pb::MemberImport> StartAndFollow(const Context& context, const Request& request) {
  constexpr bool kFromRequest = std::is_same_v<Request, pb::ImportMembersRequest>;
  ASSIGN_OR_RETURN(auto started, CallMembership<pb::MemberImport>(
                                     context, "MemberService", kFromRequest ? "ImportMembers" : "ImportUploadedMembers",
                                     request, context.key));
  return Follow(context, std::move(started));
}

// With an id made from the content, so that running the same command again cannot import twice. A failure of an earlier
// command is not an answer to this one, though: the next id in the chain tries anew, and is itself safe to repeat.
template <typename Request>
Result<pb::MemberImport> ImportOnce(const Context& context, Request request) {
  const auto began = Clock::System().Now().time_since_epoch() / std::chrono::seconds(1);
  request.set_request_id(HashId(request.SerializeAsString()));
  for (int failed = 0;; ++failed) {
    ASSIGN_OR_RETURN(auto import, StartAndFollow(context, request));
    bool earlier = import.create_time().seconds() < began;
    if (import.state() != pb::IMPORT_STATE_FAILED || !earlier || failed == kMostFailedBefore) return import;
    request.set_request_id(HashId(request.request_id() + import.name()));
  }
}

template <typename Reply, typename Request>
Result<Reply> Call(const Context& context, const std::string& method, const Request& request) {
  return CallMembership<Reply>(context, "MemberService", method, request, context.key);
}

// Sends what the service does not have yet, through failures that pass.
Result<void> Send(const Context& context, const std::string& file, pb::MemberUpload upload) {
  pb::GetMemberUploadRequest get;
  get.set_name(upload.name());
  auto answer_by = DeadlineIn(kPatienceUnanswered);
  while (upload.received_bytes() < upload.size()) {
    if (context.interactive())
      DrawProgress(upload.received_bytes(), upload.size(),
                   Mib(upload.received_bytes()) + " sent of " + Mib(upload.size()));
    pb::AppendMemberUploadRequest part;
    part.set_name(upload.name());
    part.set_offset(upload.received_bytes());
    ASSIGN_OR_RETURN(*part.mutable_data()->mutable_data(),
                     ReadFile(file, upload.received_bytes(), std::min(upload.size() - upload.received_bytes(), kPart)));
    auto sent = Call<pb::MemberUpload>(context, "AppendMemberUpload", part);
    const bool elsewhere = !sent.ok() && sent.error().reason == "UPLOAD_OFFSET_MISMATCH";
    if (!sent.ok() && (elsewhere || sent.error().transient()) && Remaining(answer_by).count() > 0) {
      ::poll(nullptr, 0, kPollMs);
      sent = Call<pb::MemberUpload>(context, "GetMemberUpload", get);
      if (!sent.ok() && sent.error().transient()) continue;
    } else if (sent.ok()) {
      answer_by = DeadlineIn(kPatienceUnanswered);
    }
    if (!sent.ok()) return std::move(sent).error();
    upload = *std::move(sent);
  }
  if (context.interactive()) std::fprintf(stderr, "\n");
  return {};
}

// The upload of this file into this community: made by an earlier command that broke off, or now. `salt` makes another.
Result<pb::MemberUpload> MakeUpload(const Context& context, const std::string& community, const std::string& file,
                                    std::int64_t size, const std::string& salt) {
  const auto changed = std::filesystem::last_write_time(file).time_since_epoch().count();
  pb::CreateMemberUploadRequest create;
  create.set_parent(community);
  create.mutable_member_upload()->set_size(size);
  create.set_request_id(HashId(community + "\n" + std::filesystem::absolute(file).string() + "\n" +
                               std::to_string(size) + "\n" + std::to_string(changed) + "\n" + salt));
  return Call<pb::MemberUpload>(context, "CreateMemberUpload", create);
}

// For files that are too large for one request. The same command goes on with what it sent before, and imports nobody
// twice.
Result<pb::MemberImport> ImportInParts(const Context& context, const pb::ImportMembersRequest& rules,
                                       const std::string& file, std::int64_t size, const std::string& salt = "") {
  ASSIGN_OR_RETURN(const auto made, MakeUpload(context, rules.parent(), file, size, salt));
  pb::GetMemberUploadRequest get;
  get.set_name(made.name());
  auto upload = Call<pb::MemberUpload>(context, "GetMemberUpload", get);
  if (upload.ok()) {
    RETURN_IF_ERROR(Send(context, file, *upload));
  } else if (upload.error().reason != kUploadGone) {
    return std::move(upload).error();
  }
  pb::ImportUploadedMembersRequest request;
  request.set_name(made.name());
  request.set_bad_rows(rules.bad_rows());
  request.set_validate_only(rules.validate_only());
  *request.mutable_mapping() = rules.mapping();
  request.set_encoding(rules.encoding());
  request.set_channel(rules.channel());
  request.set_ignore_unknown_columns(rules.ignore_unknown_columns());
  request.set_request_id(rules.request_id());
  auto import =
      request.request_id().empty() ? ImportOnce(context, std::move(request)) : StartAndFollow(context, request);
  // It was never imported and has expired.
  if (!import.ok() && import.error().reason == kUploadGone && salt.empty())
    return ImportInParts(context, rules, file, size, Id::New().ToString());
  return import;
}

Result<pb::MemberImport> ImportFile(const Context& context, pb::ImportMembersRequest request, const std::string& file) {
  ASSIGN_OR_RETURN(const auto size, SizeOf(file));
  // What is true may have changed since the last check.
  if (request.validate_only() && request.request_id().empty()) request.set_request_id(Id::New().ToString());
  if (size > kMostBytes) return ImportInParts(context, request, file, size);
  request.mutable_csv()->set_content_type("text/csv");
  ASSIGN_OR_RETURN(*request.mutable_csv()->mutable_data(), ReadFile(file, 0, size));
  return request.request_id().empty() ? ImportOnce(context, std::move(request)) : StartAndFollow(context, request);
}

}  // namespace

void AddImport(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("import", "bring a CSV of people into a community (needs --key)");
  static std::string community, file, request_id;
  static std::vector<std::string> mapping;
  static int channel = 0;
  static bool skip = false, validate_only = false, ignore_unknown = false;
  command->add_option("--community", community, "id or name of the community")->required();
  command
      ->add_option("file", file,
                   "the CSV, whose header names the columns: display_name,external_id,channel,user_id,tags ...")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_flag("--skip-bad-rows", skip, "import the good rows; without it, one bad row refuses the file");
  command->add_flag("--validate-only", validate_only, "check everything, write nothing");
  command
      ->add_option("--map", mapping, "what a title of the file means: field:title, e.g. display_name:姓名; repeatable")
      ->allow_extra_args(false);
  command->add_option("--channel", channel, "channel of every user_id, if no column says it, e.g. wecom")
      ->transform([](const std::string& name) {
        std::string value = "CHANNEL_" + name;
        for (char& c : value) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        pb::Channel known{};
        return pb::Channel_Parse(value, &known) ? std::to_string(known) : name;
      });
  command->add_flag("--ignore-unknown-columns", ignore_unknown, "pass over columns that are neither known nor mapped");
  command->add_option("--request-id", request_id,
                      "idempotency key; default: made from the file, so that a retry is harmless (checks: a new one)");
  command->callback([&] {
    context.NeedKey();
    pb::ImportMembersRequest request;
    request.set_parent(community.starts_with("communities/") ? community : "communities/" + community);
    request.set_bad_rows(skip ? pb::BAD_ROWS_SKIP : pb::BAD_ROWS_REFUSE);
    request.set_validate_only(validate_only);
    request.set_request_id(request_id);
    for (const auto& item : mapping) request.add_mapping(item);
    request.set_channel(static_cast<pb::Channel>(channel));
    request.set_ignore_unknown_columns(ignore_unknown);
    auto finished = ImportFile(context, std::move(request), file);
    if (!finished.ok()) return Report(context, finished.error());
    Print(context, *finished, [&] { return Summary(*finished); });
    if (finished->bad_row_count() > 0) PrintRowErrors(context, finished->name());
    if (finished->state() == pb::IMPORT_STATE_FAILED) context.exit_code = kFailed;
  });
}

}  // namespace lanting::ctl
