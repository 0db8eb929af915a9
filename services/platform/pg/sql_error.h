// What went wrong in a transaction, read from whatever was thrown, and the Error it becomes.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "platform/base/error.h"
#include "platform/pg/pool.h"

namespace lanting::pg {

struct Failure {
  std::string sqlstate;    // empty if the server sent none
  std::string constraint;  // of class 23, where the server names it
  std::string text;        // first line only: the others quote values of rows
  bool lost = false;       // the session is gone
  bool deadline = false;   // the caller's deadline passed between two statements
  bool claiming = false;   // 55P03 was met while taking the claim of a request: a twin holds it
  bool retryable() const { return sqlstate == "40001" || sqlstate == "40P01"; }
};

// Thrown by Tx instead of sending a statement after the deadline.
struct DeadlinePassed : std::exception {
  const char* what() const noexcept override { return "deadline passed inside a transaction"; }
};

// Thrown instead of the lock timeout (55P03) of the statement that takes the claims of requests.
struct ClaimTimeout : std::exception {
  const char* what() const noexcept override { return "lock timeout at the claim of a request"; }
};

// Call in a catch block.
Failure CurrentFailure();
// The mapping that pool.h documents.
Error ToError(const Failure& failure, const ConstraintErrors& constraints);

}  // namespace lanting::pg
