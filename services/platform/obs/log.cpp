#include "platform/obs/log.h"

#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <ctime>
#include <memory>

#include "platform/obs/json_text.h"

namespace lanting::obs {
namespace {

// A longer value is cut: a log line is for reading, not for storage.
constexpr std::size_t kMaxValueBytes = 4096;

// Writes {"time":..,"level":..,"service":..,<payload>}: the payload is already the text of JSON members.
class JsonFormatter final : public spdlog::formatter {
 public:
  explicit JsonFormatter(std::string service) { AppendJsonString(service_, service); }

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& out) override {
    auto since_epoch = msg.time.time_since_epoch();
    std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
    auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count() % 1'000'000;
    char fraction[6];
    for (int i = 6; i-- > 0; micros /= 10) fraction[i] = static_cast<char>('0' + micros % 10);
    Append(out, TimeToTheSecond(seconds));
    Append(out, {fraction, sizeof fraction});
    Append(out, "Z\",\"level\":\"");
    Append(out, LevelName(msg.level));
    Append(out, "\",\"service\":");
    Append(out, service_);
    Append(out, ",");
    Append(out, {msg.payload.data(), msg.payload.size()});
    Append(out, "}\n");
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(*this); }

 private:
  static void Append(spdlog::memory_buf_t& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
  }
  static std::string_view LevelName(spdlog::level::level_enum level) {
    switch (level) {
      case spdlog::level::debug:
        return "debug";
      case spdlog::level::warn:
        return "warn";
      case spdlog::level::err:
        return "error";
      default:
        return "info";
    }
  }
  // Made once a second. The sink formats one line at a time.
  std::string_view TimeToTheSecond(std::time_t seconds) {
    if (seconds != second_) {
      std::tm utc{};
      gmtime_r(&seconds, &utc);
      char text[64];
      int length = std::snprintf(text, sizeof text, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.", utc.tm_year + 1900,
                                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
      to_the_second_.assign(text, static_cast<std::size_t>(length));
      second_ = seconds;
    }
    return to_the_second_;
  }

  std::string service_;  // as JSON
  std::time_t second_ = -1;
  std::string to_the_second_;
};

std::shared_ptr<spdlog::logger> MakeLogger(std::string service, spdlog::level::level_enum level) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("lanting", std::move(sink));
  logger->set_formatter(std::make_unique<JsonFormatter>(std::move(service)));
  logger->set_level(level);
  return logger;
}

// Never destroyed: threads may log while the process ends.
std::atomic<std::shared_ptr<spdlog::logger>>& Logger() {
  static auto& logger = *new std::atomic<std::shared_ptr<spdlog::logger>>(MakeLogger("", spdlog::level::info));
  return logger;
}

std::atomic<bool> info_is_on{true};

void Log(spdlog::level::level_enum level, std::string_view msg, Fields fields) noexcept {
  try {
    auto logger = Logger().load();
    if (!logger->should_log(level)) return;
    std::string line = "\"msg\":";
    AppendJsonString(line, msg.substr(0, kMaxValueBytes));
    for (const auto& [name, value] : fields) {
      if (value.empty()) continue;
      line.push_back(',');
      AppendJsonString(line, name);
      line.push_back(':');
      AppendJsonString(line, std::string_view(value).substr(0, kMaxValueBytes));
    }
    logger->log(level, spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {  // a log line is never worth a request
  }
}

}  // namespace

void InitLog(std::string service, std::string_view level) {
  auto bound = level == "debug"   ? spdlog::level::debug
               : level == "warn"  ? spdlog::level::warn
               : level == "error" ? spdlog::level::err
                                  : spdlog::level::info;
  Logger().store(MakeLogger(std::move(service), bound));
  info_is_on.store(bound <= spdlog::level::info, std::memory_order_relaxed);
}

bool InfoIsOn() { return info_is_on.load(std::memory_order_relaxed); }

void Debug(std::string_view msg, Fields fields) { Log(spdlog::level::debug, msg, fields); }
void Info(std::string_view msg, Fields fields) { Log(spdlog::level::info, msg, fields); }
void Warn(std::string_view msg, Fields fields) { Log(spdlog::level::warn, msg, fields); }
void LogError(std::string_view msg, Fields fields) { Log(spdlog::level::err, msg, fields); }

}  // namespace lanting::obs
