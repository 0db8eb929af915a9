#include "webhooks/events/handlers.h"

#include "webhooks/domain/event_types.h"
#include "webhooks/events/payload.h"
#include "webhooks/store/delivery_store.h"

namespace lanting::webhooks::events {
namespace {

// Webhooks are looked up in the transaction itself, so one that was just made is not missed. A type that nobody wants
// costs no more, also one that this build does not know; one that somebody wants and that cannot be printed becomes a
// dead letter.
Result<void> Take(pg::Tx& tx, const inbox::EventEnvelope& event, Time now) {
  const auto type = EventTypeOf(event.type());
  if (type.empty()) return {};
  const auto webhooks = delivery_store::Subscribers(tx, type);
  if (webhooks.empty()) return {};
  ASSIGN_OR_RETURN(auto body, BodyOf(event));
  delivery_store::Insert(tx,
                         {.event = Id::Parse(event.event_id()).value_or(Id()),
                          .event_type = type,
                          .subject = event.subject(),
                          .body = std::move(body)},
                         webhooks, now);
  return {};
}

}  // namespace

inbox::Handlers MakeHandlers(const Clock& clock) {
  return {{inbox::kAnyType,
           {[&clock](pg::Tx& tx, const inbox::EventEnvelope& event) { return Take(tx, event, clock.Now()); }}}};
}

}  // namespace lanting::webhooks::events
