// Duplicates, merges, exports and erasures: domain -> proto.
#pragma once

#include "lanting/membership/v1/person.pb.h"
#include "membership/store/erasure_store.h"
#include "membership/store/merge_store.h"
#include "membership/store/person_export.h"
#include "membership/store/person_store.h"

namespace lanting::membership::convert {

v1::DuplicatePair ToProto(const Id& community, const person_store::Duplicate& duplicate);
v1::Merge ToProto(const merge_store::MergeRecord& merge);
v1::Erasure ToProto(const erasure_store::ErasureRecord& erasure);
v1::PersonExport ToProto(const person_data::Everything& all);

}  // namespace lanting::membership::convert
