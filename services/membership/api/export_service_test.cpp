#include "membership/api/export_service.h"

#include "membership/api/api_test_world.h"
#include "membership/domain/csv.h"
#include "membership/domain/names.h"
#include "membership/store/import_store.h"
#include "membership/store/join_store.h"
#include "membership/workers/import_worker.h"

namespace lanting::membership {
namespace {

class ExportServiceTest : public ApiTest {
 protected:
  ExportService exports_{pool_};

  std::string Export(const std::string& community, const std::string& filter = "", bool staff = true,
                     int* pieces = nullptr) {
    pb::ExportMembersRequest request;
    request.set_parent(community);
    request.set_filter(filter);
    auto call = Mine("ExportMembers", request);
    if (!staff) call.principal.scopes = {"members.read"};
    std::string file;
    auto done = exports_.Members(call, request, [&](const common::v1::RawBody& piece) -> Result<void> {
      EXPECT_EQ(piece.content_type(), "text/csv; charset=utf-8");
      file += piece.data();
      if (pieces) ++*pieces;
      return {};
    });
    return done.ok() ? file : done.error().reason;
  }
  void Import(const std::string& community, const std::string& csv, int rows) {
    const auto id = Id::New();
    db_.Query(
        "INSERT INTO membership.member_import (tenant_id, id, community_id, state, bad_rows, validate_only, csv, "
        "traceparent, row_count, version, create_time) VALUES ('" +
        tenant_.ToUuid() + "', '" + id.ToUuid() + "', '" + names::Parse(community).first.ToUuid() +
        "', 1, 2, false, decode('" + HexEncode(csv) + "', 'hex'), '', " + std::to_string(rows) + ", 1, now())");
    EXPECT_EQ(ImportWorker(pool_, Clock::System()).RunPending(), 1);
    EXPECT_EQ(db_.Query("SELECT coalesce(string_agg(row_number || column_name || message, ','), '') FROM "
                        "membership.import_row_error WHERE import_id = '" +
                        id.ToUuid() + "'"),
              "");
  }
  void Join(const std::string& community, Person person) {
    auto joined = pg::InTenantTx(pool_, tenant_, DeadlineIn(std::chrono::seconds(10)), [&](pg::Tx& tx) -> Result<void> {
      idempotency::Work work;
      auto members = membership::Join(
          tx, work, {Clock::System().Now(), ""},
          {{.community = names::Parse(community).first, .person = std::move(person), .member_id = Id::New()}});
      if (!members.ok()) return members.error();
      EXPECT_TRUE(members->front().ok());
      work.Apply(tx);
      return {};
    });
    EXPECT_TRUE(joined.ok()) << joined.error().internal;
  }
  // The rows without what says where a person is, which is elsewhere for everybody.
  static std::string People(const std::string& file) {
    csv::Reader reader(file);
    std::string people;
    for (csv::Row row; reader.Next(row) == csv::Reader::Step::kRow;) {
      for (std::size_t i = 0; i + 5 < row.fields.size(); ++i) people += "[" + row.fields[i] + "]";
      people += "\n";
    }
    return people;
  }
};

TEST_F(ExportServiceTest, WhatIsExportedIsImportedElsewhereAsItWas) {
  const auto from = Open().name(), to = Open().name();
  AddGroup(from, 100);
  AddGroup(to, 100);
  Join(from, {.external_id = "-1+2",
              .display_name = "=HYPERLINK(\"http://x\")",
              .expectation = "+读书,\r\n\"写字\"\n",
              .identities = {{static_cast<Channel>(1), "wm-1"}, {static_cast<Channel>(6), "@maya"}},
              .tags = {"绘画", "a;b", "-c|d\\"},
              .staff = {.customer_class = CustomerClass::kExpert,
                        .fan_score = 0,
                        .values_fit = 100,
                        .attributes = {{"city", " 绍兴 "}, {"note", "'=1"}}},
              .consent = {.statement = "3 May: \"同意\""}});
  Join(from, {.display_name = "'=not a formula", .expectation = "\t两行\n", .staff = {.attributes = {{"x1", "🐮"}}}});
  Join(from, {.display_name = "小明🌿同学", .tags = {"读书"}});
  for (const char* name : {"@王羲之", "＝谢安", "'quoted'", "“引号”, 逗号;分号", "Maya\xe2\x80\x99s"})
    Join(from, {.display_name = name});
  const auto first = Export(from);
  ASSERT_TRUE(
      first.starts_with("\xef\xbb\xbf"
                        "display_name,external_id,user_id.wecom,user_id.telegram,expectation,tags,"
                        "customer_class,fan_score,values_fit,attributes.city,attributes.note,attributes.x1,"))
      << first;
  EXPECT_EQ(first.find("\r\n="), std::string::npos);
  EXPECT_NE(first.find(",'@maya,"), std::string::npos) << first;
  Import(to, first, 8);
  EXPECT_EQ(People(Export(to)), People(first));
  // And as rows: byte for byte.
  const auto rows = [&](const std::string& community, const std::string& columns) {
    return db_.Query("SELECT string_agg(md5(row_to_json(r)::text), ',' ORDER BY display_name) FROM (SELECT " + columns +
                     ", ARRAY(SELECT tag FROM membership.member_tag t WHERE t.member_id = m.id ORDER BY tag) FROM "
                     "membership.member m WHERE community_id = '" +
                     names::Parse(community).first.ToUuid() + "') r");
  };
  const std::string columns =
      "display_name, external_id, expectation, attributes, customer_class, fan_score, values_fit, consent_time, "
      "consent_statement";
  EXPECT_EQ(rows(from, columns), rows(to, columns));
}

TEST_F(ExportServiceTest, FiltersAndWhatStaffOnlyMaySee) {
  const auto community = Open().name();
  AddGroup(community, 1);
  Join(community, {.display_name = "阿杰", .staff = {.fan_score = 80, .attributes = {{"city", "绍兴"}}}});
  Join(community, {.display_name = "小雨"});
  EXPECT_NE(Export(community).find("fan_score"), std::string::npos);
  const auto open = Export(community, "", false);
  EXPECT_EQ(open.find("fan_score"), std::string::npos);
  EXPECT_EQ(open.find("绍兴"), std::string::npos);
  EXPECT_NE(open.find("小雨"), std::string::npos);
  const auto waiting = Export(community, "state = \"WAITING\"");
  EXPECT_EQ(waiting.find("阿杰"), std::string::npos);
  EXPECT_NE(waiting.find("小雨"), std::string::npos);
  EXPECT_EQ(Export(community, "nonsense ="), "INVALID_FIELDS");
  EXPECT_EQ(Export("communities/" + Id::New().ToString()), "COMMUNITY_NOT_FOUND");
}

TEST_F(ExportServiceTest, ManyMembersInPieces) {
  const auto community = Open().name();
  AddGroup(community, 5000);
  std::string csv = "昵称,渠道,user_id,标签\n";
  for (int i = 0; i < 2500; ++i) csv += "书友" + std::to_string(i) + ",wecom,u" + std::to_string(i) + ",读书；茶\n";
  Import(community, csv, 2500);
  int pieces = 0;
  const auto file = Export(community, "", true, &pieces);
  EXPECT_EQ(pieces, 3);
  EXPECT_EQ(std::count(file.begin(), file.end(), '\n'), 2501);
  EXPECT_LT(file.find("书友0,"), file.find("书友2499,"));
}

TEST_F(ExportServiceTest, RowErrorsAsAFileInTheLanguageOfTheCommunity) {
  const auto community = Open().name();
  const auto id = Id::New();
  db_.Query(
      "INSERT INTO membership.member_import (tenant_id, id, community_id, state, bad_rows, validate_only, traceparent, "
      "version, create_time) VALUES ('" +
      tenant_.ToUuid() + "', '" + id.ToUuid() + "', '" + names::Parse(community).first.ToUuid() +
      "', 2, 2, false, '', 1, now()); "
      "INSERT INTO membership.import_row_error SELECT '" +
      tenant_.ToUuid() + "', '" + id.ToUuid() +
      "', n, n + 1, 'channel', 'UNKNOWN_VALUE', '=\"鸽子\", is not a channel' FROM generate_series(1, 2500) n");
  pb::ExportImportRowErrorsRequest request;
  request.set_name(names::MemberImport(names::Parse(community).first, id));
  std::string file;
  const auto put = [&](const common::v1::RawBody& piece) -> Result<void> {
    file += piece.data();
    return {};
  };
  ASSERT_TRUE(exports_.RowErrors(Mine("ExportImportRowErrors", request), request, put).ok());
  EXPECT_TRUE(
      file.starts_with("\xef\xbb\xbf行号,文件中的行,列,原因,说明\r\n"
                       "1,2,channel,UNKNOWN_VALUE,\"'=\"\"鸽子\"\", is not a channel\"\r\n"))
      << file.substr(0, 300);
  EXPECT_EQ(std::count(file.begin(), file.end(), '\n'), 2501);
  EXPECT_EQ(Reason(exports_.RowErrors(Theirs("ExportImportRowErrors", request), request, put)),
            "MEMBER_IMPORT_NOT_FOUND");
}

}  // namespace
}  // namespace lanting::membership
