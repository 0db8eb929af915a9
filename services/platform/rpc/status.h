// Error <-> grpc::Status with google.rpc.Status in grpc-status-details-bin (AIP-193): one ErrorInfo with domain
// "lanting"; BadRequest with the violations; RetryInfo; RequestInfo when the error has an error id (INTERNAL).
//
// A violation's reason travels as ErrorInfo.metadata[field], since BadRequest has no place for it. Trailing metadata of
// many clients is bounded at 8 KiB, so the details are too: violations that do not fit are left out and counted in
// metadata "omitted_violations". `Error.internal` never travels.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "platform/base/error.h"

namespace lanting::rpc {

inline constexpr const char* kErrorDomain = "lanting";
// Key of Error.metadata under which the id of an INTERNAL error travels: the same id is in the log.
inline constexpr const char* kErrorId = "error_id";

grpc::Status ToStatus(const Error& error);
// `peer` names the dependency in errors that the transport made ("membership"). A status that is not Lanting's keeps
// its code, but for gRPC's limit of a message, which is INVALID_ARGUMENT BODY_TOO_LARGE; its text goes into `internal`,
// since it may name addresses.
Error FromStatus(const grpc::Status& status, const std::string& peer = "upstream");
// The same, from what came over the wire: `details` is a serialised google.rpc.Status, or empty.
Error FromStatus(int code, const std::string& message, const std::string& details, const std::string& peer);

// "NOT_FOUND", and the form of go-grpc-middleware's metrics: "NotFound". 0 is OK.
const char* CodeName(int code);
const char* MetricCodeName(int code);

}  // namespace lanting::rpc
