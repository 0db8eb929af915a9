// A person who was forgotten is in no table any more, and was in full in their export before.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <deque>
#include <set>
#include <thread>

#include "lanting/common/v1/options.pb.h"
#include "membership/api/api.h"
#include "membership/api/person_test_world.h"
#include "membership/domain/erasure.h"
#include "membership/store/history.h"
#include "membership/store/import_store.h"
#include "membership/workers/import_worker.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const char* const kRequestOnly = "request only";  // stored, if at all, as another field says

// Every field with personal data, and the column that holds it: each is in the lists of store/sql_erasure.h.
const std::map<std::string, std::string> kStoredIn = {
    {"ChannelIdentity.user_id", "member_identity.user_id"},
    {"StaffView.attributes", "member.attributes"},
    {"Consent.statement", "member.consent_statement"},
    {"Member.external_id", "member.external_id"},
    {"Member.display_name", "member.display_name"},
    {"Member.expectation", "member.expectation"},
    {"Member.tags", "member_tag.tag"},
    {"Member.leave_reason", "member.leave_reason"},
    {"RemoveMemberRequest.reason", "member.leave_reason"},
    {"Answer.text", "application.form"},
    {"Application.display_name", "application.display_name"},
    {"Application.external_id", "application.external_id"},
    {"Application.decision_reason", "application.decision_reason"},
    {"RejectApplicationRequest.reason", "application.decision_reason"},
    {"ImportRowError.message", "import_row_error.message"},
    {"Merge.reason", "member_merge.reason"},
    {"MergeMembersRequest.reason", "member_merge.reason"},
    {"MergeSnapshot.Field.before", "member_merge.snapshot"},
    {"MergeSnapshot.Field.after", "member_merge.snapshot"},
    {"MergeSnapshot.tags_moved", "member_merge.snapshot"},
    {"MergeSnapshot.tags_dropped", "member_merge.snapshot"},
    {"MergeSnapshot.external_id_kept", "member_merge.snapshot"},
    {"PersonHistoryEntry.detail", "member_history.detail"},
    {"PersonRememberedReply.text", "request_log.response"},
    {"DuplicatePair.member_display_name", "member.display_name"},
    {"DuplicatePair.duplicate_display_name", "member.display_name"},
    {"MemberNote.text", "member_note.text"},
    {"MemberNote.author_name", "member_note.author_name"},
    {"TagMembersRequest.add", "member_tag.tag"},
    {"TagMembersRequest.remove", "member_tag.tag"},
    {"TagResult.tags_added", "member_tag.tag"},
    {"TagResult.tags_removed", "member_tag.tag"},
    {"TagCount.tag", "member_tag.tag"},
    {"TimelineEntry.details", "member_history.detail"},
    {"TimelineEntry.text", "member_history.detail"},
    {"Need.text", "member.expectation"},
    {"NamingFault.text", "member.display_name"},
    {"NamingOffender.display_name", "member.display_name"},
    {"PreviewNameRequest.display_name", kRequestOnly},
    {"OverdueOnboarding.display_name", "member.display_name"},
    {"Staff.display_name", "staff.display_name"},
    {"CompleteDutyRequest.note", "duty_completion.note"},
    {"DutyOccurrence.note", "duty_completion.note"},
    {"Application.payment_reference", "application.payment_reference"},
    {"Application.consent_statement", "application.form"},
    {"Application.keyword", kRequestOnly},
    {"Group.owner", "chat_group.owner"},
    {"SplitGroupSpec.owner", "chat_group.owner"},
    {"GroupSplit.reason", "group_split.reason"},
    {"SplitGroupRequest.reason", "group_split.reason"},
    {"Segment.filter", "segment.filter"},
    {"PreviewSegmentRequest.filter", kRequestOnly},
    // The text of a key, of which only a hash is kept; no person's.
    {"IntrospectKeyRequest.secret", kRequestOnly},
};

