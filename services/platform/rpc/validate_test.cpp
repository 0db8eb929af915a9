// Declarative validation over the protos of membership, as their callers would get it wrong.
#include "platform/rpc/validate.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <chrono>

#include "lanting/common/v1/error_reason.pb.h"
#include "lanting/common/v1/options.pb.h"
#include "lanting/membership/v1/community_service.pb.h"
#include "lanting/membership/v1/gate_service.pb.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/base/id.h"

namespace lanting::rpc {
namespace {

namespace pb = google::protobuf;
namespace mb = membership::v1;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string kCommunity = "communities/" + Id::New().ToString();

// "field REASON" of each violation.
std::vector<std::string> Check(pb::Message& message) {
  std::vector<std::string> out;
  for (const auto& v : Violations(message)) {
    EXPECT_FALSE(v.description.empty());
    out.push_back(v.field + " " + v.reason);
  }
  return out;
}

mb::CreateMemberRequest Join(const std::string& display_name) {
  mb::CreateMemberRequest request;
  request.set_parent(kCommunity);
  request.mutable_member()->set_display_name(display_name);
  return request;
}

mb::CreateCommunityRequest Open() {
  mb::CreateCommunityRequest request;
  auto& community = *request.mutable_community();
  community.set_display_name("兰亭读书会");
  community.set_template_(mb::TEMPLATE_LEARNING_PYRAMID);
  community.set_purpose("一起读完二十四史");
  request.set_gate_kind(mb::GATE_KIND_INVITE_LINK);
  return request;
}

std::string Repeat(const std::string& text, int n) {
  std::string out;
  while (n-- > 0) out += text;
  return out;
}

TEST(Validate, DisplayNames) {
  struct {
    std::string name;
    const char* reason;
  } cases[] = {
      {"王羲之", ""},
      {"Xie An 谢安", ""},
      {Repeat("字", 100), ""},
      {Repeat("字", 101), "TOO_LONG"},
      {"", "REQUIRED"},
      {" 王羲之", "INVALID_FORMAT"},
      {"王羲之\u3000", "INVALID_FORMAT"},
      {"\u00a0Wang", "INVALID_FORMAT"},
      {"\u200b", "INVALID_FORMAT"},  // nothing to be seen
      {"\u3164\ufe0f", "INVALID_FORMAT"},
      {"nimda\u202eadmin", "INVALID_FORMAT"},  // turns what follows
      {"👩\u200d👧", ""},                        // joiners have their use
      {"Wang\nXizhi", "INVALID_FORMAT"},
      {"Wang\u0085Xizhi", "INVALID_FORMAT"},
      {std::string("Wang\0Xizhi", 10), "INVALID_FORMAT"},
      {"Wang\xff", "INVALID_FORMAT"},
      {"\xed\xa0\x80", "INVALID_FORMAT"},
      {"\u3000", "INVALID_FORMAT"},
  };
  for (const auto& c : cases) {
    auto request = Join(c.name);
    auto found = Check(request);
    if (*c.reason == 0) {
      EXPECT_THAT(found, IsEmpty()) << c.name;
    } else {
      EXPECT_THAT(found, ElementsAre("member.displayName " + std::string(c.reason))) << c.name;
    }
  }
}

TEST(Validate, AllViolationsAtOnceWithJsonPaths) {
  auto request = Join("");
  request.set_parent("communities/兰亭");
  request.set_request_id(" x");
  auto& member = *request.mutable_member();
  member.set_accepted_rules_version(-1);
  member.set_expectation(Repeat("想", 501));
  member.add_identities()->set_user_id("wmA1");
  auto* second = member.add_identities();
  second->set_channel(static_cast<mb::Channel>(999));
  second->set_user_id("微信号");
  EXPECT_THAT(Check(request), UnorderedElementsAre(
                                  "parent INVALID_RESOURCE_NAME", "member.displayName REQUIRED",
                                  "member.identities[0].channel REQUIRED", "member.identities[1].channel UNKNOWN_VALUE",
                                  "member.identities[1].userId INVALID_FORMAT", "member.expectation TOO_LONG",
                                  "member.acceptedRulesVersion OUT_OF_RANGE", "requestId INVALID_FORMAT"));
}

TEST(Validate, ListsAreBounded) {
  mb::BatchCreateMembersRequest request;
  request.set_parent(kCommunity);
  EXPECT_THAT(Check(request), ElementsAre("members REQUIRED"));
  for (int i = 0; i < 500; ++i) request.add_members()->set_display_name("成员");
  EXPECT_THAT(Check(request), IsEmpty());
  request.mutable_members(499)->clear_display_name();
  EXPECT_THAT(Check(request), ElementsAre("members[499].displayName REQUIRED"));
  request.add_members();
  EXPECT_THAT(Check(request), ElementsAre("members TOO_MANY_ITEMS"));
  request.mutable_members()->RemoveLast();
  request.set_allow_partial(true);
  EXPECT_THAT(Check(request), IsEmpty()) << "each element is for the handler to answer for";

  mb::CreateKeyRequest key;
  key.mutable_key()->set_display_name("web");
  EXPECT_THAT(Check(key), IsEmpty()) << "a role may say what the key may do";
  key.mutable_key()->add_scopes("");
  EXPECT_THAT(Check(key), ElementsAre("key.scopes[0] TOO_SHORT"));
}

TEST(Validate, WhatOnlyLantingSetsIsClearedNotRefused) {
  auto request = Join("Wang");
  request.mutable_member()->set_name("not/a/name");
  request.mutable_member()->set_state(mb::MEMBER_STATE_ACTIVE);
  request.mutable_member()->set_waiting_position(-3);
  request.mutable_member()->mutable_join_time()->set_nanos(-1);
  EXPECT_THAT(Check(request), IsEmpty());
  EXPECT_EQ(request.SerializeAsString(), Join("Wang").SerializeAsString());
}

TEST(Validate, EnumsNumbersAndFormats) {
  auto request = Open();
  EXPECT_THAT(Check(request), IsEmpty());
  auto& community = *request.mutable_community();
  community.set_template_(static_cast<mb::Template>(77));
  community.set_structure(static_cast<mb::Structure>(-1));
  community.set_purpose("卖货");
  community.set_locale("en-US");
  community.set_time_zone("Asia/Lanting");
  community.mutable_declarations()->set_promo_percent_max(101);
  community.mutable_declarations()->mutable_cadence()->set_shares_per_day(-1);
  EXPECT_THAT(
      Check(request),
      UnorderedElementsAre("community.template UNKNOWN_VALUE", "community.structure UNKNOWN_VALUE",
                           "community.purpose TOO_SHORT", "community.locale INVALID_FORMAT",
                           "community.timeZone INVALID_FORMAT", "community.declarations.promoPercentMax OUT_OF_RANGE",
                           "community.declarations.cadence.sharesPerDay OUT_OF_RANGE"));
}

TEST(Validate, TimeZones) {
  auto request = Open();
  for (const char* zone : {"Asia/Shanghai", "PRC", "UTC", "America/Argentina/Buenos_Aires", "Asia/Calcutta"}) {
    request.mutable_community()->set_time_zone(zone);
    EXPECT_THAT(Check(request), IsEmpty()) << zone;
  }
  for (const char* zone : {"asia/shanghai", "Asia", "Asia/../Asia/Shanghai", "/etc/passwd", "../../etc/passwd",
                           "tzdata.zi", "北京", "Asia/Shanghai/", "posix/Asia/Shanghai"}) {
    request.mutable_community()->set_time_zone(zone);
    EXPECT_THAT(Check(request), ElementsAre("community.timeZone INVALID_FORMAT")) << zone;
  }
}

TEST(Validate, ResourceNames) {
  const std::string id = Id::New().ToString();
  EXPECT_TRUE(MatchesResource("communities/*", "communities/" + id));
  EXPECT_FALSE(MatchesResource("communities/*", "communities/"));
  EXPECT_FALSE(MatchesResource("communities/*", "communities/" + id + "/"));
  EXPECT_FALSE(MatchesResource("communities/*", "/communities/" + id));
  EXPECT_FALSE(MatchesResource("communities/*", "communities/" + id + "/members/" + id));
  EXPECT_FALSE(MatchesResource("communities/*/members/*", "communities/" + id));
  EXPECT_FALSE(MatchesResource("communities/*", "communities/-"));
  EXPECT_FALSE(MatchesResource("communities/*", "communities/" + std::string(26, 'z')));
  EXPECT_FALSE(MatchesResource("communities/*", "tenants/" + id));
  EXPECT_TRUE(MatchesResource("keys/* | tenants/*", "tenants/" + id));
  EXPECT_TRUE(MatchesResource("communities/*/houseRules/**", "communities/" + id + "/houseRules/3"));
  EXPECT_FALSE(MatchesResource("communities/*/houseRules/**", "communities/" + id + "/houseRules/"));
  EXPECT_FALSE(MatchesResource("communities/*/houseRules/**", "communities/" + id + "/houseRules"));
}

TEST(Validate, Timestamps) {
  mb::CreateKeyRequest request;
  request.mutable_key()->set_display_name("web");
  request.mutable_key()->add_scopes("*");
  auto& time = *request.mutable_key()->mutable_expire_time();
  time.set_seconds(253402300799);
  time.set_nanos(999999999);
  EXPECT_THAT(Check(request), IsEmpty());
  time.set_seconds(253402300800);
  EXPECT_THAT(Check(request), ElementsAre("key.expireTime OUT_OF_RANGE"));
  time.set_seconds(0);
  time.set_nanos(-1);
  EXPECT_THAT(Check(request), ElementsAre("key.expireTime OUT_OF_RANGE"));
}

TEST(Validate, UpdatesNeedOnlyWhatTheyTouch) {
  mb::UpdateCommunityRequest request;
  request.mutable_community()->set_vision("人人皆可挥毫");
  request.mutable_update_mask()->add_paths("vision");
  EXPECT_THAT(Check(request), ElementsAre("community.name REQUIRED"));
  request.mutable_community()->set_name("communities/1");
  EXPECT_THAT(Check(request), ElementsAre("community.name INVALID_RESOURCE_NAME"));
  request.mutable_community()->set_name(kCommunity);
  request.mutable_community()->set_house_rules_version(9);
  EXPECT_THAT(Check(request), IsEmpty());
  EXPECT_EQ(request.community().name(), kCommunity);
  EXPECT_EQ(request.community().house_rules_version(), 0);

  request.mutable_update_mask()->add_paths("purpose");
  request.mutable_update_mask()->add_paths("declarations.cadence");
  EXPECT_THAT(Check(request), ElementsAre("community.purpose REQUIRED"));
  request.mutable_update_mask()->add_paths("no_such.field");
  request.mutable_update_mask()->add_paths("declarations.cadence.shares_per_day.x");
  EXPECT_THAT(Check(request), UnorderedElementsAre("community.purpose REQUIRED", "updateMask INVALID_UPDATE_MASK",
                                                   "updateMask INVALID_UPDATE_MASK"));
  request.mutable_update_mask()->Clear();
  request.mutable_update_mask()->add_paths("*");
  EXPECT_THAT(Check(request), UnorderedElementsAre("community.displayName REQUIRED", "community.template REQUIRED",
                                                   "community.purpose REQUIRED"));
  request.clear_update_mask();
  EXPECT_THAT(Check(request), IsEmpty()) << "no mask: what is populated";
}

TEST(Validate, NestingIsBounded) {
  pb::FileDescriptorProto file;
  file.set_name("nesting.proto");
  file.set_syntax("proto3");
  auto* type = file.add_message_type();
  type->set_name("Box");
  auto* field = type->add_field();
  field->set_name("inner_box");
  field->set_number(1);
  field->set_type(pb::FieldDescriptorProto::TYPE_MESSAGE);
  field->set_type_name("Box");
  field->set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
  static pb::DescriptorPool pool;
  static const auto* descriptor = pool.BuildFile(file)->FindMessageTypeByName("Box");
  static pb::DynamicMessageFactory factory;
  std::unique_ptr<pb::Message> box(factory.GetPrototype(descriptor)->New());
  pb::Message* inner = box.get();
  for (int i = 0; i < 32; ++i) inner = inner->GetReflection()->MutableMessage(inner, descriptor->field(0));
  EXPECT_THAT(Violations(*box), IsEmpty());
  inner->GetReflection()->MutableMessage(inner, descriptor->field(0));
  auto found = Violations(*box);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].reason, "OUT_OF_RANGE");
  EXPECT_TRUE(found[0].field.starts_with("innerBox.innerBox."));
}

