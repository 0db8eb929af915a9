// What gRPC and protobuf have to say, in our log.
#pragma once

namespace lanting::rpc {

// Both write text to stderr else, where our log is JSON. Once per process, before the first server or channel; again:
// does nothing. gRPC's errors are warnings of ours; protobuf complains about what callers send, and they are told:
// debug.
void InstallLogHandlers();

}  // namespace lanting::rpc
