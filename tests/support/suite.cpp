#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "audit/migrations.gen.h"
#include "lanting/membership/v1/tenant_service.pb.h"
#include "membership/migrations.gen.h"
#include "platform/base/strings.h"
#include "webhooks/migrations.gen.h"

namespace lanting::testing {

namespace pb = lanting::membership::v1;
namespace json = boost::json;

namespace {

constexpr const char* kIntrospectKey = "introspection-of-the-tests-0123456789abcdef";

constexpr int kCallTimeoutMs = 20'000;

std::string Binary(const char* variable) {
  const char* path = std::getenv(variable);
  if (path == nullptr) throw std::runtime_error(std::string(variable) + " is not set: run this test through ctest");
  return path;
}

std::string Address(int port) { return "127.0.0.1:" + std::to_string(port); }

}  // namespace

std::string Answer::reason() const {
  boost::system::error_code none;
  const auto* found = body.find_pointer("/error/details/0/reason", none);
  return found == nullptr ? "" : std::string(found->as_string());
}

std::string Answer::header(std::string_view name) const {
  return std::string(http::ClientResponse{.status = status, .headers = headers, .body = ""}.Header(name));
}

std::string Answer::text(std::string_view field) const {
  const auto* found = body.is_object() ? body.as_object().if_contains(field) : nullptr;
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
}

std::int64_t Answer::number(std::string_view field) const {
  const auto* found = body.is_object() ? body.as_object().if_contains(field) : nullptr;
  return found != nullptr && found->is_int64() ? found->as_int64() : -1;
}

int FreePort() {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

bool Eventually(const std::function<bool()>& done, int seconds) {
  const auto deadline = DeadlineIn(std::chrono::seconds(seconds));
  while (!done()) {
    if (Remaining(deadline).count() <= 0) return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

Suite::Suite(Options options) : options_(std::move(options)) {
  admin_key_ = "operator-key-of-the-tests-0123456789abcdef";
  char path[] = "/tmp/lanting-suite-XXXXXX";
  directory_ = ::mkdtemp(path);
  db_ = std::make_unique<PgDatabase>(std::vector<PgService>{
      {"membership", membership::kMigrations}, {"audit", audit::kMigrations}, {"webhooks", webhooks::kMigrations}});
  redis_ = std::make_unique<RedisFixture>();
  if (options_.webhooks) {
    webhooks_port_ = FreePort(), webhooks_admin_port_ = FreePort();
    webhooks_channel_ = std::make_unique<rpc::Channel>(Address(webhooks_port_), "webhooks");
  }
  for (int i = 0; i < options_.memberships; ++i) {
    for (auto* ports : {&grpc_ports_, &admin_ports_, &rest_ports_, &gateway_admin_ports_}) ports->push_back(FreePort());
    memberships_.emplace_back();
    channels_.push_back(std::make_unique<rpc::Channel>(Address(grpc_ports_[i]), "membership"));
    StartMembership(i);
    gateways_.push_back(std::make_unique<Child>(std::vector{Binary("LANTING_GATEWAY")},
                                                Env{{"LANTING_HTTP_ADDRESS", Address(rest_ports_[i])},
                                                    {"LANTING_ADMIN_ADDRESS", Address(gateway_admin_ports_[i])},
                                                    {"LANTING_UPSTREAMS", Upstreams(i)},
                                                    {"LANTING_INTROSPECT_KEY", kIntrospectKey},
                                                    {"LANTING_REDIS_URL", redis_->url()},
                                                    {"LANTING_KEY_RATE", "0"},
                                                    {"LANTING_TENANT_RATE", "0"}},
                                                Log("gateway" + std::to_string(i))));
  }
  if (options_.projector) {
    projector_ = std::make_unique<Child>(std::vector{Binary("LANTING_PROJECTOR")},
                                         Env{{"LANTING_PG_URL", db_->Url("audit", PgRole::kApp)},
                                             {"LANTING_REDIS_URL", redis_->url()},
                                             {"LANTING_SOURCES", "membership"},
                                             {"LANTING_AUDIT_TYPES", options_.projector_types}},
                                         Log("projector"));
  }
  if (options_.webhooks) StartWebhooks();
  for (int port : gateway_admin_ports_) WaitReady(port);
  key_ = NewTenant("兰亭书院");
}

Suite::~Suite() {
  projector_.reset();
  webhooks_.reset();
  gateways_.clear();
  memberships_.clear();
  std::filesystem::remove_all(directory_);
}

std::string Suite::Log(const std::string& name) const { return directory_ + "/" + name + ".log"; }

std::string Suite::MembershipLog(int i) const {
  std::ifstream in(Log("membership" + std::to_string(i)));
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Suite::Env Suite::MembershipEnv(int i) const {
  Env env{{"LANTING_PG_URL", db_->Url("membership", PgRole::kApp)},
          {"LANTING_PG_RELAY_URL", db_->Url("membership", PgRole::kRelay)},
          {"LANTING_REDIS_URL", redis_->url()},
          {"LANTING_GRPC_ADDRESS", Address(grpc_ports_[i])},
          {"LANTING_ADMIN_ADDRESS", Address(admin_ports_[i])},
          {"LANTING_ADMIN_KEY", admin_key_},
          {"LANTING_INTROSPECT_KEY", kIntrospectKey}};
  for (const auto& [name, value] : options_.membership_env) env[name] = value;
  return env;
}

void Suite::StartMembership(int i, const Env& extra) {
  auto env = MembershipEnv(i);
  for (const auto& [name, value] : extra) env[name] = value;
  memberships_[i].reset();
  memberships_[i] =
      std::make_unique<Child>(std::vector{Binary("LANTING_MEMBERSHIP")}, env, Log("membership" + std::to_string(i)));
  if (!extra.count("LANTING_FAULT")) WaitReady(admin_ports_[i]);
}

std::string Suite::Upstreams(int i) const {
  const auto membership = "lanting.membership.v1=" + Address(grpc_ports_[i]);
  return options_.webhooks ? membership + ",lanting.webhooks.v1=" + Address(webhooks_port_) : membership;
}

void Suite::StartWebhooks(const Env& extra) {
  Env env{{"LANTING_PG_URL", db_->Url("webhooks", PgRole::kApp)},
          {"LANTING_PG_RELAY_URL", db_->Url("webhooks", PgRole::kRelay)},
          {"LANTING_REDIS_URL", redis_->url()},
          {"LANTING_GRPC_ADDRESS", Address(webhooks_port_)},
          {"LANTING_ADMIN_ADDRESS", Address(webhooks_admin_port_)},
          {"LANTING_UPSTREAMS", Upstreams(0)},
          {"LANTING_INTROSPECT_KEY", kIntrospectKey},
          {"LANTING_SECRETS_KEY", std::string(64, '7')},
          {"LANTING_INSTANCE", "webhooks-0"},
          {"LANTING_WEBHOOK_ALLOW_HTTP", "true"},
          {"LANTING_WEBHOOK_ALLOW_PRIVATE", "true"}};
  for (const auto& [name, value] : extra) env[name] = value;
  webhooks_.reset();
  webhooks_ = std::make_unique<Child>(std::vector{Binary("LANTING_WEBHOOKS")}, env, Log("webhooks"));
  if (!extra.count("LANTING_FAULT")) WaitReady(webhooks_admin_port_);
}

void Suite::WaitReady(int port, int seconds) {
  auto ready = [&] {
    auto answer = http::Fetch("127.0.0.1", port, "GET", "/readyz", {}, "", DeadlineIn(std::chrono::seconds(1)));
    return answer.ok() && answer->status == 200;
  };
  if (!Eventually(ready, seconds)) {
    std::string logs;
    for (int i = 0; i < static_cast<int>(memberships_.size()); ++i) logs += MembershipLog(i);
    throw std::runtime_error("port " + std::to_string(port) + " is not ready; logs:\n" + logs);
  }
}

Answer Suite::CallAs(const std::string& key, const std::string& method, const std::string& path,
                     const std::string& body, http::HeaderList headers, int i) {
  bool typed = false;
  for (const auto& [name, value] : headers) typed = typed || name == "Content-Type";
  if (!body.empty() && !typed) headers.emplace_back("Content-Type", "application/json");
  if (!key.empty()) headers.emplace_back("Authorization", "Bearer " + key);
  auto response = http::Fetch("127.0.0.1", rest_ports_[i], method, path, headers, body,
                              DeadlineIn(std::chrono::milliseconds(kCallTimeoutMs)));
  Answer answer;
  if (!response.ok()) return answer;  // status 0: no answer
  answer.status = response->status;
  answer.headers = response->headers;
  boost::system::error_code not_json;
  answer.body = json::parse(response->body, not_json);
  return answer;
}

Answer Suite::Call(const std::string& method, const std::string& path, const std::string& body,
                   http::HeaderList headers, int i) {
  return CallAs(key_, method, path, body, std::move(headers), i);
}

std::string Suite::NewTenant(const std::string& display_name) {
  auto call = [&]<typename Reply>(const char* method, const auto& request, Reply) {
    auto reply = rpc::CallUnary<Reply>(channel(), std::string("/lanting.membership.v1.TenantService/") + method,
                                       request, {.authorization = "Bearer " + admin_key_});
    if (!reply.ok()) throw std::runtime_error(std::string(method) + ": " + reply.error().message);
    return std::move(reply).value();
  };
  pb::CreateTenantRequest tenant;
  tenant.mutable_tenant()->set_display_name(display_name);
  pb::CreateTenantKeyRequest key;
  key.set_parent(call("CreateTenant", tenant, pb::Tenant()).name());
  key.mutable_key()->set_display_name("tests");
  key.mutable_key()->add_scopes("*");
  return call("CreateTenantKey", key, pb::Key()).secret();
}

namespace {

// The distinct nicknames of the chat log in the folder that LANTING_TEST_DATA names; none without it.
std::vector<std::string> RealNicknames() {
  std::vector<std::string> names;
  const char* folder = std::getenv("LANTING_TEST_DATA");
  if (folder == nullptr) return names;
  auto log = std::string(folder) + "/chat/ubuntu-irc.tsv.gz";
  if (!std::filesystem::exists(log)) return names;
  FILE* pipe = ::popen(("zcat '" + log + "' | tail -n +2 | cut -f3 | grep -v '^ *$' | sort -u").c_str(), "r");
  char line[512];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
    std::string name(Trim(line));
    if (Utf8Length(name).value_or(0) > 0) names.push_back(name);
  }
  if (pipe != nullptr) ::pclose(pipe);
  return names;
}

}  // namespace

std::vector<std::string> Nicknames(std::size_t count) {
  static constexpr const char* kFirst[] = {"小明", "晓雯", "阿杰", "Rita", "老王",  "雨桐", "子轩",
                                           "Luna", "海燕", "一诺", "思远", "Kevin", "佳怡", "大鹏",
                                           "Echo", "梓涵", "建国", "Momo", "若曦",  "Tom"};
  static constexpr const char* kCity[] = {"深圳",   "上海", "北京", "杭州", "成都",
                                          "Taipei", "广州", "南京", "西安", "厦门"};
  static constexpr const char* kTrade[] = {"产品", "文案", "设计", "dev", "运营", "教育", "音乐", "HR", "法务", "电商"};
  auto names = RealNicknames();
  for (std::size_t n = 0; names.size() < count; ++n) {
    auto name = std::string(kCity[n / 20 % 10]) + "-" + kFirst[n % 20] + "-" + kTrade[n / 200 % 10];
    names.push_back(n < 2000 ? name : name + std::to_string(n / 2000));
  }
  names.resize(count);
  return names;
}

std::string PeopleCsv(const std::vector<std::string>& nicknames) {
  std::string csv = "\xef\xbb\xbf昵称,external_id,渠道,渠道用户编号,期望\r\n";
  for (std::size_t i = 0; i < nicknames.size(); ++i) {
    std::string quoted;
    for (char c : nicknames[i]) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    csv += "\"" + quoted + "\",crm-" + std::to_string(i) + ",wecom,wm" + std::to_string(100000 + i) +
           ",\"认识同行, 多学一点\"\r\n";
  }
  return csv;
}

}  // namespace lanting::testing
