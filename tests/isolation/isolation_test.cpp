// A tenant can see and touch only its own: for every RPC, and every resource name in its request, tenant B with tenant
// A's name gets the very answer of a name that does not exist, and nothing of A changes. Walks the descriptors: an RPC
// without a case here fails.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <regex>
#include <set>

#include "lanting/common/v1/options.pb.h"
#include "lanting/membership/v1/community_service.pb.h"
#include "lanting/membership/v1/gate_service.pb.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "lanting/membership/v1/placement_service.pb.h"
#include "lanting/membership/v1/segment_service.pb.h"
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
    "lanting.membership.v1.CommunityService", "lanting.membership.v1.DutyService",
    "lanting.membership.v1.GateService",      "lanting.membership.v1.HouseRulesService",
    "lanting.membership.v1.KeyService",       "lanting.membership.v1.MemberService",
    "lanting.membership.v1.NamingService",    "lanting.membership.v1.OnboardingService",
    "lanting.membership.v1.PersonService",    "lanting.membership.v1.PlacementService",
    "lanting.membership.v1.ProfileService",   "lanting.membership.v1.SegmentService",
    "lanting.membership.v1.SettingsService",  "lanting.membership.v1.StaffService",
    "lanting.webhooks.v1.WebhookService"};

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
    {"CreateGate",
     R"({"parent": "{community}", "gate": {"displayName": "老友", "kind": "GATE_KIND_PREREQUISITE", "group": "{group}",
         "prerequisite": {"community": "{otherCommunity}", "group": "{otherGroup}"}}})"},
    {"UpdateGate",
     R"({"gate": {"name": "{prerequisiteGate}", "group": "{group}",
         "prerequisite": {"community": "{otherCommunity}", "group": "{otherGroup}"}}, "updateMask": "group,prerequisite"})"},
    {"CloseGate", R"({"name": "{prerequisiteGate}"})"},
    {"ReopenGate", R"({"name": "{prerequisiteGate}"})"},
    {"GetGate", R"({"name": "{gate}"})"},
    {"ListGates", R"({"parent": "{community}"})"},
    {"CreateInviteLink",
     R"({"parent": "{community}", "inviteLink": {"gate": "{linkGate}", "group": "{group}",
         "referrer": "{member}"}})"},
    {"GetInviteLink", R"({"name": "{inviteLink}"})"},
    {"ListInviteLinks", R"({"parent": "{community}"})"},
    {"RevokeInviteLink", R"({"name": "{spareLink}"})"},
    {"JoinByInviteLink",
     R"({"parent": "{community}", "code": "{code}", "member": {"displayName": "Mallory", "acceptedRulesVersion": 1}})"},
    {"SubmitApplication",
     R"({"parent": "{community}", "application": {"gate": "{gate}", "displayName": "Mallory", "acceptedRulesVersion": 1,
         "answers": [{"key": "{questionKey}", "text": "让我进来"}]}})"},
    {"GetApplication", R"({"name": "{application}"})"},
    {"ListApplications", R"({"parent": "{community}"})"},
    {"ApproveApplication", R"({"name": "{application}"})"},
    {"RejectApplication", R"({"name": "{application}", "reason": "不合适"})"},
    {"ConfirmContact", R"({"name": "{application}"})"},
    {"WithdrawApplication", R"({"name": "{application}"})"},
    {"BatchDecideApplications",
     R"({"parent": "{community}", "decisions": [{"name": "{application}", "decision": "DECISION_APPROVE"}]})"},
    {"AcceptOffer", R"({"name": "{member}"})"},
    {"DeclineOffer", R"({"name": "{member}"})"},
    {"CreateMember", R"({"parent": "{community}", "member": {"displayName": "Mallory"}})"},
    {"BatchCreateMembers", R"({"parent": "{community}", "members": [{"displayName": "Mallory"}]})"},
    {"GetMember", R"({"name": "{member}"})"},
    {"ListMembers", R"({"parent": "{community}"})"},
    {"RemoveMember", R"({"name": "{member}"})"},
    {"UpdateMember", R"({"member": {"name": "{member}", "expectation": "被改了"}, "updateMask": "expectation"})"},
    {"AddIdentity", R"({"name": "{member}", "identity": {"channel": "CHANNEL_QQ", "userId": "10001"}})"},
    {"RemoveIdentity", R"({"name": "{member}", "channel": "CHANNEL_QQ"})"},
    {"TagMembers", R"({"parent": "{community}", "members": ["{member}"], "add": ["绘画"]})"},
    {"ListTags", R"({"parent": "{community}"})"},
    {"CreateNote", R"({"parent": "{member}", "note": {"text": "热心"}})"},
    {"ListNotes", R"({"parent": "{member}"})"},
    {"DeleteNote", R"({"name": "{note}"})"},
    {"ListTimeline", R"({"parent": "{member}"})"},
    {"GetNeedsReport", R"({"name": "{community}/needsReport"})"},
    {"AcceptHouseRules", R"({"name": "{member}", "version": 1})"},
    {"ListHouseRules", R"({"parent": "{community}"})"},
    {"ListRulesAcceptances", R"({"parent": "{member}"})"},
    {"GetHouseRulesStatus", R"({"name": "{community}/houseRulesStatus"})"},
    {"GetNamingConvention", R"({"name": "{community}/namingConvention"})"},
    {"UpdateNamingConvention",
     R"({"namingConvention": {"name": "{community}/namingConvention", "template": "{城市}-{昵称}", "example": "上海-阿杰"},
         "updateMask": "template,example"})"},
    {"PreviewName", R"({"name": "{community}/namingConvention", "displayName": "Mallory"})"},
    {"ListNamingOffenders", R"({"parent": "{community}"})"},
    {"GetOnboarding", R"({"name": "{community}/onboarding"})"},
    {"UpdateOnboarding",
     R"({"onboarding": {"name": "{community}/onboarding", "steps": [{"key": "dance", "text": "跳舞"}]}, "updateMask": "steps"})"},
    {"GetMemberOnboarding", R"({"name": "{member}/onboarding"})"},
    {"CompleteOnboardingStep", R"({"name": "{member}/onboarding", "step": "introduce"})"},
    {"ReopenOnboardingStep", R"({"name": "{member}/onboarding", "step": "introduce"})"},
    {"ListOverdueOnboardings", R"({"parent": "{community}"})"},
    {"CreateSegment", R"({"parent": "{community}", "segment": {"displayName": "画友", "filter": "tags:\"绘画\""}})"},
    {"GetSegment", R"({"name": "{segment}", "countMembers": true})"},
    {"ListSegments", R"({"parent": "{community}"})"},
    {"UpdateSegment", R"({"segment": {"name": "{segment}", "description": "被改了"}, "updateMask": "description"})"},
    {"DeleteSegment", R"({"name": "{segment}"})"},
    {"PreviewSegment", R"({"parent": "{community}", "filter": "tags:\"绘画\""})"},
    {"ListSegmentMembers", R"({"parent": "{segment}"})"},
    {"EvaluateSegments", R"({"name": "{member}", "segments": ["{segment}"]})"},
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
    {"ExportImportRowErrors", R"({"name": "{memberImport}"})"},
    {"CreateMemberUpload", R"({"parent": "{community}", "memberUpload": {"size": "100"}})"},
    {"ListMemberUploads", R"({"parent": "{community}"})"},
    {"DeleteMemberUpload", R"({"name": "{memberUpload}"})"},
    {"GetMemberUpload", R"({"name": "{memberUpload}"})"},
    {"AppendMemberUpload", R"({"name": "{memberUpload}", "offset": "7", "data": {"data": "bmFtZQo="}})"},
    {"ImportUploadedMembers", R"({"name": "{memberUpload}"})"},
    {"ExportMembers", R"({"parent": "{community}"})"},
    {"CreateKey", R"({"key": {"displayName": "second", "scopes": ["members.read"]}})"},
    {"ListKeys", "{}"},
    {"RevokeKey", R"({"name": "{key}"})"},
    {"GetKey", R"({"name": "{key}"})"},
    {"RotateKey", R"({"name": "{key}"})"},
    {"CreateStaff",
     R"({"parent": "{community}", "staff": {"role": "STAFF_ROLE_EDITOR", "displayName": "Mallory", "member": "{member}", "groups": ["{group}"]}})"},
    {"GetStaff", R"({"name": "{staff}"})"},
    {"ListStaff", R"({"parent": "{community}"})"},
    {"UpdateStaff",
     R"({"staff": {"name": "{staff}", "member": "{member}", "groups": ["{group}"], "grade": "被改了"}, "updateMask": "member,groups,grade"})"},
    {"EndStaff", R"({"name": "{staff}"})"},
    {"GetRoleCoverage", R"({"parent": "{community}"})"},
    {"ListStaffRoles", "{}"},
    {"CreateDuty",
     R"({"parent": "{community}", "duty": {"role": "STAFF_ROLE_EDITOR", "title": "早间分享", "startLocal": "2026-05-01T09:00:00", "assignee": "{staff}"}})"},
    {"GetDuty", R"({"name": "{duty}"})"},
    {"ListDuties", R"({"parent": "{community}"})"},
    {"UpdateDuty",
     R"({"duty": {"name": "{duty}", "title": "被改了", "assignee": "{staff}"}, "updateMask": "title,assignee"})"},
    {"DeleteDuty", R"({"name": "{duty}"})"},
    {"ListDutyOccurrences", R"({"parent": "{community}", "assignee": "{staff}"})"},
    {"CompleteDuty", R"({"name": "{duty}", "occurrenceTime": "{occurrenceTime}", "staff": "{staff}"})"},
    {"UndoCompletion", R"({"name": "{duty}", "occurrenceTime": "{occurrenceTime}"})"},
    {"ApplyTemplateDuties", R"({"parent": "{community}"})"},
    {"GetChecklistReport", R"({"parent": "{community}"})"},
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
    // Groups and places.
    {"ArchiveCommunity", R"({"name": "{community}"})"},
    {"ReopenCommunity", R"({"name": "{community}"})"},
    {"CheckSuitability",
     R"({"productKind": "PRODUCT_KIND_APP", "purchaseFrequency": "PURCHASE_FREQUENCY_DAILY",
         "decisionInvolvement": "DEGREE_LOW", "sharedTopic": "DEGREE_HIGH"})"},
    {"UpdateGroup", R"({"group": {"name": "{group}", "owner": "被改了"}, "updateMask": "owner"})"},
    {"CloseGroup", R"({"name": "{group}"})"},
    {"ReopenGroup", R"({"name": "{group}"})"},
    {"AddToGroup", R"({"name": "{topicGroup}", "members": ["{member}"]})"},
    {"RemoveFromGroup", R"({"name": "{topicGroup}", "member": "{member}"})"},
    {"MoveMember", R"({"name": "{member}", "group": "{topicGroup}"})"},
    {"ListGroupMembers", R"({"parent": "{topicGroup}"})"},
    {"CreateRoutingRule", R"({"parent": "{community}", "routingRule": {"tag": "码字", "group": "{topicGroup}"}})"},
    {"ListRoutingRules", R"({"parent": "{community}"})"},
    {"DeleteRoutingRule", R"({"name": "{routingRule}"})"},
    {"RouteMembers", R"({"parent": "{community}", "rule": "{routingRule}"})"},
    {"SplitGroup", R"({"name": "{group}", "groups": [{"displayName": "甲组"}, {"displayName": "乙组"}]})"},
    {"GetGroupLineage", R"({"name": "{topicGroup}"})"},
    {"GetGroupSplit", R"({"name": "{groupSplit}"})"},
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
    (void)membership::v1::ListSegmentsRequest::descriptor();
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
    n["member"] = create(base + "/members", R"({"displayName": "阿杰"})").text("name");
    n["otherCommunity"] =
        create("/v1/communities?gateKind=GATE_KIND_TWO_STEP",
               R"({"displayName": "大群", "template": "TEMPLATE_SOCIAL_RING", "purpose": "以书会友"})")
            .text("name");
    n["otherGroup"] =
        create("/v1/" + n["otherCommunity"] + "/groups", R"({"displayName": "大群", "channel": "CHANNEL_QQ"})")
            .text("name");
    n["linkGate"] = create(base + "/gates", R"({"displayName": "推荐", "kind": "GATE_KIND_REFERRAL"})").text("name");
    n["prerequisiteGate"] = create(base + "/gates", Fill(R"({"displayName": "老友", "kind": "GATE_KIND_PREREQUISITE",
        "prerequisite": {"community": "{otherCommunity}"}})",
                                                         n))
                                .text("name");
    const auto invite = Fill(R"({"gate": "{linkGate}", "referrer": "{member}"})", n);
    auto link = create(base + "/inviteLinks", invite);
    n["inviteLink"] = link.text("name");
    n["code"] = link.text("code");
    n["spareLink"] = create(base + "/inviteLinks", invite).text("name");
    n["member"] = create(base + "/members", R"({"displayName": "阿杰"})").text("name");
    n["note"] = create("/v1/" + n["member"] + "/notes", R"({"text": "想找插画同行"})").text("name");
    n["segment"] =
        create(base + "/segments", R"({"displayName": "阿杰们", "filter": "display_name = 阿杰"})").text("name");
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
    n["memberUpload"] = create(base + "/memberUploads", R"({"size": 100})").text("name");
    create("/v1/" + n["memberUpload"] + ":append?offset=0", std::string(100, 'a'), {{"Content-Type", "text/csv"}});
    n["key"] = create("/v1/keys", R"({"displayName": "for reading", "scopes": ["members.read"]})").text("name");
    n["staff"] = create(base + "/staff", R"({"role": "STAFF_ROLE_MODERATOR", "displayName": "王敏"})").text("name");
    n["duty"] =
        create(base + "/duties", R"({"role": "STAFF_ROLE_MODERATOR", "title": "查看举报", "rrule": "FREQ=HOURLY",
        "startLocal": "2026-05-01T09:00:00"})")
            .text("name");
    n["occurrenceTime"] = suite_.CallAs(key, "GET", base + "/dutyOccurrences")
                              .body.at("occurrences")
                              .at(0)
                              .at("occurrenceTime")
                              .as_string();
    n["webhook"] = create("/v1/webhooks", R"({"url": "http://127.0.0.1:)" + std::to_string(testing::FreePort()) +
                                              R"(/", "eventTypes": ["webhooks.*"]})")
                       .text("name");
    n["topicGroup"] =
        create(base + "/groups",
               R"({"displayName": "绘画群", "channel": "CHANNEL_QQ", "kind": "GROUP_KIND_TOPIC", "tag": "绘画"})")
            .text("name");
    n["routingRule"] =
        create(base + "/routingRules", R"({"tag": "绘画", "group": ")" + n["topicGroup"] + "\"}").text("name");
    auto split = create("/v1/" + n["topicGroup"] + ":split",
                        R"({"groups": [{"displayName": "油画"}, {"displayName": "水彩"}]})");
    n["groupSplit"] = split.body.at("split").at("name").as_string();
    n["delivery"] = create("/v1/" + n["webhook"] + ":ping", "{}").text("name");
    return n;
  }

  // Everything that tenant A has, as one hash.
  std::string StateOfA() {
    auto tenant = suite_.key().substr(3, 26);
    auto uuid = lanting::Id::Parse(tenant)->ToUuid();
    std::string all;
    // Without the inboxes: what happened to A comes into them when it comes, as does when its keys were used.
    auto tables = suite_.db().Query(
        "SELECT string_agg(format('SELECT %L || md5(coalesce(string_agg(t::text, %L ORDER BY t::text), %L)) FROM "
        "%I.%I t "
        "WHERE tenant_id = %L', c.relname, ',', '', n.nspname, c.relname, '" +
        uuid +
        "'), chr(10) ORDER BY n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' WHERE n.nspname IN ('membership', "
        "'webhooks') "
        "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('inbox', 'key_use')");
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
      if (found->second.find("{" + placeholder + "}") == std::string::npos || placeholder == "questionKey" ||
          placeholder == "occurrenceTime")
        continue;
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
      if (placeholder == "questionKey" || placeholder == "occurrenceTime") continue;
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
    const auto timed = Replace(kCases.at(method->name()), "{occurrenceTime}", "2026-05-01T09:00:00Z");
    const auto filled = std::regex_replace(timed, std::regex(R"(\{[a-zA-Z]+\})"), "x");
    auto parsed = util::JsonStringToMessage(filled, request.get());
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