// Every message of the package: those in the files of the services that the process serves, and in what they import.
void ForEachMessage(const std::vector<rpc::Service*>& services,
                    const std::function<void(const google::protobuf::Descriptor*)>& body) {
  using namespace google::protobuf;
  std::set<const FileDescriptor*> seen;
  std::deque<const FileDescriptor*> files;
  for (const auto* service : services) {
    files.push_back(DescriptorPool::generated_pool()->FindServiceByName(service->name())->file());
  }
  files.push_back(v1::MemberMerged::descriptor()->file());
  while (!files.empty()) {
    const auto* file = files.front();
    files.pop_front();
    if (!seen.insert(file).second || file->package() != "lanting.membership.v1") continue;
    for (int i = 0; i < file->dependency_count(); ++i) files.push_back(file->dependency(i));
    std::function<void(const Descriptor*)> walk = [&](const Descriptor* message) {
      body(message);
      for (int i = 0; i < message->nested_type_count(); ++i) walk(message->nested_type(i));
    };
    for (int i = 0; i < file->message_type_count(); ++i) walk(file->message_type(i));
  }
}

class ErasureTest : public PersonTest {
 protected:
  ErasureTest() : gate_community_(Open()), community_(gate_community_.name()) {
    pb::ListGatesRequest request;
    request.set_parent(community_);
    gate_ = gates_.ListGates(Mine("ListGates", request), request)->gates(0);
  }

  pb::Application Apply(const std::string& display_name, const std::string& external_id, pb::Channel channel,
                        const std::string& user_id, const std::string& answer) {
    pb::SubmitApplicationRequest request;
    request.set_parent(community_);
    auto* a = request.mutable_application();
    a->set_gate(gate_.name());
    a->set_display_name(display_name);
    a->set_external_id(external_id);
    a->set_accepted_rules_version(1);
    for (const auto& q : gate_.questions()) {
      auto* to = a->add_answers();
      to->set_key(q.key());
      to->set_text(answer);
    }
    auto* identity = a->add_identities();
    identity->set_channel(channel);
    identity->set_user_id(user_id);
    const auto made = gates_.SubmitApplication(
        As("GateService/SubmitApplication", request, "apply-" + user_id.substr(0, 2)), request);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made.ok() ? *made : pb::Application();
  }
  pb::Application Approve(const std::string& application) {
    pb::ApproveApplicationRequest request;
    request.set_name(application);
    return *gates_.ApproveApplication(As("GateService/ApproveApplication", request, "approve"), request);
  }
  void Reject(const std::string& application, const std::string& reason) {
    pb::RejectApplicationRequest request;
    request.set_name(application);
    request.set_reason(reason);
    EXPECT_TRUE(gates_.RejectApplication(As("GateService/RejectApplication", request, "reject"), request).ok());
  }
  // Starts an import; the worker is not run.
  void StartImport(const std::string& csv, int rows) {
    const auto now = Clock::System().Now();
    MemberImport import{.id = Id::New(), .community = names::Parse(community_).first};
    import.bad_rows = BadRows::kSkip;
    import.row_count = rows;
    import.create_time = now;
    EXPECT_TRUE(pg::InTenantTx(pool_, tenant_, DeadlineIn(std::chrono::seconds(10)), [&](pg::Tx& tx) -> Result<void> {
                  idempotency::Work work;
                  import_store::Insert(work, tx.tenant(), import, csv);
                  work.Apply(tx);
                  return {};
                }).ok());
  }
  void RunImports() { ImportWorker(pool_, Clock::System()).RunPending(); }
  void AddLine(const std::string& member, HistoryKind kind, const std::map<std::string, std::string>& detail) {
    const auto id = names::Parse(member);
    EXPECT_TRUE(pg::InTenantTx(pool_, tenant_, DeadlineIn(std::chrono::seconds(10)), [&](pg::Tx& tx) -> Result<void> {
                  AddHistory(tx, id.first, id.second, kind, detail, "keys/test", Clock::System().Now());
                  return {};
                }).ok());
  }

