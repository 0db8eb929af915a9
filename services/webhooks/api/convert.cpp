#include "webhooks/api/convert.h"

#include "platform/resource/etag.h"
#include "platform/resource/times.h"
#include "webhooks/domain/names.h"

namespace lanting::webhooks::convert {
namespace {

using resource::ToTimestamp;

std::int64_t Number(const std::optional<Time>& time) { return time ? time->time_since_epoch().count() : 0; }

}  // namespace

v1::Webhook ToProto(const Webhook& w, Time now) {
  v1::Webhook p;
  p.set_name(names::Webhook(w.id));
  p.set_url(w.url);
  p.set_description(w.description);
  for (const auto& type : w.event_types) p.add_event_types(type);
  p.set_state(static_cast<v1::WebhookState>(w.state));
  p.set_disable_reason(static_cast<v1::DisableReason>(w.disable_reason));
  if (w.disable_time) *p.mutable_disable_time() = ToTimestamp(*w.disable_time);
  p.set_secret_fingerprint(w.secret_fingerprint);
  const bool two_sign = w.old_secret_expire_time && *w.old_secret_expire_time > now;
  if (two_sign) *p.mutable_old_secret_expire_time() = ToTimestamp(*w.old_secret_expire_time);
  if (w.failing_since) *p.mutable_failing_since_time() = ToTimestamp(*w.failing_since);
  if (w.last_success_time) *p.mutable_last_success_time() = ToTimestamp(*w.last_success_time);
  *p.mutable_create_time() = ToTimestamp(w.create_time);
  *p.mutable_update_time() = ToTimestamp(w.update_time);
  p.set_etag(resource::Etag(w.version, {Number(w.failing_since), Number(w.last_success_time), two_sign}));
  return p;
}

void FromProto(const v1::Webhook& from, Webhook* w) {
  w->url = from.url();
  w->description = from.description();
  w->event_types.assign(from.event_types().begin(), from.event_types().end());
}

v1::Delivery ToProto(const Delivery& d) {
  v1::Delivery p;
  p.set_name(names::Delivery(d.webhook, d.id));
  p.set_event_type(d.event_type);
  p.set_subject(d.subject);
  p.set_state(static_cast<v1::DeliveryState>(d.state));
  p.set_attempt_count(d.attempt_count);
  if (d.next_attempt_time) *p.mutable_next_attempt_time() = ToTimestamp(*d.next_attempt_time);
  *p.mutable_create_time() = ToTimestamp(d.create_time);
  if (d.finish_time) *p.mutable_finish_time() = ToTimestamp(*d.finish_time);
  p.set_message_id(MessageId(d.id));
  return p;
}

v1::Delivery ToProto(const Delivery& d, const std::vector<Attempt>& attempts) {
  auto p = ToProto(d);
  p.set_payload(d.body);
  for (const auto& a : attempts) {
    auto* to = p.add_attempts();
    *to->mutable_start_time() = ToTimestamp(a.start_time);
    to->set_duration_ms(static_cast<std::int32_t>(a.duration.count()));
    to->set_result(static_cast<v1::AttemptResult>(a.result));
    to->set_status_code(a.status_code);
    to->set_error(a.error);
    to->set_response_body(a.response_body);
  }
  return p;
}

}  // namespace lanting::webhooks::convert
