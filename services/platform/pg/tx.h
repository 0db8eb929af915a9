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

// A parameter in PostgreSQL's text form; nullopt is NULL.
using Param = std::optional<std::string>;

Param ToParam(const char* v);
Param ToParam(std::string_view v);
Param ToParam(const std::string& v);
Param ToParam(bool v);
Param ToParam(std::int32_t v);
Param ToParam(std::int64_t v);
Param ToParam(const Id& v);  // nil is NULL
Param ToParam(Time v);
Param ToParam(Bytes v);
inline Param ToParam(std::nullopt_t) { return std::nullopt; }
inline Param ToParam(Param v);  // passes through
template <typename T>
Param ToParam(const std::optional<T>& v) {
  return v ? ToParam(*v) : std::nullopt;
}
// A one-dimensional array literal for unnest($1::text[]).
std::string ArrayLiteral(const std::vector<Param>& elements);
template <typename T>
Param ToParam(const std::vector<T>& v) {
  std::vector<Param> elements;
  elements.reserve(v.size());
  for (const auto& e : v) elements.push_back(ToParam(e));
  return ArrayLiteral(elements);
}
inline Param ToParam(Param v) { return v; }

// Reading fields. A NULL where none is expected is a programming error and throws.
Id GetId(const pqxx::field& f);
Time GetTime(const pqxx::field& f);
std::optional<Time> GetOptionalTime(const pqxx::field& f);
std::optional<Id> GetOptionalId(const pqxx::field& f);
std::string GetString(const pqxx::field& f);  // NULL is ""
std::string GetBytes(const pqxx::field& f);
std::int64_t GetInt(const pqxx::field& f);
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
