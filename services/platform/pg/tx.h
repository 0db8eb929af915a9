// Tx: an open transaction bound to one tenant; the only way to run SQL against a service's tables.
//
// The tenant setting is made in the same round trip as BEGIN and is local to the transaction, so it cannot leak to the
// next user of the connection (also behind PgBouncer in transaction mode). Row-level security does the rest.
#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::pg {

// A prepared statement. Constants in <service>/store/sql.h; the name is unique within a service.
struct Statement {
  const char* name;
  const char* sql;
};

// Raw bytes for a bytea parameter (libpqxx 6 cuts a std::string at the first NUL).
struct Bytes {
  std::string_view data;
};

// A parameter: a scalar in PostgreSQL's text form, an array in its binary form.
struct Param {
  Param() = default;  // NULL
  Param(std::string v, bool is_binary = false) : value(std::move(v)), binary(is_binary) {}
  Param(std::optional<std::string> v) : value(std::move(v)) {}

  std::optional<std::string> value;
  bool binary = false;
};

Param ToParam(const char* v);
Param ToParam(std::string_view v);
Param ToParam(const std::string& v);
Param ToParam(bool v);
Param ToParam(std::int32_t v);
Param ToParam(std::int64_t v);
Param ToParam(const Id& v);  // nil is NULL
Param ToParam(Time v);
Param ToParam(Bytes v);
inline Param ToParam(std::nullopt_t) { return {}; }
template <typename T>
Param ToParam(const std::optional<T>& v) {
  return v ? ToParam(*v) : Param();
}

// PostgreSQL's number of the type of an array element (catalog pg_type).
template <typename T>
inline constexpr std::uint32_t kTypeOid = T::has_no_array_parameter;
template <>
inline constexpr std::uint32_t kTypeOid<Id> = 2950;  // uuid
template <>
inline constexpr std::uint32_t kTypeOid<std::string> = 25;  // text
template <>
inline constexpr std::uint32_t kTypeOid<std::string_view> = 25;
template <>
inline constexpr std::uint32_t kTypeOid<std::int32_t> = 23;  // int
template <>
inline constexpr std::uint32_t kTypeOid<std::int64_t> = 20;  // bigint
template <>
inline constexpr std::uint32_t kTypeOid<Time> = 1184;  // timestamptz
template <>
inline constexpr std::uint32_t kTypeOid<Bytes> = 17;  // bytea
template <typename T>
inline constexpr std::uint32_t kTypeOid<std::optional<T>> = kTypeOid<T>;

// Builds a one-dimensional array parameter, for unnest($1::uuid[]). In binary form: an import writes thousands of
// elements a statement, and to print and parse their text took a third of its time. So the array in the statement must
// be of exactly the type: int[] for std::int32_t, also where a column is smallint.
class ArrayBuilder {
 public:
  explicit ArrayBuilder(std::uint32_t type_oid);
  void Add(std::string_view v);
  void Add(const std::string& v) { Add(std::string_view(v)); }
  void Add(std::int32_t v);
  void Add(std::int64_t v);
  void Add(const Id& v);  // nil is NULL
  void Add(Time v);
  void Add(Bytes v);
  template <typename T>
  void Add(const std::optional<T>& v) {
    if (v) {
      Add(*v);
    } else {
      AddNull();
    }
  }
  void AddNull();
  Param Finish() &&;

 private:
  void AddBytes(std::string_view v);

  std::string bytes_;
  std::int32_t count_ = 0;
};
template <typename T>
Param ToParam(const std::vector<T>& v) {
  ArrayBuilder array(kTypeOid<T>);
  for (const auto& e : v) array.Add(e);
  return std::move(array).Finish();
}

// Reading fields. A NULL where none is expected is a programming error and throws.
Id GetId(const pqxx::field& f);
Time GetTime(const pqxx::field& f);
std::optional<Time> GetOptionalTime(const pqxx::field& f);
std::optional<Id> GetOptionalId(const pqxx::field& f);
std::string GetString(const pqxx::field& f);  // NULL is ""
std::string GetBytes(const pqxx::field& f);
std::int64_t GetInt(const pqxx::field& f);
std::int32_t GetInt32(const pqxx::field& f);
bool GetBool(const pqxx::field& f);
std::vector<std::string> GetStringArray(const pqxx::field& f);

class Connection;  // pool.h

class Tx {
 public:
  Tx(Connection& connection, const Id& tenant, Deadline deadline)
      : connection_(connection), tenant_(tenant), deadline_(deadline) {}
  Tx(const Tx&) = delete;

  const Id& tenant() const { return tenant_; }
  Deadline deadline() const { return deadline_; }

  template <typename... P>
  pqxx::result Run(const Statement& statement, const P&... params) {
    return RunParams(statement, {ToParam(params)...});
  }
  // Throws pqxx exceptions, and DeadlinePassed (sql_error.h) without sending; InTenantTx turns them into Errors.
  pqxx::result RunParams(const Statement& statement, const std::vector<Param>& params);
  // For a statement whose text depends on the request (filters): unprepared, one round trip.
  pqxx::result RunDynamic(const std::string& sql, const std::vector<Param>& params);

 private:
  void CheckDeadline() const;

  Connection& connection_;
  Id tenant_;
  Deadline deadline_;
};

}  // namespace lanting::pg
