#include "gateway/transcode/request_binder.h"

#include <google/protobuf/field_mask.pb.h>
#include <lanting/common/v1/raw_body.pb.h>

#include <algorithm>

#include "gateway/transcode/field_parse.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/percent.h"
#include "gateway/transcode/query_binder.h"
#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;

Error Refuse(std::string reason, std::string message) {
  return {.code = Code::kInvalidArgument, .reason = std::move(reason), .message = std::move(message)};
}

Error Unsupported(std::string message) { return Refuse("UNSUPPORTED_MEDIA_TYPE", std::move(message)); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

// Nothing here unpacks: what is packed would be stored as it came, or refused as broken text.
Result<void> CheckContentEncoding(const http::Request& request) {
  if (request.Count("content-encoding") == 0) return {};
  for (const auto& [name, value] : request.headers) {
    if (Lower(name) != "content-encoding") continue;
    for (std::string_view coding : Split(value, ',')) {
      coding = Trim(coding);
      if (!coding.empty() && Lower(coding) != "identity")
        return Unsupported("Content-Encoding is not supported: send the body as it is, or packed with gzip.");
    }
  }
  return {};
}

// `accepts` says of the lower-case "type/subtype" whether the route takes it; `expected` is what to send instead.
template <typename Accepts>
Result<void> CheckContentType(std::string_view header, Accepts accepts, const char* expected) {
  const auto parts = Split(header, ';');
  if (!accepts(Lower(Trim(parts[0])))) return Unsupported(expected);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string parameter = Lower(Trim(parts[i]));
    const auto equals = parameter.find('=');
    if (equals == std::string::npos || Trim(std::string_view(parameter).substr(0, equals)) != "charset") continue;
    const std::string_view charset = Trim(std::string_view(parameter).substr(equals + 1));
    if (charset != "utf-8" && charset != "\"utf-8\"")
      return Unsupported("The body must be UTF-8: send it as that, with `charset=utf-8` or without a charset.");
  }
  return {};
}