TEST(Validate, ErrorIsInvalidFields) {
  mb::CreateMemberRequest empty;
  auto result = Validate(empty);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  EXPECT_EQ(result.error().reason, "INVALID_FIELDS");
  EXPECT_EQ(result.error().metadata.at("parent"), "REQUIRED");
  EXPECT_EQ(result.error().metadata.at("member"), "REQUIRED");
}

// Every request type of every service of ours in the pool.
std::vector<const pb::MethodDescriptor*> Methods() {
  std::vector<const pb::MethodDescriptor*> methods;
  for (const auto* file :
       {mb::CreateKeyRequest::descriptor()->file(), mb::CreateMemberRequest::descriptor()->file(),
        mb::CreateCommunityRequest::descriptor()->file(), mb::CreateGateRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
    }
  }
  return methods;
}

TEST(Validate, EmptyWritesAreRefusedWithKnownReasons) {
  int writes = 0;
  for (const auto* method : Methods()) {
    std::unique_ptr<pb::Message> request(
        pb::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    auto violations = Violations(*request);
    for (const auto& v : violations) {
      common::v1::ErrorReason reason;
      EXPECT_TRUE(common::v1::ErrorReason_Parse("ERROR_REASON_" + v.reason, &reason))
          << method->full_name() << ": " << v.reason;
    }
    if (!method->options().GetExtension(common::v1::write)) continue;
    ++writes;
    EXPECT_FALSE(violations.empty()) << method->full_name() << " accepts an empty request";
  }
  EXPECT_GE(writes, 15);
}

TEST(Validate, IsCheapEnoughForEveryCall) {
  auto request = Join("王羲之");
  auto& member = *request.mutable_member();
  member.set_external_id("crm-0042");
  member.set_expectation("认识同好，学习书法");
  member.add_identities()->set_channel(mb::CHANNEL_WECOM);
  member.mutable_identities(0)->set_user_id("wmAbCdEf");
  request.set_request_id("0b8f2f9e");
  Violations(request);
  auto start = std::chrono::steady_clock::now();
  constexpr int kTimes = 2000;
  for (int i = 0; i < kTimes; ++i) ASSERT_TRUE(Violations(request).empty());
  auto each = (std::chrono::steady_clock::now() - start) / kTimes;
  RecordProperty("ns_per_message", static_cast<int>(std::chrono::nanoseconds(each).count()));
  EXPECT_LT(each, std::chrono::microseconds(200)) << "far beyond what an unoptimised build takes";
}

}  // namespace
}  // namespace lanting::rpc
