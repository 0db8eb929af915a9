#include "membership/api/import_service.h"

#include "membership/api/api_test_world.h"
#include "membership/domain/names.h"
#include "platform/paging/page_token.h"

namespace lanting::membership {
namespace {

class ImportServiceTest : public ApiTest {
 protected:
  // An import with these row errors: row number and column.
  std::string AddImport(const std::vector<std::pair<int, std::string>>& row_errors) {
    const auto community = names::Parse(Open().name()).first;
    const auto id = Id::New();
    const auto tenant = "'" + tenant_.ToUuid() + "', '";
    db_.Query(
        "INSERT INTO membership.member_import (tenant_id, id, community_id, state, bad_rows, validate_only, "
        "traceparent, "
        "version, create_time) VALUES (" +
        tenant + id.ToUuid() + "', '" + community.ToUuid() + "', 2, 2, false, '', 1, now())");
    for (const auto& [row, column] : row_errors) {
      db_.Query("INSERT INTO membership.import_row_error VALUES (" + tenant + (id.ToUuid() + "', ") +
                std::to_string(row) + ", 1, '" + column + "', 'TOO_LONG', '')");
    }
    return names::MemberImport(community, id);
  }
  auto List(const std::string& import, const std::string& token) {
    pb::ListImportRowErrorsRequest request;
    request.set_parent(import);
    request.set_page_size(2);
    request.set_page_token(token);
    return ListImportRowErrors(pool_, Mine("ListImportRowErrors", request), request);
  }
};

TEST_F(ImportServiceTest, RowErrorsComeInPagesInTheOrderOfTheFile) {
  const auto import = AddImport({{10, ""}, {2, "user_id"}, {2, "display_name"}, {3, "user_id"}});
  std::string seen, token;
  do {
    auto page = List(import, token);
    ASSERT_TRUE(page.ok()) << page.error().message << page.error().internal;
    for (const auto& e : page->row_errors()) seen += std::to_string(e.row()) + e.column() + " ";
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_EQ(seen, "2display_name 2user_id 3user_id 10 ");
}

TEST_F(ImportServiceTest, ForgedPageTokensOfRowErrorsAreRefused) {
  const auto import = AddImport({{2, "user_id"}});
  using std::string_literals::operator""s;
  const paging::ListKey key{tenant_, "/test/ListImportRowErrors", import, "", ""};
  for (const auto& value : {""s, "17"s, ":"s, "x:user_id"s, "99999999999:a"s, "1x:a"s, "1:user\0id"s}) {
    auto page = List(import, paging::EncodePageToken(key, {value, Id::New()}));
    EXPECT_EQ(Faults(page), std::vector<std::string>{"pageToken INVALID_PAGE_TOKEN"}) << value;
  }
  EXPECT_EQ(Faults(List(import, paging::EncodePageToken(key, {std::nullopt, Id::New()}))),
            std::vector<std::string>{"pageToken INVALID_PAGE_TOKEN"});
  EXPECT_EQ(Reason(List(import, paging::EncodePageToken(key, {"1:user_id", Id::New()}))), "OK");
}

}  // namespace
}  // namespace lanting::membership
