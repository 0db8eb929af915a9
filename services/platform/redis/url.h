// The address of a Redis server.
#pragma once

#include <string>

#include "platform/base/result.h"

namespace lanting::redis {

struct Address {
  std::string unix_path;  // empty: TCP
  std::string host;
  int port = 6379;
  int db = 0;
  std::string user, password;
};

// redis://[[user]:password@]host[:port][/db] or unix:///path[?db=n]; INVALID_ARGUMENT otherwise. The message never
// holds the password.
Result<Address> ParseUrl(const std::string& url);

}  // namespace lanting::redis
