#include "gateway/transcode/request_binder.h"

#include <gtest/gtest.h>
#include <lanting/membership/v1/community_service.pb.h>
#include <lanting/membership/v1/member_service.pb.h>

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;
using membership::v1::UpdateCommunityRequest;

const pb::ServiceDescriptor* ServiceOf(const pb::Descriptor* message, const char* name) {
  return message->file()->FindServiceByName(name);
}

class RequestBinderTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<pb::Message>> Bind(const std::string& method, const std::string& path, const std::string& body,
                                            std::vector<std::pair<std::string, std::string>> headers) {
    auto match = table_.Find(method, path);
    EXPECT_NE(match.route, nullptr) << path;
    http::Request request{.method = method, .target = path, .headers = std::move(headers), .body = body};
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    return BindRequest(match, "", request);
  }
  // "field REASON" of each violation.
  static std::vector<std::string> FaultsOf(const Result<std::unique_ptr<pb::Message>>& bound) {
    std::vector<std::string> faults;
    if (bound.ok()) return faults;
    for (const auto& v : bound.error().violations) faults.push_back(v.field + " " + v.reason);
    return faults;
  }

  std::vector<std::string> table_faults_;
  RouteTable table_{{ServiceOf(UpdateCommunityRequest::descriptor(), "CommunityService"),
                     ServiceOf(membership::v1::CreateMemberRequest::descriptor(), "MemberService")},
                    &table_faults_};
};

using Faults = std::vector<std::string>;

TEST_F(RequestBinderTest, IfMatchIsTheEtagOfTheResourceToChange) {
  auto bound = Bind("PATCH", "/v1/communities/c", R"({"vision": "一千位文案人"})", {{"If-Match", "\"7.10003.1\""}});
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  EXPECT_EQ(static_cast<const UpdateCommunityRequest&>(**bound).community().etag(), "\"7.10003.1\"");
}

TEST_F(RequestBinderTest, AWriteThatCannotBeConditionalRefusesIfMatch) {
  const std::string body = R"({"displayName": "晓雯"})";
  EXPECT_EQ(FaultsOf(Bind("POST", "/v1/communities/c/members", body, {})), Faults());
  for (const char* etag : {"\"7\"", "*", ""}) {
    EXPECT_EQ(FaultsOf(Bind("POST", "/v1/communities/c/members", body, {{"If-Match", etag}})),
              Faults{"If-Match UNKNOWN_PARAMETER"});
    EXPECT_EQ(FaultsOf(Bind("POST", "/v1/communities/c/members/m:remove", "{}", {{"If-Match", etag}})),
              Faults{"If-Match UNKNOWN_PARAMETER"});
  }
  EXPECT_TRUE(Bind("GET", "/v1/communities/c", "", {{"If-Match", "\"7\""}}).ok()) << "a read overwrites nothing";
}

TEST_F(RequestBinderTest, AllFaultyHeadersAreNamedAtOnce) {
  EXPECT_EQ(FaultsOf(Bind("PATCH", "/v1/communities/c", "{}",
                          {{"Idempotency-Key", ""}, {"If-Match", "\"兰亭\""}, {"If-None-Match", "\"兰亭\""}})),
            (Faults{"Idempotency-Key INVALID_FORMAT", "If-Match INVALID_FORMAT", "If-None-Match INVALID_FORMAT"}));
}

}  // namespace
}  // namespace lanting::gateway
