#include "platform/rpc/status.h"

#include <algorithm>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace lanting::rpc {
namespace {

constexpr std::size_t kMaxDetailBytes = 4500;  // 6 KiB as base64, which leaves room for message and other trailers

struct CodeNames {
  const char* name;
  const char* metric;
};
constexpr CodeNames kCodes[] = {
    {"OK", "OK"},
    {"CANCELLED", "Canceled"},
    {"UNKNOWN", "Unknown"},
    {"INVALID_ARGUMENT", "InvalidArgument"},
    {"DEADLINE_EXCEEDED", "DeadlineExceeded"},
    {"NOT_FOUND", "NotFound"},
    {"ALREADY_EXISTS", "AlreadyExists"},
    {"PERMISSION_DENIED", "PermissionDenied"},
    {"RESOURCE_EXHAUSTED", "ResourceExhausted"},
    {"FAILED_PRECONDITION", "FailedPrecondition"},
    {"ABORTED", "Aborted"},
    {"OUT_OF_RANGE", "OutOfRange"},
    {"UNIMPLEMENTED", "Unimplemented"},
    {"INTERNAL", "Internal"},
    {"UNAVAILABLE", "Unavailable"},
    {"DATA_LOSS", "DataLoss"},
    {"UNAUTHENTICATED", "Unauthenticated"},
};

void AddViolations(const Error& error, google::rpc::ErrorInfo& info, google::rpc::BadRequest& bad_request) {
  std::size_t bytes = 0, omitted = 0;
  for (const auto& violation : error.violations) {
    bytes += 2 * violation.field.size() + violation.reason.size() + violation.description.size() + 16;
    if (bytes > kMaxDetailBytes) {
      ++omitted;
      continue;
    }
    auto* out = bad_request.add_field_violations();
    out->set_field(violation.field);
    out->set_description(violation.description);
    info.mutable_metadata()->insert({violation.field, violation.reason});
  }
  if (omitted > 0) (*info.mutable_metadata())["omitted_violations"] = std::to_string(omitted);
}

// What the transport or a stranger said, in our words.
Error FromForeign(int code, const std::string& message, const std::string& peer) {
  std::string said = peer + ": " + message;
  Error error;
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return errors::DependencyUnavailable(peer, std::move(said));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      error = errors::DeadlineExceeded();
      break;
    case grpc::StatusCode::CANCELLED:
      error = errors::Cancelled();
      break;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      // gRPC's own limit of a message: trying again is no use.
      if (message.find("larger than max") != std::string::npos) {
        error = {.code = Code::kInvalidArgument, .reason = "BODY_TOO_LARGE", .message = "The request is too large."};
      } else {
        error = errors::Overloaded(1000);
      }
      break;
    case grpc::StatusCode::UNAUTHENTICATED:
      error = errors::Unauthenticated();
      break;
    case grpc::StatusCode::UNIMPLEMENTED:
      error = {.code = Code::kUnimplemented, .reason = "UNIMPLEMENTED", .message = "The call is not implemented."};
      break;
    default:
      error = errors::Internal({});
      error.code = static_cast<Code>(std::clamp(code, 1, 16));
  }
  error.internal = std::move(said);
  return error;
}

bool Unpack(const google::rpc::Status& details, Error& error) {
  bool ours = false;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::RetryInfo retry;
  google::rpc::RequestInfo request;
  for (const auto& any : details.details()) {
    if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info)) {
      ours = info.domain() == kErrorDomain;
      error.reason = info.reason();
      error.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (any.Is<google::rpc::BadRequest>() && any.UnpackTo(&bad_request)) {
      continue;
    } else if (any.Is<google::rpc::RetryInfo>() && any.UnpackTo(&retry)) {
      error.retry_after_ms =
          static_cast<int>(retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1000000);
    } else if (any.Is<google::rpc::RequestInfo>() && any.UnpackTo(&request)) {
      error.internal = "error id " + request.request_id();
    }
  }
  for (const auto& violation : bad_request.field_violations()) {
    auto reason = error.metadata.find(violation.field());
    error.violations.push_back(
        {violation.field(), reason == error.metadata.end() ? std::string() : reason->second, violation.description()});
  }
  return ours;
}

}  // namespace

grpc::Status ToStatus(const Error& error) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(error.code));
  details.set_message(error.message);
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain(kErrorDomain);
  google::rpc::BadRequest bad_request;
  for (const auto& [key, value] : error.metadata) {
    bool of_violation = std::any_of(error.violations.begin(), error.violations.end(),
                                    [&key = key](const FieldViolation& v) { return v.field == key; });
    if (!of_violation) (*info.mutable_metadata())[key] = value;
  }
  AddViolations(error, info, bad_request);
  details.add_details()->PackFrom(info);
  if (bad_request.field_violations_size() > 0) details.add_details()->PackFrom(bad_request);
  if (error.retry_after_ms) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(*error.retry_after_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(*error.retry_after_ms % 1000 * 1000000);
    details.add_details()->PackFrom(retry);
  }
  if (auto id = error.metadata.find(kErrorId); id != error.metadata.end()) {
    google::rpc::RequestInfo request;
    request.set_request_id(id->second);
    details.add_details()->PackFrom(request);
  }
  return {static_cast<grpc::StatusCode>(error.code), error.message, details.SerializeAsString()};
}

Error FromStatus(const grpc::Status& status, const std::string& peer) {
  return FromStatus(status.error_code(), status.error_message(), status.error_details(), peer);
}

Error FromStatus(int code, const std::string& message, const std::string& details, const std::string& peer) {
  google::rpc::Status status;
  Error error{.code = static_cast<Code>(std::clamp(code, 1, 16)), .message = message};
  if (!details.empty() && status.ParseFromString(details) && Unpack(status, error)) return error;
  return FromForeign(code, message, peer);
}

const char* CodeName(int code) { return kCodes[code >= 0 && code <= 16 ? code : 2].name; }
const char* MetricCodeName(int code) { return kCodes[code >= 0 && code <= 16 ? code : 2].metric; }

}  // namespace lanting::rpc
