#include "membership/api/convert_person.h"

#include "membership/api/convert.h"
#include "membership/api/convert_member.h"
#include "membership/api/convert_staff.h"
#include "membership/domain/names.h"
#include "platform/resource/times.h"

namespace lanting::membership::convert {
namespace pb = lanting::membership::v1;

pb::DuplicatePair ToProto(const Id& community, const person_store::Duplicate& duplicate) {
  pb::DuplicatePair out;
  out.set_member(names::Member(community, duplicate.member.id));
  out.set_member_display_name(duplicate.member.display_name);
  out.set_duplicate(names::Member(community, duplicate.other.id));
  out.set_duplicate_display_name(duplicate.other.display_name);
  out.set_score(duplicate.match.score);
  for (auto reason : duplicate.match.reasons) out.add_reasons(static_cast<pb::DuplicateReason>(reason));
  return out;
}

pb::Merge ToProto(const merge_store::MergeRecord& merge) {
  pb::Merge out;
  out.set_name(names::Child(merge.community, "merges", merge.id));
  out.set_target(names::Member(merge.community, merge.target));
  out.set_source(names::Member(merge.community, merge.source));
  out.set_reason(merge.reason);
  out.set_state(static_cast<pb::MergeState>(merge.state));
  out.set_actor(merge.actor);
  *out.mutable_create_time() = resource::ToTimestamp(merge.create_time);
  if (merge.undo_time) *out.mutable_undo_time() = resource::ToTimestamp(*merge.undo_time);
  return out;
}

pb::Erasure ToProto(const erasure_store::ErasureRecord& erasure) {
  pb::Erasure out;
  out.set_name(names::Child(erasure.community, "erasures", erasure.id));
  out.set_member(names::Member(erasure.community, erasure.member));
  out.set_reason(static_cast<pb::ErasureReason>(erasure.reason));
  out.set_actor(erasure.actor);
  *out.mutable_erase_time() = resource::ToTimestamp(erasure.erase_time);
  return out;
}

pb::PersonExport ToProto(const person_data::Everything& all) {
  pb::PersonExport out;
  const auto& community = all.scope.community;
  for (std::size_t i = 0; i < all.members.size(); ++i) {
    *(i == 0 ? out.mutable_member() : out.add_other_members()) = ToProto(all.members[i], true);
  }
  for (const auto& a : all.scope.applications) *out.add_applications() = ToProto(a);
  for (const auto& a : all.acceptances) {
    auto* to = out.add_rules_acceptances();
    to->set_version(a.version);
    *to->mutable_accept_time() = resource::ToTimestamp(a.accept_time);
  }
  for (const auto& line : all.history) {
    auto* to = out.add_history();
    to->set_member(names::Member(community, line.member));
    to->set_kind(line.kind);
    to->mutable_detail()->insert(line.detail.begin(), line.detail.end());
    to->set_actor(line.actor);
    *to->mutable_entry_time() = resource::ToTimestamp(line.at);
  }
  for (const auto& merge : all.merges) {
    *out.add_merges() = ToProto(merge);
    if (merge.state == MergeState::kDone) *out.add_merge_snapshots() = merge.snapshot;
  }
  for (const auto& e : all.import_errors) {
    auto* to = out.add_import_errors();
    to->set_member_import(names::MemberImport(community, e.member_import));
    to->mutable_row_error()->set_row(e.error.row);
    to->mutable_row_error()->set_line(e.error.line);
    to->mutable_row_error()->set_column(e.error.column);
    to->mutable_row_error()->set_reason(e.error.reason);
    to->mutable_row_error()->set_message(e.error.message);
  }
  for (const auto& reply : all.replies) {
    auto* to = out.add_remembered_replies();
    to->set_method(reply.method);
    *to->mutable_create_time() = resource::ToTimestamp(reply.create_time);
    to->set_text(reply.text);
  }
  for (const auto& note : all.notes) *out.add_notes() = ToProto(note);
  for (const auto& staff : all.staff) *out.add_staff() = ToProto(staff);
  out.set_truncated(all.truncated);
  return out;
}

}  // namespace lanting::membership::convert