  // What other calls keep of the member: a note, a role with a contact, a payment; and what is not in an export, since
  // it is not theirs alone: attempts at a gate, a file that waits, and their name in texts of staff.
  void LeaveTraces(const std::string& member, const std::string& name) {
    const auto tenant = "'" + tenant_.ToUuid() + "'", community = "'" + names::Parse(community_).first.ToUuid() + "'";
    const auto id = "'" + names::Parse(member).second.ToUuid() + "'", row = "'" + Id::New().ToUuid() + "'";
    One("INSERT INTO member_note VALUES (" + tenant + ", " + id + ", " + row + ", " + community +
        ", '注意-zra', 'keys/test', '', now())");
    One("INSERT INTO staff VALUES (" + tenant + ", " + row + ", " + community + ", 6, '店员秦-zrb', " + id +
        ", 3, 'qq-zrc', '{}', '', 1, now(), now(), NULL)");
    One("UPDATE application SET payment_reference = '付款-zrd' WHERE member_id IS NOT NULL");
    One("INSERT INTO gate_attempt SELECT tenant_id, community_id, channel, user_id, " + row +
        ", 1, now(), now() FROM member_identity WHERE member_id = " + id);
    One("INSERT INTO member_upload VALUES (" + tenant + ", " + row + ", " + community +
        ", 9, '', 9, NULL, now(), now() + interval '1 day')");
    One("INSERT INTO member_upload_part VALUES (" + tenant + ", " + row + ", 0, convert_to('" + name + "', 'UTF8'))");
    One("UPDATE chat_group SET owner = '" + name + "'");
    One("INSERT INTO segment (tenant_id, id, community_id, display_name, filter, description, version, create_time,"
        " update_time) VALUES (" +
        tenant + ", " + row + ", " + community + ", '一个人', 'display_name = \"" + name + "\"', '', 1, now(), now())");
  }

  // Where each of the values stands: "table.column" of every column of text, bytes, JSON and arrays in the schema.
  std::map<std::string, std::set<std::string>> Scan(const std::vector<std::string>& values) {
    const auto columns =
        One("SELECT string_agg(c.relname || ' ' || a.attname || ' ' || t.typname, ',') FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'membership'"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " JOIN pg_type t ON t.oid = a.atttypid"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND (t.typcategory IN ('S', 'A') OR t.typname IN"
            " ('bytea', 'json', 'jsonb', 'name', 'xml'))");
    std::string list;
    for (const auto& value : values) list += (list.empty() ? "'" : ", '") + value + "'";
    std::map<std::string, std::set<std::string>> found;
    for (auto column : Split(columns, ',')) {
      const auto parts = Split(column, ' ');
      const std::string table(parts[0]), name(parts[1]);
      const auto bytes = parts[2] == "bytea" ? "t." + name : "convert_to(t." + name + "::text, 'UTF8')";
      const auto hits = One("SELECT coalesce(string_agg(DISTINCT v, ','), '') FROM unnest(ARRAY[" + list +
                            "]) v WHERE EXISTS (SELECT FROM " + table + " t WHERE position(convert_to(v, 'UTF8') IN " +
                            bytes + ") > 0)");
      for (auto value : Split(hits, ',')) {
        if (!value.empty()) found[std::string(value)].insert(table + "." + name);
      }
    }
    return found;
  }
  static std::string Json(const google::protobuf::Message& message) {
    std::string json;
    EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &json).ok());
    return json;
  }

  pb::Community gate_community_;
  std::string community_;
  pb::Gate gate_;
};

TEST_F(ErasureTest, EveryFieldWithPersonalDataIsKnownToTheErasure) {
  Api api(pool_, joins_, [] {});
  std::set<std::string> seen;
  ForEachMessage(api.services(), [&](const google::protobuf::Descriptor* message) {
    for (int i = 0; i < message->field_count(); ++i) {
      const auto* field = message->field(i);
      if (!field->options().GetExtension(common::v1::rules).pii()) continue;
      const auto name = field->full_name().substr(std::string_view("lanting.membership.v1.").size());
      EXPECT_TRUE(kStoredIn.contains(name))
          << name << " holds personal data: erase it (store/sql_erasure.h), fill it in "
          << "NothingOfThePersonIsLeft, and say here where it is stored";
      seen.insert(name);
    }
  });
  for (const auto& [field, column] : kStoredIn) {
    EXPECT_TRUE(seen.contains(field)) << field << " is no field with personal data any more";
    if (column == kRequestOnly) continue;
    const auto dot = column.find('.');
    EXPECT_EQ(
        One("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'membership' AND table_name = '" +
            column.substr(0, dot) + "' AND column_name = '" + column.substr(dot + 1) + "'"),
        "1")
        << column;
  }
}

