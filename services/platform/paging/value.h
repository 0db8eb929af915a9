// Values as they travel between a caller's text and a PostgreSQL parameter, shared by filter, order_by and page token.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lanting::paging {

// A scalar parameter in PostgreSQL's text form, as pg::Param takes it.
using Param = std::optional<std::string>;

enum class Type {
  kString,  // text
  kInt,     // bigint and smaller
  kBool,    // boolean
  kTime,    // timestamptz
  kEnum,    // its number
  kId,      // uuid; 26 characters towards the caller
};

// The text PostgreSQL reads without an error, or nullopt if `text` is no value of the type. A time is RFC 3339 (also
// with a space for T and an offset without minutes, as PostgreSQL prints it), cut to microseconds; an enum is its
// number.
std::optional<std::string> ToSqlText(Type type, std::string_view text);

// "$3::timestamptz"
std::string Placeholder(std::size_t number, Type type);

}  // namespace lanting::paging
