// JSON lines on stderr, one per event: {"time":..,"level":..,"service":..,"msg":..,<fields>}. Never personal data,
// never a credential. Trace id, tenant and method are fields; a field without a value is left out.
//
//   obs::Info("import finished", {{"tenant", id}, {"rows", "10000"}});
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace lanting::obs {

using Field = std::pair<std::string_view, std::string>;
using Fields = std::initializer_list<Field>;

// Once at start. level: debug | info | warn | error.
void InitLog(std::string service, std::string_view level);

// Whether Info writes anything: for a line of each request, whose fields cost something to make.
bool InfoIsOn();

void Debug(std::string_view msg, Fields fields = {});
void Info(std::string_view msg, Fields fields = {});
void Warn(std::string_view msg, Fields fields = {});
void LogError(std::string_view msg, Fields fields = {});

}  // namespace lanting::obs
