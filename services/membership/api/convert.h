// Communities, groups, gates, applications, tenants and keys between their domain and their API form. What comes in has
// passed the validator; output-only fields are not read. Ids in names are read with domain/names.h.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "lanting/membership/v1/community.pb.h"
#include "lanting/membership/v1/gate.pb.h"
#include "lanting/membership/v1/group.pb.h"
#include "lanting/membership/v1/member.pb.h"
#include "lanting/membership/v1/tenant.pb.h"
#include "membership/domain/application.h"
#include "membership/domain/community.h"
#include "membership/domain/gate.h"
#include "membership/domain/key.h"
#include "membership/domain/templates.h"

namespace lanting::membership::convert {

v1::Community ToProto(const Community& community);
v1::CommunityTemplate ToProto(const TemplateDefaults& defaults);
v1::HouseRules ToProto(const HouseRules& rules);
v1::Group ToProto(const Group& group);
// With accepted answers and keyword, which are not for everybody.
v1::Gate ToProto(const Gate& gate);
v1::InviteLink ToProto(const InviteLink& link);
// With values_fit, which is not for everybody.
v1::Application ToProto(const Application& application);
v1::Tenant ToProto(const Tenant& tenant);
// Without a secret; the state is as of `now`.
v1::Key ToProto(const Key& key, Time now);

// Writes what a caller may set into `community` and leaves the rest.
void FromProto(const v1::Community& from, Community* community);
Group FromProto(const v1::Group& from);
// Writes what a caller may set into `gate`, and its kind.
void FromProto(const v1::Gate& from, Gate* gate);
InviteLink FromProto(const v1::InviteLink& from);
Application FromProto(const v1::Application& from);
Key FromProto(const v1::Key& from);

}  // namespace lanting::membership::convert
