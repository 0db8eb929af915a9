// Routing rules, splits and suitability between their domain and their API form.
#pragma once

#include "lanting/membership/v1/placement_service.pb.h"
#include "lanting/membership/v1/suitability.pb.h"
#include "membership/domain/placement.h"
#include "membership/domain/suitability.h"

namespace lanting::membership::convert {

v1::RoutingRule ToProto(const RoutingRule& rule);
v1::GroupSplit ToProto(const GroupSplit& split, const std::vector<Competitor>& competitors);
SplitPlan FromProto(const v1::SplitGroupRequest& request);

SuitabilityQuestion FromProto(const v1::CheckSuitabilityRequest& request);
v1::CheckSuitabilityResponse ToProto(const SuitabilityAnswer& answer);

}  // namespace lanting::membership::convert
