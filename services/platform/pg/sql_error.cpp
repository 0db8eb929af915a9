#include "platform/pg/sql_error.h"

#include <pqxx/pqxx>

namespace lanting::pg {
namespace {

constexpr std::string_view kConstraintField = "\nCONSTRAINT NAME:  ";
constexpr int kBusyRetryMs = 1000;

std::string FirstLine(std::string_view what) { return std::string(what.substr(0, what.find('\n'))); }

// The field comes after DETAIL and CONTEXT in a verbose message, so the last occurrence is the server's own.
std::string ConstraintName(std::string_view what) {
  auto at = what.rfind(kConstraintField);
  return at == what.npos ? "" : FirstLine(what.substr(at + kConstraintField.size()));
}

}  // namespace

Failure CurrentFailure() {
  Failure f;
  try {
    throw;
  } catch (const DeadlinePassed& e) {
    f.text = e.what();
    f.deadline = true;
  } catch (const ClaimTimeout& e) {
    f.text = e.what();
    f.sqlstate = "55P03";
    f.claiming = true;
  } catch (const pqxx::serialization_failure& e) {  // transaction_rollback is not a sql_error and has no sqlstate()
    f.text = FirstLine(e.what());
    f.sqlstate = "40001";
  } catch (const pqxx::deadlock_detected& e) {
    f.text = FirstLine(e.what());
    f.sqlstate = "40P01";
  } catch (const pqxx::broken_connection& e) {
    f.text = FirstLine(e.what());
    f.lost = true;
  } catch (const pqxx::sql_error& e) {
    f.text = FirstLine(e.what());
    f.sqlstate = e.sqlstate();
    f.constraint = ConstraintName(e.what());
    f.lost = f.sqlstate.starts_with("57P") || f.sqlstate.starts_with("08") || f.sqlstate == "25P03";
  } catch (const std::exception& e) {
    f.text = FirstLine(e.what());
  }
  return f;
}

Error ToError(const Failure& f, const ConstraintErrors& constraints) {
  std::string internal = f.sqlstate.empty() ? f.text : f.sqlstate + ": " + f.text;
  auto with = [&](Error e) {
    e.internal = internal;
    return e;
  };
  if (f.deadline || f.sqlstate == "57014") return with(errors::DeadlineExceeded());
  if (f.lost || f.sqlstate.starts_with("53")) return errors::DependencyUnavailable("postgres", internal);
  if (f.retryable()) return with(errors::ConcurrentWrite());
  if (f.sqlstate == "55P03") return with(f.claiming ? errors::RequestInProgress() : errors::Busy(kBusyRetryMs));
  if (f.sqlstate.starts_with("23") && constraints) {
    if (auto mapped = constraints(f.constraint)) return *std::move(mapped);
  }
  return errors::Internal(internal);
}

}  // namespace lanting::pg