// What a form claims is nobody's word: it leads to no other person.
TEST_F(ErasureTest, AClaimOfAStrangerTouchesNobodyElse) {
  AddGroup(community_, 10);
  Reject(Apply("Bob", "alice-77", pb::CHANNEL_WECOM, "bob-wecom-1", "让我进来").name(), "不符");
  const auto alice = Join(community_, Named("Alice Real", "alice-77"), "join-1").name();
  const auto bob = Join(community_, Named("Bob", "", {{pb::CHANNEL_WECOM, "bob-wecom-1"}}), "join-2").name();
  EXPECT_EQ(Json(*Export(bob)).find("Alice"), std::string::npos);
  ASSERT_TRUE(Erase(bob).ok());
  EXPECT_EQ(GetMember(alice).display_name(), "Alice Real");
  EXPECT_EQ(GetMember(alice).state(), pb::MEMBER_STATE_ACTIVE);
  EXPECT_EQ(GetMember(bob).display_name(), ErasedName("zh-CN"));
  ExpectTrueCounters();
}

TEST_F(ErasureTest, NothingOfThePersonIsLeft) {
  AddGroup(community_, 2);
  // An earlier stay, under the same external id.
  auto earlier = Named("秦观早年-zqa", "ext-zqb", {{pb::CHANNEL_QQ, "qq-zqc"}});
  earlier.add_tags("早年标签-zqx");
  const auto former = Join(community_, earlier, "join-1").name();
  Remove(former, "不再来了-zqd");
  // Rejected first, under an account of today's; sent again and not decided; and one that was approved.
  Reject(Apply("少游申请-zqe", "", pb::CHANNEL_WECHAT, "wx-zqf", "答案甲-zqg").name(), "理由-zqh");
  const auto open = Apply("少游再来-zqi", "ext-zqb", pb::CHANNEL_DISCORD, "dc-zqj", "答案乙-zqk");
  const auto source =
      Approve(Apply("淮海居士-zql", "ext2-zqm", pb::CHANNEL_WECOM, "wm-zqn", "答案丙-zqo").name()).member();
  auto person = Named("秦观-zqp", "ext-zqb", {{pb::CHANNEL_WECHAT, "wx-zqf"}, {pb::CHANNEL_WECOM, "wm2-zqq"}});
  person.set_expectation("填词-zqr");
  person.add_tags("婉约-zqs");
  (*person.mutable_staff()->mutable_attributes())["phone"] = "13800138000-zqt";
  person.mutable_consent()->set_statement("写信说同意-zqu");
  const auto target = Join(community_, person, "join-2").name();
  const auto other = Join(community_, Named("苏轼", "su-1"), "join-3").name();
  // Merged, taken apart, and merged again.
  ASSERT_TRUE(Undo(Merge(target, source, "初合-zqv", "merge-1")->name()).ok());
  const auto merge = Merge(target, source, "再合-zqw", "merge-2");
  ASSERT_TRUE(merge.ok()) << merge.error().message;
  EXPECT_EQ(GetMember(other).state(), pb::MEMBER_STATE_ACTIVE);
  const auto waits = Join(community_, Named("黄庭坚"), "join-4").name();
  ASSERT_EQ(GetMember(waits).state(), pb::MEMBER_STATE_WAITING);
  AddLine(target, HistoryKind::kUpdated, {{"text", "有人说起-zqy"}, {"fields", "displayName"}});
  AddLine(source, HistoryKind::kTagged, {{"added", "婉约-zqs"}});
  // A file with the person in it, twice; every row is refused.
  StartImport("昵称,外部编号,渠道,渠道用户编号\n某人,ext-zqb,,\n某人,,企业微信,wm2-zqq\n", 2);
  EXPECT_EQ(Reason(Erase(target)), "IMPORT_RUNNING");
  RunImports();
  EXPECT_EQ(Count("import_row_error"), 2);
  // A reply about several people.
  pb::BatchCreateMembersResponse batch;
  *batch.add_members() = GetMember(other);
  *batch.add_members() = GetMember(target);
  One("INSERT INTO request_log VALUES ('" + tenant_.ToUuid() +
      "', 'keys/test', '/lanting.membership.v1.MemberService/BatchCreateMembers', 'batch', '', '\\x" +
      HexEncode(batch.SerializeAsString()) + "')");
  One("INSERT INTO request_log VALUES ('" + tenant_.ToUuid() +
      "', 'keys/test', '/no.such/Method', 'unknown', '', '\\x" + HexEncode(target + " 秦观-zqp") + "')");

  LeaveTraces(target, person.display_name());

  std::vector<std::string> values;
  for (const char* v :
       {"秦观早年-zqa",    "ext-zqb",        "不再来了-zqd", "少游申请-zqe", "wx-zqf",       "答案甲-zqg",
        "理由-zqh",        "少游再来-zqi",   "dc-zqj",       "答案乙-zqk",   "淮海居士-zql", "ext2-zqm",
        "wm-zqn",          "答案丙-zqo",     "秦观-zqp",     "wm2-zqq",      "填词-zqr",     "婉约-zqs",
        "13800138000-zqt", "写信说同意-zqu", "初合-zqv",     "再合-zqw",     "早年标签-zqx", "有人说起-zqy",
        "注意-zra",        "店员秦-zrb",     "qq-zrc",       "付款-zrd"}) {
    values.push_back(v);
  }
  auto stored = Scan(values);
  const auto exported = Export(source);
  ASSERT_TRUE(exported.ok()) << exported.error().message << exported.error().internal;
  const auto before = Json(*exported);
  EXPECT_EQ(exported->member().name(), target);
  for (const auto& value : values) {
    EXPECT_THAT(stored[value], ::testing::Not(IsEmpty())) << value << " is nowhere: this test proves nothing of it";
    EXPECT_NE(before.find(value), std::string::npos) << value << " is not in the export: " << stored[value].size();
  }
  EXPECT_NE(stored["wm2-zqq"].count("import_row_error.message"), 0u);
  EXPECT_NE(stored["秦观-zqp"].count("request_log.response"), 0u);
  EXPECT_NE(stored["dc-zqj"].count("application_identity.user_id"), 0u);
  EXPECT_EQ(before.find("苏轼"), std::string::npos) << "the export shows somebody else";

  const auto erased = Erase(source, "erase-1");
  ASSERT_TRUE(erased.ok()) << erased.error().message << erased.error().internal;
  EXPECT_EQ(erased->member(), target);
  EXPECT_EQ(erased->reason(), pb::ERASURE_REASON_REQUESTED_BY_PERSON);
  for (const auto& [value, columns] : Scan(values)) {
    ADD_FAILURE() << value << " still is in " << ::testing::PrintToString(columns);
  }
  // The values in the file that nobody stored, and parts of words, are gone as well.
  EXPECT_THAT(Scan({"-zq"}), IsEmpty());
  const auto after = Json(*Export(target));
  EXPECT_EQ(after.find("-zq"), std::string::npos) << after;

  const auto t = GetMember(target);
  EXPECT_EQ(t.state(), pb::MEMBER_STATE_LEFT);
  EXPECT_EQ(t.display_name(), ErasedName("zh-CN"));
  EXPECT_EQ(GetMember(source).state(), pb::MEMBER_STATE_MERGED);
  EXPECT_EQ(GetMember(former).display_name(), ErasedName("zh-CN"));
  EXPECT_EQ(GetMember(waits).state(), pb::MEMBER_STATE_ACTIVE) << "the place is the next one's";
  pb::GetApplicationRequest get;
  get.set_name(open.name());
  EXPECT_EQ(gates_.GetApplication(Mine("GetApplication", get), get)->state(), pb::APPLICATION_STATE_REJECTED);
  EXPECT_EQ(Reason(Undo(merge->name())), "MERGE_NOT_UNDOABLE");
  ExpectTrueCounters();
  EXPECT_EQ(GetMember(other).display_name(), "苏轼");
  EXPECT_THAT(Scan({"苏轼"})["苏轼"], ElementsAre("member.display_name", "member.name_key", "request_log.response"));

  // Again is fine, and says the same.
  EXPECT_EQ(Erase(source, "erase-1")->name(), erased->name());
  EXPECT_EQ(Erase(target)->name(), erased->name());
  EXPECT_EQ(Count("outbox WHERE type LIKE '%MemberErased'"), 3) << "one of each member, once";
  EXPECT_EQ(Count("erasure"), 3);
  ExpectTrueCounters();
  // A retry of the first call gets a reply without the person.
  pb::BatchCreateMembersResponse remembered;
  const auto hex = One("SELECT encode(response, 'hex') FROM request_log WHERE request_id = 'batch'");
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  ASSERT_TRUE(remembered.ParseFromString(bytes));
  EXPECT_EQ(remembered.members(0).display_name(), "苏轼");
  EXPECT_EQ(remembered.members(1).name(), target);
  EXPECT_EQ(remembered.members(1).display_name(), "");
}

