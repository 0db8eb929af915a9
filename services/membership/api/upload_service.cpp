#include "membership/api/upload_service.h"

#include <algorithm>

#include "membership/api/community_must_exist.h"
#include "membership/api/import_service.h"
#include "membership/domain/file_errors.h"
#include "membership/domain/names.h"
#include "membership/store/community_store.h"
#include "membership/store/sql_upload.h"
#include "membership/store/upload_store.h"
#include "platform/resource/page.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace pb = lanting::membership::v1;
namespace {

constexpr std::size_t kMaxPart = 8 * 1024 * 1024, kMinPart = 64 * 1024;
constexpr int kStart = 2 * 1024 * 1024;  // of a file, with its header

pb::MemberUpload ToProto(const MemberUpload& upload) {
  pb::MemberUpload out;
  out.set_name(names::MemberUpload(upload.community, upload.id));
  out.set_size(upload.size);
  out.set_sha256(upload.sha256);
  out.set_received_bytes(upload.received_bytes);
  *out.mutable_create_time() = resource::ToTimestamp(upload.create_time);
  if (upload.import.IsNil()) *out.mutable_expire_time() = resource::ToTimestamp(upload.expire_time);
  return out;
}

Result<void> CheckHash(const std::string& sha256) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  if (sha256.empty() || (sha256.size() == 64 && std::all_of(sha256.begin(), sha256.end(), is_hex))) return {};
  return ::lanting::errors::InvalidField("memberUpload.sha256", "INVALID_FORMAT", "must be 64 hex digits");
}

Result<void> CheckPart(const std::string& part, std::int64_t end, std::int64_t size) {
  const auto refuse = [](const char* reason, const char* message) {
    return ::lanting::errors::InvalidField("data", reason, message);
  };
  if (part.size() > kMaxPart) return refuse("TOO_LONG", "must be at most 8 MiB");
  if (end > size) return refuse("TOO_LONG", "goes beyond the size that was announced");
  if (part.empty() || (part.size() < kMinPart && end < size)) {
    return refuse("TOO_SHORT", "must be at least 64 KiB unless it ends the file");
  }
  return {};
}

}  // namespace

Result<pb::MemberUpload> UploadService::Create(const rpc::Call& call, const pb::CreateMemberUploadRequest& request) {
  RETURN_IF_ERROR(CheckHash(request.member_upload().sha256()));
  const MemberUpload upload{.id = Id::New(call.now),
                            .community = names::Parse(request.parent()).first,
                            .size = request.member_upload().size(),
                            .sha256 = request.member_upload().sha256(),
                            .create_time = call.now,
                            .expire_time = call.now + kUploadKept};
  return idempotency::Write<pb::MemberUpload>(pool_, call,
                                              [&](pg::Tx& tx, idempotency::Work& work) -> Result<pb::MemberUpload> {
                                                if (!community_store::Exists(tx, upload.community))
                                                  return errors::CommunityNotFound(request.parent());
                                                if (upload_store::Count(tx, call.now) >= kMaxUploads)
                                                  return errors::TooManyUploads(kMaxUploads);
                                                upload_store::Insert(work, tx.tenant(), upload);
                                                return ToProto(upload);
                                              });
}

Result<pb::MemberUpload> UploadService::Get(const rpc::Call& call, const pb::GetMemberUploadRequest& request) {
  const auto ids = names::Parse(request.name());
  ASSIGN_OR_RETURN(const auto upload, pg::ReadTenant(pool_, call.tenant(), call.deadline,
                                                     [&](pg::Tx& tx) -> Result<std::optional<MemberUpload>> {
                                                       return upload_store::Get(tx, ids.first, ids.second, call.now);
                                                     }));
  if (!upload) return errors::MemberUploadNotFound(request.name());
  return ToProto(*upload);
}

Result<pb::MemberUpload> UploadService::Append(const rpc::Call& call, const pb::AppendMemberUploadRequest& request) {
  const auto ids = names::Parse(request.name());
  const auto& part = request.data().data();
  const auto end = request.offset() + static_cast<std::int64_t>(part.size());
  return idempotency::Write<pb::MemberUpload>(
      pool_, call, [&](pg::Tx& tx, idempotency::Work& work) -> Result<pb::MemberUpload> {
        auto upload = upload_store::Lock(tx, ids.first, ids.second, call.now);
        if (!upload) return errors::MemberUploadNotFound(request.name());
        if (end <= upload->received_bytes && upload_store::HasPart(tx, upload->id, request.offset(), part)) {
          return ToProto(*upload);  // sent again, since the answer did not arrive
        }
        if (request.offset() != upload->received_bytes) return errors::UploadOffsetMismatch(upload->received_bytes);
        RETURN_IF_ERROR(CheckPart(part, end, upload->size));
        upload->received_bytes = end;
        upload->expire_time = call.now + kUploadKept;
        upload_store::Append(work, tx.tenant(), *upload, part);
        return ToProto(*upload);
      });
}

