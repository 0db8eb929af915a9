// The member of twelve fields that the benchmarks send and receive.
#pragma once

#include "lanting/membership/v1/member.pb.h"

namespace lanting::bench {

inline membership::v1::Member SampleMember() {
  membership::v1::Member m;
  m.set_name("communities/01hxk5c3v8e5t9q2m7n4b6d0fg/members/01hxk5c3v8e5t9q2m7n4b6d0fh");
  m.set_external_id("crm-20240501-000123");
  m.set_display_name("临海潮音·小周");
  auto* identity = m.add_identities();
  identity->set_channel(membership::v1::CHANNEL_WECOM);
  identity->set_user_id("wmAbCdEfGhIjKlMnOpQrStUvWxYz012345");
  m.set_expectation("想认识做独立书店的朋友, and hear about weekend events");
  m.set_state(membership::v1::MEMBER_STATE_ACTIVE);
  m.set_group("communities/01hxk5c3v8e5t9q2m7n4b6d0fg/groups/01hxk5c3v8e5t9q2m7n4b6d0fj");
  m.set_source(membership::v1::JOIN_SOURCE_INVITE_LINK);
  m.set_accepted_rules_version(3);
  m.mutable_join_time()->set_seconds(1714555800);
  m.mutable_create_time()->set_seconds(1714555800);
  m.mutable_create_time()->set_nanos(120'000'000);
  m.set_etag("\"7\"");
  return m;
}

}  // namespace lanting::bench
