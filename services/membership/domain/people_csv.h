// The columns of a CSV of people and what a row of it says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/channel.h"
#include "membership/domain/csv.h"
#include "platform/base/result.h"

namespace lanting::membership {

enum class Column { kDisplayName, kExternalId, kChannel, kUserId, kExpectation };

// API name of a column, as it is reported: "display_name".
std::string_view ColumnName(Column column);

inline constexpr int kMaxImportRows = 100'000;
inline constexpr std::size_t kMaxImportBytes = 16 * 1024 * 1024;

// What the header row says: which column stands where. English and Chinese names, case ignored.
struct Header {
  std::vector<Column> columns;
};
Result<Header> ParseHeader(const std::vector<std::string>& fields);

// Reads the whole file for its form: header, quotes, row and byte limits. The number of data rows.
Result<int> CheckFile(std::string_view text);

}  // namespace lanting::membership
