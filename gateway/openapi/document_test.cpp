// The document of our real services, and of the testing service, which has every form of http rule and field.
#include "gateway/openapi/document.h"

#include <google/protobuf/descriptor_database.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "gateway/openapi/constraints.h"
#include "gateway/openapi/examples.h"

namespace lanting::gateway::openapi {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

// Every service of ours that has routes: a new one is checked without being named here.
RouteTable TableOfAll() {
  const auto* pool = pb::DescriptorPool::generated_pool();
  std::vector<std::string> files;
  pb::DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::vector<const pb::ServiceDescriptor*> services;
  for (const std::string& name : files) {
    if (!name.starts_with("lanting/")) continue;
    const pb::FileDescriptor* file = pool->FindFileByName(name);
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  std::vector<std::string> faults;
  RouteTable table(services, &faults);
  EXPECT_TRUE(faults.empty()) << faults[0];
  return table;
}

class OpenApiDocument : public ::testing::Test {
 protected:
  static const json::value& Document() {
    static const json::value document = BuildDocument(Routes(), Comments(), "1.2.3");
    return document;
  }
  static const RouteTable& Routes() {
    static const RouteTable table = TableOfAll();
    return table;
  }
  static const json::value& At(const std::string& pointer) { return Document().at_pointer(pointer); }
  // By operationId.
  static const json::object& Operation(const std::string& id) {
    for (const auto& path : At("/paths").as_object())
      for (const auto& method : path.value().as_object())
        if (method.value().at("operationId").as_string() == id) return method.value().as_object();
    ADD_FAILURE() << "no operation " << id;
    static const json::object none;
    return none;
  }
  static const json::object& Parameter(const std::string& id, const std::string& name) {
    for (const json::value& parameter : Operation(id).at("parameters").as_array())
      if (const auto* found = parameter.as_object().if_contains("name"); found != nullptr && *found == name.c_str())
        return parameter.as_object();
    ADD_FAILURE() << id << " has no parameter " << name;
    static const json::object none;
    return none;
  }
  static std::set<std::string> ParametersOf(const std::string& id) {
    std::set<std::string> names;
    for (const json::value& parameter : Operation(id).at("parameters").as_array()) {
      const auto& object = parameter.as_object();
      names.emplace(object.contains("name") ? object.at("name").as_string() : object.at("$ref").as_string());
    }
    return names;
  }
  static const json::value& Property(const std::string& schema, const std::string& name) {
    return At("/components/schemas/" + schema + "/properties/" + name);
  }
};

TEST_F(OpenApiDocument, EveryRouteIsAnOperationWithAnIdOfItsOwn) {
  std::set<std::string> ids;
  std::size_t operations = 0;
  for (const auto& path : At("/paths").as_object())
    for (const auto& method : path.value().as_object()) {
      ++operations;
      const auto& operation = method.value().as_object();
      EXPECT_TRUE(ids.emplace(operation.at("operationId").as_string()).second) << operation.at("operationId");
      EXPECT_FALSE(operation.at("summary").as_string().empty());
      EXPECT_FALSE(operation.at("description").as_string().empty());
    }
  EXPECT_EQ(operations, Routes().routes().size());
  EXPECT_TRUE(ids.contains("MemberService_GetMember"));
  EXPECT_TRUE(ids.contains("EchoService_Echo_2")) << "an additional binding";
  EXPECT_FALSE(ids.contains("EchoService_Hidden")) << "internal";
}

void Collect(const json::value& value, std::set<std::string>* refs) {
  if (value.is_array())
    for (const json::value& element : value.as_array()) Collect(element, refs);
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.as_object()) {
    if (name == "$ref") refs->emplace(member.as_string());
    Collect(member, refs);
  }
}

TEST_F(OpenApiDocument, EveryReferenceLeadsSomewhereAndEveryComponentIsUsed) {
  std::set<std::string> refs;
  Collect(Document(), &refs);
  for (const std::string& ref : refs) {
    boost::system::error_code ec;
    EXPECT_NE(Document().find_pointer(ref.substr(1), ec), nullptr) << ref;
  }
  for (const auto& kind : At("/components").as_object()) {
    if (kind.key() == "securitySchemes") continue;
    for (const auto& component : kind.value().as_object())
      EXPECT_TRUE(refs.contains("#/components/" + std::string(kind.key()) + "/" + std::string(component.key())))
          << kind.key() << "/" << component.key();
  }
}

TEST_F(OpenApiDocument, TheSameRoutesGiveTheSameBytes) {
  EXPECT_EQ(json::serialize(BuildDocument(Routes(), Comments(), "1.2.3")), json::serialize(Document()));
}

TEST_F(OpenApiDocument, PathParametersSayWhatAnIdIs) {
  const auto& community = Parameter("MemberService_GetMember", "community");
  EXPECT_EQ(community.at("in"), "path");
  EXPECT_EQ(community.at("required"), true);
  EXPECT_EQ(community.at("schema").at("pattern").as_string(), std::string("^") + kIdPattern + "$");
  EXPECT_FALSE(Parameter("CommunityService_GetHouseRules", "houseRule").at("schema").as_object().contains("pattern"))
      << "a version or \"current\"";
  EXPECT_EQ(Parameter("EchoService_GetNumber", "kinds.int32Value").at("schema").at("type"), "integer");
  EXPECT_EQ(Parameter("EchoService_GetColor", "kinds.color").at("schema").at("$ref"), "#/components/schemas/Color");
  EXPECT_EQ(Parameter("EchoService_GetFile", "path").at("x-multi-segment"), true);
}

TEST_F(OpenApiDocument, WhatNeitherPathNorBodyFillsIsAQueryParameter) {
  const auto& gate_kind = Parameter("CommunityService_CreateCommunity", "gateKind");
  EXPECT_EQ(gate_kind.at("in"), "query");
  EXPECT_EQ(gate_kind.at("required"), true);
  EXPECT_EQ(gate_kind.at("schema").at("not").at("const"), "GATE_KIND_UNSPECIFIED");
  const auto get_thing = ParametersOf("EchoService_GetThing");
  EXPECT_TRUE(get_thing.contains("kinds.stringList"));
  EXPECT_TRUE(get_thing.contains("thing.kinds.timestamp"));
  EXPECT_TRUE(get_thing.contains("kinds.int64Wrapper"));
  EXPECT_FALSE(get_thing.contains("name")) << "the path's";
  EXPECT_FALSE(get_thing.contains("kinds.stringMap")) << "a map has no form in a query";
  EXPECT_FALSE(get_thing.contains("kinds.any"));
  EXPECT_FALSE(get_thing.contains("kinds.nestedList"));
  const auto& list = Parameter("EchoService_GetThing", "kinds.stringList");
  EXPECT_EQ(list.at("style"), "form");
  EXPECT_EQ(list.at("explode"), true);
  for (const std::string& name : ParametersOf("MemberService_BatchCreateMembers"))
    EXPECT_TRUE(name == "community" || name.starts_with('#')) << name << ": the body has it";
}

TEST_F(OpenApiDocument, HeadersStandWhereTheyHaveAnEffect) {
  const std::string at = "#/components/parameters/";
  const auto update = ParametersOf("CommunityService_UpdateCommunity");
  EXPECT_TRUE(update.contains(at + "IdempotencyKey"));
  EXPECT_TRUE(update.contains(at + "IfMatch"));
  EXPECT_FALSE(update.contains(at + "IfNoneMatch"));
  const auto get = ParametersOf("MemberService_GetMember");
  EXPECT_FALSE(get.contains(at + "IdempotencyKey"));
  EXPECT_FALSE(get.contains(at + "IfMatch"));
  EXPECT_TRUE(get.contains(at + "IfNoneMatch"));
  EXPECT_TRUE(get.contains(at + "GrpcTimeout"));
  EXPECT_TRUE(Operation("MemberService_GetMember").at("responses").as_object().contains("304"));
  EXPECT_FALSE(ParametersOf("GateService_GetInviteLink").contains(at + "IfNoneMatch")) << "a link has no etag";
}

TEST_F(OpenApiDocument, ErrorsAreThoseThatMayCome) {
  auto statuses = [](const std::string& id) {
    std::set<std::string> out;
    for (const auto& response : Operation(id).at("responses").as_object()) out.emplace(response.key());
    return out;
  };
  const auto get = statuses("MemberService_GetMember");
  for (const char* status : {"200", "400", "401", "403", "404", "429", "500", "503", "504", "default"})
    EXPECT_TRUE(get.contains(status)) << status;
  for (const char* status : {"409", "413", "415", "422"}) EXPECT_FALSE(get.contains(status)) << status;
  const auto create = statuses("MemberService_CreateMember");
  for (const char* status : {"404", "409", "413", "415", "422"}) EXPECT_TRUE(create.contains(status)) << status;
  EXPECT_FALSE(statuses("EchoService_GetSpecialThing").contains("401")) << "public";
}

TEST_F(OpenApiDocument, ScopesArePartOfTheSecurity) {
  const auto& get = Operation("MemberService_GetMember");
  EXPECT_EQ(json::serialize(get.at("security")), R"([{"serviceKey":["members.read"]}])");
  EXPECT_EQ(get.at("x-required-scope"), "members.read");
  EXPECT_TRUE(Operation("EchoService_GetSpecialThing").at("security").as_array().empty());
}

TEST_F(OpenApiDocument, RequestsCarryTheRulesOfTheirFields) {
  const auto& name = Property("MemberInput", "displayName");
  EXPECT_EQ(name.at("minLength"), 1);
  EXPECT_EQ(name.at("maxLength"), 100);
  EXPECT_EQ(name.at("x-pii"), true);
  EXPECT_TRUE(name.as_object().contains("pattern"));
  EXPECT_EQ(Property("MemberInput", "identities").at("maxItems"), 10);
  EXPECT_EQ(Property("MemberInput", "state").at("readOnly"), true);
  EXPECT_EQ(Property("MemberInput", "externalId").at("x-immutable"), true);
  EXPECT_EQ(Property("GroupInput", "capacity").at("minimum"), 0);
  EXPECT_EQ(Property("GroupInput", "capacity").at("maximum"), 200000);
  EXPECT_EQ(Property("CommunityInput", "purpose").at("minLength"), 4);
  EXPECT_EQ(Property("BatchCreateMembersBody", "members").at("minItems"), 1);
  EXPECT_EQ(Property("BatchCreateMembersBody", "members").at("maxItems"), 500);
  EXPECT_EQ(Property("ApplicationInput", "gate").at("x-resource"), "communities/*/gates/*");
  EXPECT_EQ(json::serialize(At("/components/schemas/GroupInput/required")), R"(["displayName","channel"])");
  EXPECT_EQ(At("/components/schemas/MemberInput/additionalProperties"), false);
  EXPECT_FALSE(At("/components/schemas/BatchCreateMembersBody/properties").as_object().contains("parent"));
}

TEST_F(OpenApiDocument, RepliesSayWhatIsAlwaysThere) {
  std::set<std::string> required;
  for (const json::value& name : At("/components/schemas/Member/required").as_array())
    required.emplace(name.as_string());
  EXPECT_TRUE(required.contains("name"));
  EXPECT_TRUE(required.contains("identities"));
  EXPECT_FALSE(required.contains("joinTime")) << "unset messages are not printed";
  EXPECT_FALSE(Property("Member", "displayName").as_object().contains("minLength"));
}

TEST_F(OpenApiDocument, APatchRequiresNothingAndNullClears) {
  EXPECT_FALSE(At("/components/schemas/CommunityPatch").as_object().contains("required"));
  EXPECT_EQ(json::serialize(Property("CommunityPatch", "vision").at("type")), R"(["string","null"])");
  EXPECT_EQ(Property("CommunityPatch", "purpose").at("type"), "string") << "required: cannot be cleared";
  EXPECT_EQ(json::serialize(Property("CommunityPatch", "declarations").at("anyOf")),
            R"([{"$ref":"#/components/schemas/DeclarationsPatch"},{"type":"null"}])");
}

TEST_F(OpenApiDocument, EveryFieldTypeHasItsJsonForm) {
  EXPECT_EQ(Property("Kinds", "int64Value").at("type"), "string");
  EXPECT_EQ(Property("Kinds", "int64Value").at("format"), "int64");
  EXPECT_EQ(Property("Kinds", "uint32Value").at("maximum"), 4294967295);
  EXPECT_EQ(Property("Kinds", "bytesValue").at("contentEncoding"), "base64");
  EXPECT_EQ(Property("Kinds", "timestamp").at("format"), "date-time");
  EXPECT_EQ(Property("Kinds", "fieldMask").at("type"), "string");
  EXPECT_EQ(Property("Kinds", "structValue").at("additionalProperties"), true);
  EXPECT_EQ(json::serialize(Property("Kinds", "int64Wrapper").at("type")), R"(["string","null"])");
  EXPECT_EQ(Property("Kinds", "nestedMap").at("additionalProperties").at("$ref"), "#/components/schemas/Kinds");
  EXPECT_EQ(json::serialize(Property("Kinds", "flagMap").at("propertyNames")), R"({"enum":["true","false"]})");
  EXPECT_EQ(json::serialize(At("/components/schemas/Kinds/x-oneof")),
            R"({"choice":["choiceText","choiceNumber","choiceNested"]})");
  EXPECT_TRUE(At("/components/schemas/Kinds/dependentSchemas").as_object().contains("choiceText"));
  EXPECT_EQ(json::serialize(At("/components/schemas/Color/enum")), R"(["COLOR_UNSPECIFIED","COLOR_RED","COLOR_JADE"])");
}

TEST_F(OpenApiDocument, BodiesAreOfTheFormOfTheRule) {
  auto content = [](const std::string& id) -> const json::object& {
    return Operation(id).at("requestBody").at("content").as_object();
  };
  EXPECT_TRUE(content("MemberService_ImportMembers").contains("text/csv"));
  EXPECT_EQ(content("MemberService_CreateMember").at("application/json").at("schema").at("$ref"),
            "#/components/schemas/MemberInput");
  EXPECT_EQ(Operation("MemberService_RemoveMember").at("requestBody").at("required"), false);
  EXPECT_EQ(Operation("GateService_RejectApplication").at("requestBody").at("required"), true);
  EXPECT_FALSE(Operation("MemberService_GetMember").contains("requestBody"));
  const auto reply = [](const std::string& id) -> const json::object& {
    return Operation(id).at("responses").at("200").at("content").as_object();
  };
  EXPECT_EQ(reply("EchoService_Unwrap").at("application/json").at("schema").at("$ref"),
            "#/components/schemas/EchoRequest");
  EXPECT_TRUE(reply("EchoService_StreamThings").contains("application/x-ndjson"));
  EXPECT_TRUE(reply("EchoService_StreamThings").contains("text/event-stream"));
  EXPECT_TRUE(reply("EchoService_MirrorRaw").contains("*/*"));
}

TEST_F(OpenApiDocument, PagesAndLongWorkAreMarked) {
  EXPECT_EQ(Operation("MemberService_ListMembers").at("x-pagination").at("items"), "members");
  EXPECT_FALSE(Operation("MemberService_GetMember").contains("x-pagination"));
  EXPECT_EQ(Parameter("MemberService_ListMembers", "pageSize").at("schema").at("default"), 50);
  const auto& import = Operation("MemberService_ImportMembers").at("x-long-running");
  EXPECT_EQ(import.at("poll"), "MemberService_GetMemberImport");
  EXPECT_EQ(import.at("runningState"), "IMPORT_STATE_RUNNING");
  EXPECT_FALSE(Operation("GateService_SubmitApplication").contains("x-long-running"));
}

TEST(OpenApiExamples, NamesAreNames) {
  const std::string name = ExampleName("communities/*/members/*|keys/*");
  EXPECT_EQ(name, "communities/" + ExampleId("communities") + "/members/" + ExampleId("members"));
  EXPECT_EQ(ExampleId("members").size(), 26u);
  EXPECT_NE(ExampleId("members"), ExampleId("groups"));
  EXPECT_EQ(ResourcePattern("keys/*|tenants/**", Form::kInput),
            std::string("keys/") + kIdPattern + "|tenants/[^/](?:.*[^/])?");
}

}  // namespace
}  // namespace lanting::gateway::openapi