TEST_F(ErasureTest, WhoIsForgottenMayComeBackAndIsSomebodyNew) {
  AddGroup(community_, 5);
  const auto first = Join(community_, Named("Ann Lee", "crm-1", {{pb::CHANNEL_SLACK, "U123"}})).name();
  ASSERT_TRUE(Erase(first).ok());
  const auto second = Join(community_, Named("Ann Lee", "crm-1", {{pb::CHANNEL_SLACK, "U123"}}));
  EXPECT_EQ(second.state(), pb::MEMBER_STATE_ACTIVE);
  ASSERT_TRUE(Erase(first).ok());
  EXPECT_EQ(GetMember(second.name()).display_name(), "Ann Lee");
  const auto community = names::Parse(community_).first;
  EXPECT_EQ(Reason(Erase(names::Member(community, Id::New()))), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Export(names::Member(community, Id::New()))), "MEMBER_NOT_FOUND");
  ExpectTrueCounters();
}

// Calls that are under way while the person is forgotten either come before, and are forgotten, or find nobody.
TEST_F(ErasureTest, WhatIsWrittenMeanwhileIsForgottenOrRefused) {
  AddGroup(community_, 50);
  for (int round = 0; round < 4; ++round) {
    const auto n = std::to_string(round);
    const auto person = Join(community_, Named("秦观-zq" + n, "ext-zq" + n), "join-" + n).name();
    const auto twin =
        Join(community_, Named("秦观-zq" + n, "", {{pb::CHANNEL_WECOM, "wm-zq" + n}}), "twin-" + n).name();
    std::vector<std::thread> threads;
    threads.emplace_back([&] { (void)Merge(person, twin, "合-zq" + n, "merge-" + n); });
    threads.emplace_back([&] { EXPECT_TRUE(Erase(person).ok()); });
    threads.emplace_back([&] { (void)TryJoin(community_, Named("客人" + n)); });
    for (auto& t : threads) t.join();
    ASSERT_TRUE(Erase(person).ok());
    ASSERT_TRUE(Erase(twin).ok());
    EXPECT_THAT(Scan({"-zq" + n}), IsEmpty());
    ExpectTrueCounters();
  }
}

