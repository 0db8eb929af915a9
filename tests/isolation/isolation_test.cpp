// A tenant can see and touch only its own: for every RPC, and every resource name in its request, tenant B with tenant
// A's name gets the very answer of a name that does not exist, and nothing of A changes. Walks the descriptors: an RPC
// without a case here fails.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "lanting/common/v1/options.pb.h"
#include "lanting/membership/v1/community_service.pb.h"
#include "lanting/membership/v1/gate_service.pb.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "lanting/membership/v1/person_service.pb.h"
#include "lanting/membership/v1/tenant_service.pb.h"
#include "lanting/membership/v1/tenant_settings_service.pb.h"
#include "platform/base/id.h"
#include "platform/base/strings.h"
#include "tests/support/suite.h"

namespace lanting {
namespace {

using namespace google::protobuf;
using testing::Suite;

const std::vector<std::string> kServices = {
    "lanting.membership.v1.CommunityService", "lanting.membership.v1.GateService",
    "lanting.membership.v1.MemberService",    "lanting.membership.v1.KeyService",
    "lanting.membership.v1.SettingsService",  "lanting.webhooks.v1.WebhookService",
    "lanting.membership.v1.PersonService"};

// A valid request for each RPC; {x} is a resource of the tenant. Every resource name of the request must be set, so
// that each is tried.
const std::map<std::string, std::string> kCases = {
    {"ListCommunityTemplates", "{}"},
    {"CreateCommunity",
     R"({"community": {"displayName": "读书会", "template": "TEMPLATE_SOCIAL_RING", "purpose": "一起读书"}, "gateKind": "GATE_KIND_QUESTIONS"})"},
    {"GetCommunity", R"({"name": "{community}"})"},
    {"ListCommunities", "{}"},
    {"UpdateCommunity", R"({"community": {"name": "{community}", "vision": "被改了"}, "updateMask": "vision"})"},
    {"CreateGroup", R"({"parent": "{community}", "group": {"displayName": "二群", "channel": "CHANNEL_QQ"}})"},
    {"GetGroup", R"({"name": "{group}"})"},
    {"ListGroups", R"({"parent": "{community}"})"},
    {"PublishHouseRules", R"({"parent": "{community}", "houseRules": {"text": "新群规"}})"},
    {"GetHouseRules", R"({"name": "{houseRules}"})"},
    {"CreateGate", R"({"parent": "{community}", "gate": {"displayName": "老友", "kind": "GATE_KIND_INVITE_LINK"}})"},
    {"GetGate", R"({"name": "{gate}"})"},
    {"ListGates", R"({"parent": "{community}"})"},
    {"CreateInviteLink", R"({"parent": "{community}", "inviteLink": {"gate": "{linkGate}", "group": "{group}"}})"},
    {"GetInviteLink", R"({"name": "{inviteLink}"})"},
    {"ListInviteLinks", R"({"parent": "{community}"})"},
    {"JoinByInviteLink",
     R"({"parent": "{community}", "code": "{code}", "member": {"displayName": "Mallory", "acceptedRulesVersion": 1}})"},
    {"SubmitApplication",
     R"({"parent": "{community}", "application": {"gate": "{gate}", "displayName": "Mallory", "acceptedRulesVersion": 1,
         "answers": [{"key": "{questionKey}", "text": "让我进来"}]}})"},
    {"GetApplication", R"({"name": "{application}"})"},
    {"ListApplications", R"({"parent": "{community}"})"},
    {"ApproveApplication", R"({"name": "{application}"})"},
    {"RejectApplication", R"({"name": "{application}", "reason": "不合适"})"},
    {"CreateMember", R"({"parent": "{community}", "member": {"displayName": "Mallory"}})"},
    {"BatchCreateMembers", R"({"parent": "{community}", "members": [{"displayName": "Mallory"}]})"},
    {"GetMember", R"({"name": "{member}"})"},
    {"ListMembers", R"({"parent": "{community}"})"},
    {"RemoveMember", R"({"name": "{member}"})"},
    {"ImportMembers", R"({"parent": "{community}", "csv": {"contentType": "text/csv", "data": "bmFtZQo="}})"},
    {"GetMemberImport", R"({"name": "{memberImport}"})"},
    {"ListMemberImports", R"({"parent": "{community}"})"},
    {"ListImportRowErrors", R"({"parent": "{memberImport}"})"},
    {"FindDuplicates", R"({"name": "{member}"})"},
    {"ListDuplicates", R"({"parent": "{community}"})"},
    {"DismissDuplicate", R"({"name": "{member}", "duplicate": "{otherMember}"})"},
    {"MergeMembers", R"({"name": "{member}", "source": "{otherMember}", "reason": "同一个人"})"},
    {"UndoMerge", R"({"name": "{merge}"})"},
    {"GetMerge", R"({"name": "{merge}"})"},
    {"ListMerges", R"({"parent": "{community}"})"},
    {"ExportPerson", R"({"name": "{member}"})"},
    {"ErasePerson", R"({"name": "{member}", "reason": "ERASURE_REASON_REQUESTED_BY_PERSON"})"},
    {"GetErasure", R"({"name": "{erasure}"})"},
    {"ListErasures", R"({"parent": "{community}"})"},
    {"CreateKey", R"({"key": {"displayName": "second", "scopes": ["members.read"]}})"},
    {"ListKeys", "{}"},
    {"RevokeKey", R"({"name": "{key}"})"},
    {"CreateWebhook", R"({"webhook": {"url": "http://127.0.0.1:8000/", "eventTypes": ["*"]}})"},
    {"GetWebhook", R"({"name": "{webhook}"})"},
    {"ListWebhooks", "{}"},
    {"UpdateWebhook", R"({"webhook": {"name": "{webhook}", "description": "被改了"}, "updateMask": "description"})"},
    {"DeleteWebhook", R"({"name": "{webhook}"})"},
    {"EnableWebhook", R"({"name": "{webhook}"})"},
    {"DisableWebhook", R"({"name": "{webhook}"})"},
    {"RotateWebhookSecret", R"({"name": "{webhook}"})"},
    {"PingWebhook", R"({"name": "{webhook}"})"},
    {"ListDeliveries", R"({"parent": "{webhook}"})"},
    {"GetDelivery", R"({"name": "{delivery}"})"},
    {"ReplayDelivery", R"({"name": "{delivery}"})"},
    {"ReplayDeliveries", R"({"parent": "{webhook}"})"},
    {"ListEventTypes", "{}"},
    {"GetSettings", R"({"name": "settings"})"},
    {"UpdateSettings",
     R"({"settings": {"name": "settings", "corsAllowedOrigins": ["https://app.example.com"]}, "updateMask": "corsAllowedOrigins"})"},
};

using Names = std::map<std::string, std::string>;  // placeholder -> value

struct Outcome {
  Result<void> status;
  std::unique_ptr<Message> reply;

  std::string Text() const {
    if (status.ok()) return "OK " + reply->ShortDebugString();
    const auto& e = status.error();
    std::string text = std::to_string(static_cast<int>(e.code)) + " " + e.reason + " " + e.message;
    for (const auto& [k, v] : e.metadata) text += " " + k + "=" + v;
    for (const auto& v : e.violations) text += " " + v.field + ":" + v.reason + ":" + v.description;
    return text;
  }
};

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string Fill(std::string text, const Names& names) {
  for (const auto& [placeholder, value] : names) text = Replace(text, "{" + placeholder + "}", value);
  return text;
}

// A name of the same form that does not exist: every id replaced by a fresh one. A code is replaced as a whole.
std::string Unknown(const std::string& name) {
  std::string out;
  for (auto segment : Split(name, '/')) {
    if (!out.empty()) out += '/';
    out += lanting::Id::Parse(segment) ? lanting::Id::New().ToString() : std::string(segment);
  }
  return out == name ? "0123456789abcdef" : out;
}

class IsolationTest : public ::testing::Test {
 protected:
  IsolationTest() {
    a_key_ = suite_.key();
    b_key_ = suite_.NewTenant("另一家");
    a_ = MakeResources(a_key_);
    b_ = MakeResources(b_key_);
    // Force the message types to be linked.
    (void)membership::v1::ListKeysRequest::descriptor();
  }

  Outcome Call(const MethodDescriptor* method, const std::string& body, const std::string& key) {
    auto* factory = MessageFactory::generated_factory();
    std::unique_ptr<Message> request(factory->GetPrototype(method->input_type())->New());
    auto parsed = util::JsonStringToMessage(body, request.get());
    EXPECT_TRUE(parsed.ok()) << method->full_name() << ": " << parsed.ToString() << "\n" << body;
    std::unique_ptr<Message> reply(factory->GetPrototype(method->output_type())->New());
    auto path = "/" + method->service()->full_name() + "/" + method->name();
    auto& channel = method->file()->package() == "lanting.webhooks.v1" ? suite_.webhooks_channel() : suite_.channel();
    auto status = rpc::detail::CallUnary(channel, path, *request, *reply, {.authorization = "Bearer " + key});
    return {std::move(status), std::move(reply)};
  }

  Names MakeResources(const std::string& key) {
    auto create = [&](const std::string& path, const std::string& body, http::HeaderList headers = {}) {
      auto answer = suite_.CallAs(key, "POST", path, body, std::move(headers));
      EXPECT_EQ(answer.status, 200) << path << boost::json::serialize(answer.body);
      return answer;
    };
    Names n;
    n["community"] = create("/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                            R"({"displayName": "读书会", "template": "TEMPLATE_SOCIAL_RING", "purpose": "一起读书"})")
                         .text("name");
    const auto base = "/v1/" + n["community"];
    n["houseRules"] = n["community"] + "/houseRules/1";
    n["group"] = create(base + "/groups", R"({"displayName": "一群", "channel": "CHANNEL_QQ"})").text("name");
    auto gates = suite_.CallAs(key, "GET", base + "/gates");
    const auto& gate = gates.body.at("gates").at(0);
    n["gate"] = gate.at("name").as_string();
    n["questionKey"] = gate.at("questions").at(0).at("key").as_string();
    n["linkGate"] = create(base + "/gates", R"({"displayName": "邀请", "kind": "GATE_KIND_INVITE_LINK"})").text("name");
    auto link = create(base + "/inviteLinks", R"({"gate": ")" + n["linkGate"] + "\"}");
    n["inviteLink"] = link.text("name");
    n["code"] = link.text("code");
    n["member"] = create(base + "/members", R"({"displayName": "阿杰"})").text("name");
    n["application"] =
        create(base + "/applications", Fill(R"({"gate": "{gate}", "displayName": "小雨", "acceptedRulesVersion": 1,
        "answers": [{"key": "{questionKey}", "text": "喜欢读书"}]})",
                                            n))
            .text("name");
    n["memberImport"] = create(base + "/memberImports", "昵称\n小林\n", {{"Content-Type", "text/csv"}}).text("name");
    EXPECT_TRUE(testing::Eventually([&] {
      return suite_.CallAs(key, "GET", "/v1/" + n["memberImport"]).text("state") == "IMPORT_STATE_SUCCEEDED";
    }));
    n["otherMember"] = create(base + "/members", R"({"displayName": "阿 杰"})").text("name");
    auto merged = create(base + "/members", R"({"displayName": "阿杰杰"})").text("name");
    n["merge"] = create("/v1/" + n["member"] + ":merge", R"({"source": ")" + merged + "\"}").text("name");
    auto erased = create(base + "/members", R"({"displayName": "过客"})").text("name");
    n["erasure"] = create("/v1/" + erased + ":erase", R"({"reason": "ERASURE_REASON_PURPOSE_ENDED"})").text("name");
    n["key"] = create("/v1/keys", R"({"displayName": "for reading", "scopes": ["members.read"]})").text("name");
    n["webhook"] = create("/v1/webhooks", R"({"url": "http://127.0.0.1:)" + std::to_string(testing::FreePort()) +
                                              R"(/", "eventTypes": ["webhooks.*"]})")
                       .text("name");
    n["delivery"] = create("/v1/" + n["webhook"] + ":ping", "{}").text("name");
    return n;
  }

  // Everything that tenant A has, as one hash.
  std::string StateOfA() {
    auto tenant = suite_.key().substr(3, 26);
    auto uuid = lanting::Id::Parse(tenant)->ToUuid();
    std::string all;
    // Without the inboxes: what happened to A comes into them when it comes.
    auto tables = suite_.db().Query(
        "SELECT string_agg(format('SELECT %L || md5(coalesce(string_agg(t::text, %L ORDER BY t::text), %L)) FROM "
        "%I.%I t "
        "WHERE tenant_id = %L', c.relname, ',', '', n.nspname, c.relname, '" +
        uuid +
        "'), chr(10) ORDER BY n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' WHERE n.nspname IN ('membership', "
        "'webhooks') "
        "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'inbox'");
    for (auto query : Split(tables, '\n')) all += suite_.db().Query(std::string(query)) + "\n";
    return all;
  }

  Suite suite_{{.webhooks = true}};
  std::string a_key_, b_key_;
  Names a_, b_;
};