Result<pb::MemberImport> UploadService::Import(const rpc::Call& call, const pb::ImportUploadedMembersRequest& request) {
  const auto ids = names::Parse(request.name());
  const auto rules = RulesOf(request);
  RETURN_IF_ERROR(CheckMapping(rules.mapping));
  return idempotency::Write<pb::MemberImport>(
      pool_, call, [&](pg::Tx& tx, idempotency::Work& work) -> Result<pb::MemberImport> {
        const auto upload = upload_store::Lock(tx, ids.first, ids.second, call.now);
        if (!upload) return errors::MemberUploadNotFound(request.name());
        if (!upload->import.IsNil()) {
          return errors::UploadNotReady(
              "An import is reading the upload: " + names::MemberImport(ids.first, upload->import) + ".");
        }
        if (!upload->complete()) {
          return errors::UploadNotReady("Of " + std::to_string(upload->size) + " bytes of the upload, " +
                                        std::to_string(upload->received_bytes) + " have arrived.");
        }
        std::string start;
        while (start.size() < kStart) {
          const auto piece = upload_store::Read(tx, upload->id, static_cast<std::int64_t>(start.size()), kStart);
          if (piece.empty()) break;
          start += piece;
        }
        const bool whole = static_cast<std::int64_t>(start.size()) == upload->size;
        ASSIGN_OR_RETURN(const auto form, CheckStart(start, whole, rules));
        ASSIGN_OR_RETURN(auto import, MakeImport(call, ids.first, request, form));
        import.upload = upload->id;
        import.total_bytes = upload->size;
        upload_store::Take(tx, upload->id, import.id);
        import_store::Insert(work, tx.tenant(), import, {});
        return ToProto(import);
      });
}

Result<pb::ListMemberUploadsResponse> UploadService::List(const rpc::Call& call,
                                                          const pb::ListMemberUploadsRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListUploads, .id_column = "u.id"};
  const auto community = names::Parse(request.parent()).first;
  pb::ListMemberUploadsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, spec,
                       {.parent = community, .page_size = request.page_size(), .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_member_uploads() = ToProto(upload_store::Read(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<google::protobuf::Empty> UploadService::Delete(const rpc::Call& call,
                                                      const pb::DeleteMemberUploadRequest& request) {
  const auto name = names::Parse(request.name());
  using Reply = google::protobuf::Empty;
  return idempotency::Write<Reply>(pool_, call, [&](pg::Tx& tx, idempotency::Work& work) -> Result<Reply> {
    const auto upload = upload_store::Lock(tx, name.first, name.second, call.now);
    if (!upload) return errors::MemberUploadNotFound(request.name());
    if (!upload->import.IsNil()) {
      return errors::UploadNotReady("The import " + names::MemberImport(name.first, upload->import) +
                                    " is reading the upload: wait for its end.");
    }
    upload_store::Expire(work, tx.tenant(), upload->id, call.now);
    return Reply();
  });
}

void UploadService::Register(rpc::Service& members) {
  members.Unary<pb::ListMemberUploadsRequest, pb::ListMemberUploadsResponse>(
      "ListMemberUploads", [this](const rpc::Call& call, const auto& request) { return List(call, request); });
  members.Unary<pb::DeleteMemberUploadRequest, google::protobuf::Empty>(
      "DeleteMemberUpload", [this](const rpc::Call& call, const auto& request) { return Delete(call, request); });
  members.Unary<pb::CreateMemberUploadRequest, pb::MemberUpload>(
      "CreateMemberUpload", [this](const rpc::Call& call, const auto& request) { return Create(call, request); });
  members.Unary<pb::GetMemberUploadRequest, pb::MemberUpload>(
      "GetMemberUpload", [this](const rpc::Call& call, const auto& request) { return Get(call, request); });
  members.Unary<pb::AppendMemberUploadRequest, pb::MemberUpload>(
      "AppendMemberUpload", [this](const rpc::Call& call, const auto& request) { return Append(call, request); });
  members.Unary<pb::ImportUploadedMembersRequest, pb::MemberImport>("ImportUploadedMembers",
                                                                    [this](const rpc::Call& call, const auto& request) {
                                                                      auto started = Import(call, request);
                                                                      if (started.ok()) wake_();
                                                                      return started;
                                                                    });
}

}  // namespace lanting::membership
