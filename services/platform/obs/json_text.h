// Writing JSON strings without a document model: for the log and the readiness page.
#pragma once

#include <string>
#include <string_view>

namespace lanting::obs {

// Appends `text` as a JSON string with its quotes. Bytes that are not well-formed UTF-8 become U+FFFD, so the result
// is always valid JSON.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace lanting::obs