void ForEachMethod(const std::function<void(const MethodDescriptor*)>& body) {
  for (const auto& name : kServices) {
    const auto* service = DescriptorPool::generated_pool()->FindServiceByName(name);
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) body(service->method(i));
  }
}

TEST_F(IsolationTest, AForeignNameIsANameThatDoesNotExist) {
  const auto before = StateOfA();
  ASSERT_GT(before.size(), 300u);
  ForEachMethod([&](const MethodDescriptor* method) {
    auto found = kCases.find(method->name());
    ASSERT_NE(found, kCases.end()) << method->full_name() << " has no case: add one";
    for (const auto& entry : b_) {
      const std::string &placeholder = entry.first, &own = entry.second;
      if (found->second.find("{" + placeholder + "}") == std::string::npos || placeholder == "questionKey") continue;
      auto with = [&](const std::string& value) {
        auto names = b_;
        names[placeholder] = value;
        return Call(method, Fill(found->second, names), b_key_);
      };
      const auto unknown = Unknown(own);
      auto foreign = with(a_[placeholder]);
      auto missing = with(unknown);
      EXPECT_FALSE(foreign.status.ok()) << method->full_name() << " served a foreign {" << placeholder
                                        << "}: " << foreign.Text();
      EXPECT_EQ(Replace(foreign.Text(), a_[placeholder], "X"), Replace(missing.Text(), unknown, "X"))
          << method->full_name() << " with {" << placeholder << "}";
    }
  });
  EXPECT_EQ(StateOfA(), before) << "tenant B changed something of tenant A";
}

