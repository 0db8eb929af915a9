#include "membership/api/person_service.h"

#include "membership/api/cause.h"
#include "membership/api/community_must_exist.h"
#include "membership/api/convert_person.h"
#include "membership/api/enum_names.h"
#include "membership/domain/names.h"
#include "membership/domain/person_errors.h"
#include "membership/store/community_store.h"
#include "membership/store/sql_erasure.h"
#include "membership/store/sql_merge.h"
#include "platform/idempotency/write.h"
#include "platform/paging/page_token.h"
#include "platform/resource/page.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
using idempotency::Work;

constexpr std::size_t kMostDuplicatesOfOne = 100;

const resource::ListSpec& MergeList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListMerges,
      .id_column = "g.id",
      .filters = {
          {"state", "g.state", Type::kEnum, ShortEnumValues(pb::MergeState_descriptor())},
          {.name = "target", .column = "g.target_id", .type = Type::kId, .resource = "communities/*/members/*"},
          {.name = "source", .column = "g.source_id", .type = Type::kId, .resource = "communities/*/members/*"}}};
  return spec;
}

}  // namespace

Result<pb::FindDuplicatesResponse> PersonService::FindDuplicates(const rpc::Call& call,
                                                                 const pb::FindDuplicatesRequest& request) {
  const auto name = names::Parse(request.name());
  ASSIGN_OR_RETURN(const auto found, pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) {
                     return person_store::FindDuplicates(tx, name.first, name.second, kMostDuplicatesOfOne);
                   }));
  pb::FindDuplicatesResponse response;
  for (const auto& duplicate : found) *response.add_duplicates() = convert::ToProto(name.first, duplicate);
  return response;
}

Result<pb::ListDuplicatesResponse> PersonService::ListDuplicates(const rpc::Call& call,
                                                                 const pb::ListDuplicatesRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  const auto parent = community.ToString();
  const paging::ListKey key{call.tenant(), call.method, parent, "", ""};
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto cursor, paging::DecodePageToken(key, request.page_token()));
  person_store::DuplicateCursor after;
  if (cursor) after = {cursor->last_id, Id::ParseUuid(cursor->last_value.value_or("")).value_or(Id())};

  using Page = person_store::DuplicatePage;
  ASSIGN_OR_RETURN(const auto page,
                   pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<Page> {
                     auto found = person_store::ListDuplicates(tx, community, after, static_cast<std::size_t>(size));
                     if (found.duplicates.empty() && !cursor) {
                       RETURN_IF_ERROR(CommunityMustExist(request.parent())(tx));
                     }
                     return found;
                   }));
  pb::ListDuplicatesResponse response;
  for (const auto& duplicate : page.duplicates) *response.add_duplicates() = convert::ToProto(community, duplicate);
  if (page.next) {
    paging::Cursor last{.last_value = std::nullopt, .last_id = page.next->member};
    if (!page.next->other.IsNil()) last.last_value = page.next->other.ToUuid();
    response.set_next_page_token(paging::EncodePageToken(key, last));
  }
  return response;
}

Result<pb::DismissDuplicateResponse> PersonService::DismissDuplicate(const rpc::Call& call,
                                                                     const pb::DismissDuplicateRequest& request) {
  const auto member = names::Parse(request.name()), other = names::Parse(request.duplicate());
  using Response = pb::DismissDuplicateResponse;
  return idempotency::Write<Response>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Response> {
    if (other.first != member.first) return errors::MemberNotFound(request.duplicate());
    if (other.second == member.second) {
      return lanting::errors::InvalidField("duplicate", "DUPLICATE_VALUE", "must be another member.");
    }
    RETURN_IF_ERROR(person_store::DismissDuplicate(tx, work, member.first, member.second, other.second,
                                                   call.principal.subject, call.now));
    return Response();
  });
}

