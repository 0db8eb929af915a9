// What writes to a connection that the other side has closed must get an error, not a signal that ends the process.
#pragma once

namespace lanting {

// For libraries that write without MSG_NOSIGNAL (hiredis, OpenSSL under curl): ignores SIGPIPE, unless the process has
// a handler for it. Once for the process, whoever calls.
void IgnoreBrokenPipes();

}  // namespace lanting