TEST_F(IsolationTest, WhatATenantIsShownIsItsOwn) {
  ForEachMethod([&](const MethodDescriptor* method) {
    auto answer = Call(method, Fill(kCases.at(method->name()), b_), b_key_);
    auto text = answer.Text();
    for (const auto& [placeholder, name] : a_) {
      if (placeholder == "questionKey") continue;
      auto id = name.substr(name.rfind('/') + 1);
      if (placeholder == "houseRules") continue;  // its id is a version
      EXPECT_EQ(text.find(id), std::string::npos) << method->full_name() << " showed A's " << placeholder;
    }
  });
}

// The case of an RPC must set every resource name that its request can carry.
TEST(IsolationCasesTest, CoverEveryResourceName) {
  ForEachMethod([&](const MethodDescriptor* method) {
    ASSERT_TRUE(kCases.count(method->name())) << method->full_name();
    std::unique_ptr<Message> request(MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    Names names;
    for (auto placeholder :
         {"community", "group", "gate", "linkGate", "inviteLink", "member", "application", "memberImport", "key",
          "houseRules", "code", "questionKey", "webhook", "delivery", "otherMember", "merge", "erasure"}) {
      names[placeholder] = "x";
    }
    auto parsed = util::JsonStringToMessage(Fill(kCases.at(method->name()), names), request.get());
    ASSERT_TRUE(parsed.ok()) << method->full_name() << parsed.ToString();
    std::function<void(const Message&, const std::string&)> walk = [&](const Message& message,
                                                                       const std::string& path) {
      for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
        const auto* field = message.GetDescriptor()->field(i);
        const auto& rules = field->options().GetExtension(common::v1::rules);
        const bool present = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) > 0
                                                  : message.GetReflection()->HasField(message, field);
        if (!rules.resource().empty() && !rules.output_only()) {
          EXPECT_TRUE(present) << method->full_name() << ": the case does not set " << path << field->name();
        }
        if (!field->is_repeated() && field->message_type() != nullptr && present) {
          walk(message.GetReflection()->GetMessage(message, field), path + field->name() + ".");
        }
      }
    };
    walk(*request, "");
  });
}

}  // namespace
}  // namespace lanting