Result<pb::Merge> PersonService::MergeMembers(const rpc::Call& call, const pb::MergeMembersRequest& request) {
  const auto target = names::Parse(request.name()), source = names::Parse(request.source());
  return idempotency::Write<pb::Merge>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Merge> {
    if (source.first != target.first) return errors::MemberNotFound(request.source());
    ASSIGN_OR_RETURN(const auto merge, merge_store::Merge(tx, work, CauseOf(call),
                                                          {.community = target.first,
                                                           .target = target.second,
                                                           .source = source.second,
                                                           .reason = request.reason(),
                                                           .actor = call.principal.subject}));
    return convert::ToProto(merge);
  });
}

Result<pb::Merge> PersonService::UndoMerge(const rpc::Call& call, const pb::UndoMergeRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Merge>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Merge> {
    ASSIGN_OR_RETURN(const auto merge,
                     merge_store::Undo(tx, work, CauseOf(call), name.first, name.second, call.principal.subject));
    return convert::ToProto(merge);
  });
}

Result<pb::Merge> PersonService::GetMerge(const rpc::Call& call, const pb::GetMergeRequest& request) {
  const auto name = names::Parse(request.name());
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Merge> {
    const auto merge = merge_store::Get(tx, name.first, name.second);
    if (!merge) return errors::MergeNotFound(request.name());
    return convert::ToProto(*merge);
  });
}

Result<pb::ListMergesResponse> PersonService::ListMerges(const rpc::Call& call, const pb::ListMergesRequest& request) {
  pb::ListMergesResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, MergeList(),
                       {.parent = names::Parse(request.parent()).first,
                        .filter = request.filter(),
                        .page_size = request.page_size(),
                        .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_merges() = convert::ToProto(merge_store::Read(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<pb::PersonExport> PersonService::ExportPerson(const rpc::Call& call, const pb::ExportPersonRequest& request) {
  const auto name = names::Parse(request.name());
  ASSIGN_OR_RETURN(const auto all, pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) {
                     return person_data::Export(tx, name.first, name.second);
                   }));
  return convert::ToProto(all);
}

Result<pb::Erasure> PersonService::ErasePerson(const rpc::Call& call, const pb::ErasePersonRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Erasure>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Erasure> {
    ASSIGN_OR_RETURN(const auto erasure,
                     erasure_store::Erase(tx, work, CauseOf(call), name.first, name.second,
                                          static_cast<ErasureReason>(request.reason()), call.principal.subject));
    return convert::ToProto(erasure);
  });
}

Result<pb::Erasure> PersonService::GetErasure(const rpc::Call& call, const pb::GetErasureRequest& request) {
  const auto name = names::Parse(request.name());
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Erasure> {
    const auto erasure = erasure_store::Get(tx, name.first, name.second);
    if (!erasure) return errors::ErasureNotFound(request.name());
    return convert::ToProto(*erasure);
  });
}

Result<pb::ListErasuresResponse> PersonService::ListErasures(const rpc::Call& call,
                                                             const pb::ListErasuresRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListErasures, .id_column = "e.id"};
  pb::ListErasuresResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(
          pool_, call, spec,
          {.parent = names::Parse(request.parent()).first,
           .page_size = request.page_size(),
           .page_token = request.page_token()},
          [&](const pqxx::row& row) { *response.add_erasures() = convert::ToProto(erasure_store::Read(row)); },
          CommunityMustExist(request.parent())));
  return response;
}

void PersonService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (PersonService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("FindDuplicates", &PersonService::FindDuplicates);
  bind("ListDuplicates", &PersonService::ListDuplicates);
  bind("DismissDuplicate", &PersonService::DismissDuplicate);
  bind("MergeMembers", &PersonService::MergeMembers);
  bind("UndoMerge", &PersonService::UndoMerge);
  bind("GetMerge", &PersonService::GetMerge);
  bind("ListMerges", &PersonService::ListMerges);
  bind("ExportPerson", &PersonService::ExportPerson);
  bind("ErasePerson", &PersonService::ErasePerson);
  bind("GetErasure", &PersonService::GetErasure);
  bind("ListErasures", &PersonService::ListErasures);
}

}  // namespace lanting::membership
