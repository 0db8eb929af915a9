#include "membership/api/upload_service.h"

#include "membership/api/api_test_world.h"
#include "membership/api/import_service.h"
#include "membership/domain/names.h"
#include "membership/workers/import_worker.h"

namespace lanting::membership {
namespace {

class UploadServiceTest : public ApiTest {
 protected:
  UploadService uploads_{pool_, [this] { ++woken_; }};
  ImportWorker worker_{pool_, Clock::System(), {.chunk_rows = 100}};
  std::string community_ = Open().name();
  int woken_ = 0;

  std::string Create(std::int64_t size, const std::string& sha256 = "") {
    pb::CreateMemberUploadRequest request;
    request.set_parent(community_);
    request.mutable_member_upload()->set_size(size);
    request.mutable_member_upload()->set_sha256(sha256);
    auto made = uploads_.Create(Mine("CreateMemberUpload", request), request);
    if (!made.ok()) return made.error().reason;
    EXPECT_EQ(made->received_bytes(), 0);
    return made->name();
  }
  Result<pb::MemberUpload> Append(const std::string& name, std::int64_t offset, const std::string& part) {
    pb::AppendMemberUploadRequest request;
    request.set_name(name);
    request.set_offset(offset);
    request.mutable_data()->set_data(part);
    return uploads_.Append(Mine("AppendMemberUpload", request), request);
  }
  std::string Upload(const std::string& file, const std::string& sha256 = "", std::size_t part = 64 * 1024) {
    const auto name = Create(static_cast<std::int64_t>(file.size()), sha256);
    for (std::size_t at = 0; at < file.size(); at += part) {
      auto stored = Append(name, static_cast<std::int64_t>(at), file.substr(at, part));
      EXPECT_EQ(Reason(stored), "OK");
    }
    return name;
  }
  Result<pb::MemberImport> Import(const std::string& name, pb::BadRows bad_rows = pb::BAD_ROWS_SKIP,
                                  bool validate_only = false, std::vector<std::string> mapping = {}) {
    pb::ImportUploadedMembersRequest request;
    request.set_name(name);
    request.set_bad_rows(bad_rows);
    request.set_validate_only(validate_only);
    for (auto& item : mapping) request.add_mapping(std::move(item));
    return uploads_.Import(Mine("ImportUploadedMembers", request), request);
  }
  std::string Of(const pb::MemberImport& import, const std::string& columns) {
    return db_.Query("SELECT " + columns + " FROM membership.member_import WHERE id = '" +
                     names::Parse(import.name()).second.ToUuid() + "'");
  }
  std::string Counts(const pb::MemberImport& import) {
    return Of(import, "state || ' ' || row_count || ' ' || imported_count || ' ' || bad_row_count");
  }
  static std::string People(int count) {
    std::string csv = "昵称,external_id\n";
    for (int i = 0; i < count; ++i) csv += "书友" + std::to_string(i) + ",lan-" + std::to_string(i) + "\n";
    return csv;
  }
};

TEST_F(UploadServiceTest, AFileInPartsThatBreaksOffGoesOnWhereItStood) {
  AddGroup(community_, 20'000);
  const auto file = People(10'000);
  const std::size_t kPart = 70'000;
  ASSERT_GT(file.size(), 2 * kPart);
  const auto name = Create(static_cast<std::int64_t>(file.size()));
  EXPECT_EQ(Append(name, 0, file.substr(0, kPart))->received_bytes(), kPart);
  EXPECT_EQ(Append(name, 0, file.substr(0, kPart))->received_bytes(), kPart);  // its answer was lost
  // Another part, or a part elsewhere: the answer says where to go on.
  for (auto offset : {0, 1, 140'000}) {
    auto wrong = Append(name, offset, file.substr(1, kPart));
    ASSERT_EQ(Reason(wrong), "UPLOAD_OFFSET_MISMATCH");
    EXPECT_EQ(wrong.error().metadata.at("expected_offset"), "70000");
  }
  EXPECT_EQ(Faults(Append(name, kPart, "short")), std::vector<std::string>{"data TOO_SHORT"});
  EXPECT_EQ(Faults(Append(name, kPart, std::string(file.size(), 'x'))), std::vector<std::string>{"data TOO_LONG"});
  EXPECT_EQ(Reason(Import(name)), "UPLOAD_NOT_READY");
  pb::GetMemberUploadRequest get;
  get.set_name(name);
  EXPECT_EQ(uploads_.Get(Mine("GetMemberUpload", get), get)->received_bytes(), kPart);
  EXPECT_EQ(Reason(uploads_.Get(Theirs("GetMemberUpload", get), get)), "MEMBER_UPLOAD_NOT_FOUND");
  for (auto at = kPart; at < file.size(); at += kPart) {
    ASSERT_EQ(Reason(Append(name, static_cast<std::int64_t>(at), file.substr(at, kPart))), "OK");
  }
  auto import = Import(name);
  ASSERT_EQ(Reason(import), "OK");
  EXPECT_EQ(import->upload(), name);
  EXPECT_EQ(import->columns(0).title() + import->columns(0).field(), "昵称display_name");
  EXPECT_EQ(Reason(Import(name)), "UPLOAD_NOT_READY");  // one at a time
  EXPECT_EQ(worker_.RunPending(), 1);
  EXPECT_EQ(Counts(*import), "2 10000 10000 0");
  EXPECT_EQ(Of(*import, "processed_bytes = total_bytes"), "t");
  EXPECT_EQ(Count("member"), 10'000);
  // It is used up, and its parts are gone with the next purge.
  EXPECT_EQ(Reason(Import(name)), "MEMBER_UPLOAD_NOT_FOUND");
  EXPECT_EQ(worker_.PurgeUploads(), 1);
  EXPECT_EQ(Count("member_upload_part") + Count("member_upload"), 0);
}

TEST_F(UploadServiceTest, AFileThatBreaksOffWithinARow) {
  AddGroup(community_, 100);
  const auto name = Upload("昵称,期望\n小明,读书\n\"Rita\",\"never closed\n阿杰,写字\n");
  const auto refused = *Import(name, pb::BAD_ROWS_REFUSE);
  EXPECT_EQ(worker_.RunPending(), 1);
  EXPECT_EQ(Counts(refused), "3 2 0 1");
  EXPECT_EQ(Of(refused, "error_reason"), "IMPORT_HAS_BAD_ROWS");
  const auto skipped = *Import(name);  // it is still there
  EXPECT_EQ(worker_.RunPending(), 1);
  EXPECT_EQ(Counts(skipped), "2 2 1 1");
  EXPECT_EQ(db_.Query("SELECT DISTINCT row_number || ' ' || line || ' ' || reason FROM membership.import_row_error"),
            "2 3 MALFORMED_CSV");
  EXPECT_EQ(Count("member"), 1);
}

TEST_F(UploadServiceTest, ACheckLeavesTheUploadForTheImport) {
  AddGroup(community_, 100);
  const auto name = Upload("\xd0\xd5\xc3\xfb;\xc6\xf3\xce\xa2ID\n\xd0\xa1\xc3\xf7;u1\n");  // 姓名;企微ID, 小明 in GBK
  EXPECT_EQ(Reason(Import(name)), "MALFORMED_CSV");
  EXPECT_EQ(Faults(Import(name, pb::BAD_ROWS_SKIP, false, {"state:姓名"})),
            std::vector<std::string>{"mapping[0] UNKNOWN_VALUE"});
  const std::vector<std::string> mapping = {"display_name:姓名", "user_id.wecom:企微ID"};
  const auto checked = *Import(name, pb::BAD_ROWS_SKIP, true, mapping);
  EXPECT_EQ(checked.encoding(), pb::TEXT_ENCODING_GB18030);
  EXPECT_EQ(checked.columns(1).title() + checked.columns(1).field(), "企微IDuser_id.wecom");
  EXPECT_EQ(worker_.RunPending(), 1);
  EXPECT_EQ(Counts(checked), "2 1 1 0");
  EXPECT_EQ(Count("member"), 0);
  const auto real = *Import(name, pb::BAD_ROWS_REFUSE, false, mapping);
  EXPECT_EQ(worker_.RunPending(), 1);
  EXPECT_EQ(Counts(real), "2 1 1 0");
  EXPECT_EQ(db_.Query("SELECT m.display_name || i.user_id || i.channel FROM membership.member m JOIN "
                      "membership.member_identity i ON i.member_id = m.id"),
            "小明u11");
}

TEST_F(UploadServiceTest, WhatStaffOnlyMayWriteNeedsTheirScope) {
  const auto name = Upload("昵称,粉丝分\n小明,80\n");
  pb::ImportUploadedMembersRequest request;
  request.set_name(name);
  auto call = Mine("ImportUploadedMembers", request);
  call.principal.scopes = {"members.write"};
  EXPECT_EQ(Reason(uploads_.Import(call, request)), "SCOPE_MISSING");
  call.principal.scopes = {"members.write", "members.staff"};
  EXPECT_EQ(Reason(uploads_.Import(call, request)), "OK");
}

TEST_F(UploadServiceTest, AnotherSha256ThanAnnouncedIsNotImported) {
  AddGroup(community_, 100);
  const std::string file = "昵称\n小明\n";
  const auto good = *Import(Upload(file, HexEncode(Sha256(file))));
  const auto bad = *Import(Upload(file, HexEncode(Sha256("x"))));
  EXPECT_EQ(worker_.RunPending(), 2);
  EXPECT_EQ(Counts(good), "2 1 1 0");
  EXPECT_EQ(Of(bad, "state || ' ' || error_reason"), "3 UPLOAD_NOT_READY");
  EXPECT_EQ(Create(1, "abc"), "INVALID_FIELDS");
}

TEST_F(UploadServiceTest, AllOrNothingAndChecksHaveABound) {
  AddGroup(community_, 10);
  std::string file = "昵称\n";
  for (int i = 0; i <= kMaxImportRows; ++i) file += "a\n";
  const auto name = Upload(file, "", 4 * 1024 * 1024);
  const auto import = *Import(name, pb::BAD_ROWS_REFUSE);
  EXPECT_EQ(worker_.RunPending(), 1);
  EXPECT_EQ(Of(import, "state || ' ' || error_reason"), "3 IMPORT_TOO_LARGE");
  EXPECT_EQ(Count("member"), 0);
}

TEST_F(UploadServiceTest, OneThatIsGivenUpMakesRoom) {
  const auto first = Create(100);
  for (int i = 1; i < 20; ++i) Create(100);
  ASSERT_EQ(Create(100), "TOO_MANY_UPLOADS");
  pb::ListMemberUploadsRequest list;
  list.set_parent(first.substr(0, first.find("/memberUploads")));
  EXPECT_EQ(uploads_.List(Mine("ListMemberUploads", list), list)->member_uploads_size(), 20);
  pb::DeleteMemberUploadRequest request;
  request.set_name(first);
  EXPECT_EQ(Reason(uploads_.Delete(Mine("DeleteMemberUpload", request), request)), "OK");
  EXPECT_EQ(Reason(uploads_.Delete(Mine("DeleteMemberUpload", request), request)), "MEMBER_UPLOAD_NOT_FOUND");
  EXPECT_EQ(uploads_.List(Mine("ListMemberUploads", list), list)->member_uploads_size(), 19);
  EXPECT_NE(Create(100), "TOO_MANY_UPLOADS");
}

TEST_F(UploadServiceTest, UploadsHaveANumberAndAnEnd) {
  const auto first = Create(100);
  for (int i = 1; i < 20; ++i) EXPECT_NE(Create(100), "TOO_MANY_UPLOADS");
  EXPECT_EQ(Create(100), "TOO_MANY_UPLOADS");
  EXPECT_EQ(worker_.PurgeUploads(), 0);
  db_.Query("UPDATE membership.member_upload SET expire_time = now() - interval '1 second'");
  EXPECT_EQ(Reason(Append(first, 0, std::string(100, 'a'))), "MEMBER_UPLOAD_NOT_FOUND");
  EXPECT_EQ(worker_.PurgeUploads(), 16);
  EXPECT_EQ(worker_.PurgeUploads(), 4);
  EXPECT_EQ(Count("member_upload"), 0);
  EXPECT_NE(Create(100), "TOO_MANY_UPLOADS");
}

}  // namespace
}  // namespace lanting::membership
