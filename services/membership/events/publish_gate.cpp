#include "membership/events/publish_gate.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"

namespace lanting::membership::events {
namespace pb = lanting::membership::v1;
namespace {

template <typename Message>
outbox::Event About(const Message& fact, std::string subject, std::int64_t version, const Cause& cause) {
  return outbox::MakeEvent(fact, std::move(subject), version, cause.now, cause.traceparent);
}

template <typename Fact>
outbox::Event AboutGate(const Gate& gate, const Cause& cause) {
  Fact fact;
  fact.set_gate(names::Gate(gate.community, gate.id));
  return About(fact, fact.gate(), gate.version, cause);
}

template <typename Fact>
outbox::Event AboutApplication(const Application& application, const Cause& cause) {
  Fact fact;
  fact.set_application(names::Application(application.community, application.id));
  return About(fact, fact.application(), application.version, cause);
}

}  // namespace

outbox::Event GateUpdated(const Gate& gate, const Cause& cause) { return AboutGate<pb::GateUpdated>(gate, cause); }
outbox::Event GateClosed(const Gate& gate, const Cause& cause) { return AboutGate<pb::GateClosed>(gate, cause); }
outbox::Event GateReopened(const Gate& gate, const Cause& cause) { return AboutGate<pb::GateReopened>(gate, cause); }

outbox::Event InviteLinkRevoked(const InviteLink& link, const Cause& cause) {
  pb::InviteLinkRevoked fact;
  fact.set_invite_link(names::InviteLink(link.community, link.id));
  fact.set_gate(names::Gate(link.community, link.gate));
  return About(fact, fact.invite_link(), 2, cause);
}

outbox::Event ApplicationContacted(const Application& application, const Cause& cause) {
  return AboutApplication<pb::ApplicationContacted>(application, cause);
}
outbox::Event ApplicationWithdrawn(const Application& application, const Cause& cause) {
  return AboutApplication<pb::ApplicationWithdrawn>(application, cause);
}

}  // namespace lanting::membership::events
