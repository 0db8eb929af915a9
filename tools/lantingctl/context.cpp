#include "context.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "platform/base/strings.h"
#include "platform/obs/json_text.h"

namespace lanting::ctl {

void Context::NeedKey() const {
  if (key.empty()) throw CLI::RequiredError("a tenant's service key in LANTING_KEY (or --key)");
}

void Context::NeedAdminKey() const {
  if (admin_key.empty()) throw CLI::RequiredError("the operator's key in LANTING_ADMIN_KEY (or --admin-key)");
}

bool Context::interactive() const { return !json && isatty(STDERR_FILENO); }

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string out;
  // Our own messages always print: they hold no Any of an unknown type.
  (void)google::protobuf::util::MessageToJsonString(message, &out, options);
  return out;
}

std::string ToJson(std::string_view text) {
  std::string out;
  obs::AppendJsonString(out, text);
  return out;
}

void Print(const Context& context, const google::protobuf::Message& message, const std::function<std::string()>& text) {
  std::printf("%s\n", (context.json ? ToJson(message) : text()).c_str());
}

namespace {

// Columns on a terminal: Chinese characters and emoji take two.
std::size_t Width(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) == 0x80) continue;
    width += byte >= 0xe3 ? 2 : 1;
  }
  return width;
}

// {"reason","message","metadata":{...},"violations":[{"field","reason","description"}]}
std::string ToJson(const Error& error) {
  auto pair = [](std::string_view name, std::string_view value) {
    return ctl::ToJson(name) + ":" + ctl::ToJson(value);
  };
  std::string metadata, violations;
  for (const auto& [name, value] : error.metadata) metadata += (metadata.empty() ? "" : ",") + pair(name, value);
  for (const auto& v : error.violations) {
    violations += (violations.empty() ? "{" : ",{") + pair("field", v.field) + "," + pair("reason", v.reason) + "," +
                  pair("description", v.description) + "}";
  }
  return "{" + pair("reason", error.reason) + "," + pair("message", error.message) + ",\"metadata\":{" + metadata +
         "},\"violations\":[" + violations + "]}";
}

}  // namespace

void PrintTable(const Cells& header, const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& cell : header) widths.push_back(Width(cell));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  auto print = [&](const Cells& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    std::printf("%s\n", line.c_str());
  };
  print(header);
  for (const auto& row : rows) print(row);
}

void Report(Context& context, const Error& error) {
  context.exit_code =
      error.code == Code::kUnavailable || error.code == Code::kDeadlineExceeded ? kUnavailable : kFailed;
  if (context.json) {
    std::fprintf(stderr, "%s\n", ToJson(error).c_str());
    return;
  }
  std::fprintf(stderr, "lantingctl: %s (%s)\n", error.message.c_str(), error.reason.c_str());
  for (const auto& v : error.violations) std::fprintf(stderr, "  %s: %s\n", v.field.c_str(), v.description.c_str());
  auto dependency = error.metadata.find("dependency");
  if (dependency != error.metadata.end()) {
    std::fprintf(stderr, "  dependency: %s%s%s\n", dependency->second.c_str(), error.internal.empty() ? "" : ": ",
                 error.internal.c_str());
  }
}

}  // namespace lanting::ctl