// A form or JSON is never the file itself: a client that sends one would have its wrapping stored as data.
bool IsFile(const std::string& type) {
  return type != "application/json" && type != "application/x-www-form-urlencoded" && !type.starts_with("multipart/");
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

class Binder {
 public:
  Binder(const RouteTable::Match& match, const http::Request& request)
      : match_(match), route_(*match.route), request_(request) {
    const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(route_.method->input_type());
    message_.reset(prototype->New());
  }

  Result<std::unique_ptr<pb::Message>> Bind(std::string_view query) {
    RETURN_IF_ERROR(Body());
    for (std::size_t i = 0; i < route_.bindings.size(); ++i) Path(route_.bindings[i], match_.values[i]);
    BindQuery(route_, query, message_.get(), &violations_);
    IdempotencyKey();
    IfMatch();
    IfNoneMatch();
    if (!violations_.empty()) return errors::InvalidFields(std::move(violations_));
    DerivedMask();
    return std::move(message_);
  }

 private:
  void Violate(std::string field, const char* reason, std::string description) {
    violations_.push_back({std::move(field), reason, std::move(description)});
  }
  void Violate(const FieldPath& field, const char* reason, std::string description) {
    Violate(JsonPath(field), reason, std::move(description));
  }

  Result<void> Body() {
    RETURN_IF_ERROR(CheckContentEncoding(request_));
    switch (route_.body) {
      case Route::Body::kNone:
        if (!request_.body.empty()) return Refuse("MALFORMED_REQUEST", "This call takes no body.");
        return {};
      case Route::Body::kRaw: {
        auto* raw = static_cast<common::v1::RawBody*>(
            message_->GetReflection()->MutableMessage(message_.get(), route_.body_field));
        const std::string_view type = request_.Header("content-type");
        if (!Utf8Length(type)) return Unsupported("The Content-Type is not valid text.");
        RETURN_IF_ERROR(CheckContentType(
            type, IsFile, "The body must be the file itself, not a form or JSON: send `Content-Type: text/csv`."));
        raw->set_content_type(std::string(type));
        raw->set_data(request_.body);
        return {};
      }
      default:
        return JsonBody();
    }
  }

  Result<void> JsonBody() {
    if (request_.body.empty()) return {};
    RETURN_IF_ERROR(CheckContentType(
        request_.Header("content-type"), [](const std::string& type) { return type == "application/json"; },
        "The body must be JSON: send `Content-Type: application/json`."));
    if (request_.body.size() > kMaxJsonBytes)
      return Refuse("BODY_TOO_LARGE", "A JSON body has at most " + std::to_string(kMaxJsonBytes) + " bytes.");
    auto malformed = ReadJson({.text = request_.body,
                               .message = message_.get(),
                               .field = route_.body_field,
                               .mask = route_.update_mask != nullptr ? &mask_ : nullptr},
                              &violations_);
    if (malformed) return *std::move(malformed);
    return {};
  }

  // The text of `value` into a field that may have been given already: then both must be the same.
  void PutOnce(const FieldPath& path, std::string_view value, const char* where) {
    pb::Message* message = message_.get();
    for (const auto* field : path)
      if (field != path.back()) message = message->GetReflection()->MutableMessage(message, field);
    std::unique_ptr<pb::Message> probe(message->New());
    if (auto fault = PutScalar(probe.get(), path.back(), {Origin::kUrl, value}))
      return Violate(path, fault->reason, std::move(fault->description));
    if (!message->GetReflection()->HasField(*message, path.back())) {
      PutScalar(message, path.back(), {Origin::kUrl, value});
      return;
    }
    std::string before, now;
    AppendFieldJson(*message, path.back(), &before);
    AppendFieldJson(*probe, path.back(), &now);
    if (before != now) Violate(path, "CONFLICTING_VALUES", std::string("differs from the value in the ") + where);
  }

  void Path(const Route::Binding& binding, std::string_view raw) {
    const auto value = PercentDecode(raw, binding.variable.multi);
    if (!value) return Violate(binding.field, "INVALID_VALUE", "must be percent-encoded UTF-8 without NUL");
    PutOnce(binding.field, *value, "path");
  }

  void IdempotencyKey() {
    if (route_.request_id == nullptr || request_.Count("idempotency-key") == 0) return;
    const std::string_view key = Trim(request_.Header("idempotency-key"));
    if (key.empty() || key.size() > 255 || !IsPrintable(key))
      return Violate("Idempotency-Key", "INVALID_FORMAT", "must be 1 to 255 printable ASCII characters");
    PutOnce({route_.request_id}, key, "header Idempotency-Key");
  }

  void IfMatch() {
    if (request_.Count("if-match") == 0) return;
    if (route_.etag.empty()) {
      // To write as if it had not been there would be to overwrite what its sender wanted to keep.
      if (route_.http_method != "GET") Violate("If-Match", "UNKNOWN_PARAMETER", "this call cannot be made conditional");
      return;
    }
    const std::string_view etag = Trim(request_.Header("if-match"));
    if (etag == "*") return;
    if (!etag.starts_with('"') || etag.size() < 2 || etag.find('"', 1) != etag.size() - 1 || !IsPrintable(etag))
      return Violate("If-Match", "INVALID_FORMAT", "must be one strong entity tag of printable ASCII, with its quotes");
    PutOnce(route_.etag, etag, "header If-Match");
  }

  void IfNoneMatch() {
    if (!IsPrintable(request_.Header("if-none-match")))
      Violate("If-None-Match", "INVALID_FORMAT", "must be entity tags of printable ASCII");
  }

  // AIP-134: a PATCH without a mask changes the fields that its body names.
  void DerivedMask() {
    if (route_.update_mask == nullptr || request_.body.empty()) return;
    auto* mask =
        static_cast<pb::FieldMask*>(message_->GetReflection()->MutableMessage(message_.get(), route_.update_mask));
    if (mask->paths_size() > 0) return;
    for (std::string& path : mask_) mask->add_paths(std::move(path));
  }

  const RouteTable::Match& match_;
  const Route& route_;
  const http::Request& request_;
  std::unique_ptr<pb::Message> message_;
  std::vector<FieldViolation> violations_;
  std::vector<std::string> mask_;
};

}  // namespace

Result<std::unique_ptr<pb::Message>> BindRequest(const RouteTable::Match& match, std::string_view query,
                                                 const http::Request& request) {
  return Binder(match, request).Bind(query);
}

}  // namespace lanting::gateway