// An account that changed hands: the application that one sent with it is not the other's.
TEST_F(ErasureTest, WhatBelongsToSomebodyElseStays) {
  AddGroup(community_, 5);
  const auto a = Approve(Apply("甲", "", pb::CHANNEL_WECOM, "wm-shared", "我是甲").name());
  One("DELETE FROM member_identity");
  const auto b = Join(community_, Named("乙", "", {{pb::CHANNEL_WECOM, "wm-shared"}})).name();
  ASSERT_TRUE(Erase(b).ok());
  EXPECT_EQ(GetMember(a.member()).display_name(), "甲");
  pb::GetApplicationRequest get;
  get.set_name(a.name());
  EXPECT_EQ(gates_.GetApplication(Mine("GetApplication", get), get)->display_name(), "甲");
}

TEST_F(ErasureTest, ErasuresAreListedWithoutAnybodysName) {
  AddGroup(community_, 5);
  const auto erased = Erase(Join(community_, Named("王小明")).name()).value();
  pb::ListErasuresRequest list;
  list.set_parent(community_);
  const auto listed = persons_.ListErasures(As("PersonService/ListErasures", list), list);
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->erasures_size(), 1);
  EXPECT_EQ(listed->erasures(0).ShortDebugString(), erased.ShortDebugString());
  pb::GetErasureRequest get;
  get.set_name(erased.name());
  EXPECT_EQ(persons_.GetErasure(As("PersonService/GetErasure", get), get)->member(), erased.member());
  get.set_name(names::Child(names::Parse(community_).first, "erasures", Id::New()));
  EXPECT_EQ(Reason(persons_.GetErasure(As("PersonService/GetErasure", get), get)), "ERASURE_NOT_FOUND");
}

}  // namespace
}  // namespace lanting::membership
