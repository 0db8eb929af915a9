// How values stand in the cells of a CSV of people, both ways: what an export writes, an import reads back exactly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/member.h"

namespace lanting::membership::cells {

// A spreadsheet takes a cell that begins with = + - @ (also full-width), a tab or a carriage return for a formula, and
// runs it. An export puts an apostrophe before it, and before the apostrophes of a text that looks so protected; an
// import takes one apostrophe away from such a cell, and leaves all others as they are.
std::string Protect(std::string_view text);
std::string_view Unprotect(std::string_view cell);

// Tags in one cell: divided by ; (read also: ； and |), a backslash before one that is part of a tag. White space
// around a tag is no part of it, and nothing between two separators is no tag.
std::vector<std::string> SplitTags(std::string_view cell);
std::string JoinTags(const std::vector<std::string>& tags);

// "POTENTIAL", "CUSTOMER_CLASS_POTENTIAL", "潜在客户", "潜在", in any case; kUnspecified for "" and for what is not
// known.
CustomerClass ParseCustomerClass(std::string_view text);
// "POTENTIAL"; "" for kUnspecified.
std::string_view CustomerClassName(CustomerClass customer_class);

// Appends a cell, quoted where the form of the file needs it.
void AppendCell(std::string_view text, std::string& out);
// Appends a row that ends with CRLF (RFC 4180).
void AppendRow(const std::vector<std::string>& row, std::string& out);

}  // namespace lanting::membership::cells
