// Personal data in replies that are kept for retries (request_log): found and forgotten by the fields' `pii` rule, so
// that a new call needs no line here.
#pragma once

#include <string>
#include <vector>

namespace lanting::membership::reply_data {

// Whom to look for.
struct Subject {
  std::vector<std::string> names;        // of resources about the person; children of them are too
  std::vector<std::string> identifiers;  // what names the person wherever it stands
};

// The reply without the person: of each message about them (`name` or `member` is one of the names, or below it), every
// field with personal data is cleared. If an identifier still stands somewhere, the whole reply loses its personal
// data; a reply that is not understood, or would keep one even so, becomes empty.
std::string Forget(const std::string& method, const std::string& reply, const Subject& subject);

// What of the reply is about the person, as JSON, a message a line.
std::string PartsAbout(const std::string& method, const std::string& reply, const Subject& subject);

}  // namespace lanting::membership::reply_data
