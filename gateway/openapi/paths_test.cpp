#include "gateway/openapi/paths.h"

#include <gtest/gtest.h>
#include <lanting/testing/v1/echo.pb.h>

#include <stdexcept>

namespace lanting::gateway::openapi {
namespace {

// A route with the variables of `text` bound to fields of EchoRequest.
Route RouteOf(const std::string& method, const std::string& text) {
  Route route;
  route.http_method = method;
  route.text = text;
  route.path = ParseHttpTemplate(text).value();
  const auto* request = lanting::testing::v1::EchoRequest::descriptor();
  for (const Variable& variable : route.path.variables) {
    FieldPath field;
    const auto* type = request;
    for (std::size_t at = 0; at <= variable.field_path.size();) {
      const auto dot = std::min(variable.field_path.find('.', at), variable.field_path.size());
      field.push_back(type->FindFieldByName(variable.field_path.substr(at, dot - at)));
      type = field.back()->message_type();
      at = dot + 1;
    }
    route.bindings.push_back({variable, field});
  }
  return route;
}

std::string PathOf(const std::string& text) { return Paths().Of(RouteOf("GET", text)).text; }

TEST(OpenApiPaths, EachStarIsAParameterNamedByItsCollection) {
  EXPECT_EQ(PathOf("/v1/communities"), "/v1/communities");
  EXPECT_EQ(PathOf("/v1/{name=communities/*}"), "/v1/communities/{community}");
  EXPECT_EQ(PathOf("/v1/{name=communities/*/members/*}:remove"), "/v1/communities/{community}/members/{member}:remove");
  EXPECT_EQ(PathOf("/v1/{parent=communities/*/memberImports/*}/rowErrors"),
            "/v1/communities/{community}/memberImports/{memberImport}/rowErrors");
  EXPECT_EQ(PathOf("/v1/{thing.name=things/*}:replace"), "/v1/things/{thing}:replace");
}

TEST(OpenApiPaths, AFieldOfItsOwnHasItsJsonName) {
  EXPECT_EQ(PathOf("/v1/numbers/{kinds.int32_value}"), "/v1/numbers/{kinds.int32Value}");
  EXPECT_EQ(PathOf("/v1/segments/{text}"), "/v1/segments/{text}");
  EXPECT_EQ(PathOf("/v1/files/{path=**}"), "/v1/files/{path}");
}

TEST(OpenApiPaths, WhatIsBoundToNothingIsNamedToo) {
  const Path path = Paths().Of(RouteOf("GET", "/v1/c/*/d/**"));
  EXPECT_EQ(path.text, "/v1/c/{c}/d/{d}");
  ASSERT_EQ(path.parameters.size(), 2u);
  EXPECT_EQ(path.parameters[0].field, nullptr);
  EXPECT_FALSE(path.parameters[0].rest);
  EXPECT_TRUE(path.parameters[1].rest);
  EXPECT_EQ(PathOf("/*/*"), "/{id}/{id2}");
  EXPECT_EQ(PathOf("/v1/{name=things/*/things/*}"), "/v1/things/{thing}/things/{thing2}");
}

TEST(OpenApiPaths, TemplatesThatDifferInNamesOnlyAreOnePath) {
  Paths paths;
  EXPECT_EQ(paths.Of(RouteOf("GET", "/v1/segments/{text}")).text, "/v1/segments/{text}");
  const Path second = paths.Of(RouteOf("DELETE", "/v1/segments/{path}"));
  EXPECT_EQ(second.text, "/v1/segments/{text}");
  ASSERT_EQ(second.parameters.size(), 1u);
  EXPECT_EQ(second.parameters[0].name, "text");
  EXPECT_EQ(second.parameters[0].field->name(), "path") << "what it is bound to stays its own";
  EXPECT_EQ(paths.Of(RouteOf("GET", "/v1/segments/{path}:ban")).text, "/v1/segments/{path}:ban");
}

TEST(OpenApiPaths, TwoRoutesThatOpenApiCannotTellApartAreRefused) {
  Paths paths;
  paths.Of(RouteOf("GET", "/v1/files/*"));
  EXPECT_THROW(paths.Of(RouteOf("GET", "/v1/files/**")), std::invalid_argument);
  EXPECT_NO_THROW(paths.Of(RouteOf("POST", "/v1/files/**")));
}

TEST(OpenApiPaths, Singulars) {
  const std::pair<const char*, const char*> cases[] = {{"communities", "community"},
                                                       {"members", "member"},
                                                       {"inviteLinks", "inviteLink"},
                                                       {"keys", "key"},
                                                       {"houseRules", "houseRule"},
                                                       {"matches", "match"},
                                                       {"boxes", "box"},
                                                       {"addresses", "address"},
                                                       {"status", "status"},
                                                       {"analysis", "analysis"},
                                                       {"staff", "staff"},
                                                       {"s", "s"}};
  for (const auto& [plural, singular] : cases) EXPECT_EQ(Singular(plural), singular);
}

}  // namespace
}  // namespace lanting::gateway::openapi
