#include "membership/api/profile_test_world.h"
#include "membership/domain/note.h"
#include "membership/store/history.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ProfileTimelineTest : public ProfileTest {
 protected:
  Result<pb::MemberNote> Note(const std::string& member, const std::string& text, const std::string& request_id = "") {
    pb::CreateNoteRequest request;
    request.set_parent(member);
    request.mutable_note()->set_text(text);
    request.mutable_note()->set_author_name("运营小美");
    return profiles_.CreateNote(Mine("CreateNote", request, request_id), request);
  }
  Result<pb::ListNotesResponse> Notes(const std::string& member) {
    pb::ListNotesRequest request;
    request.set_parent(member);
    return profiles_.ListNotes(Mine("ListNotes", request), request);
  }
  // The texts, page by page.
  std::vector<std::string> Timeline(const std::string& member, std::vector<std::string> scopes = {"*"},
                                    int page_size = 2) {
    std::vector<std::string> texts;
    pb::ListTimelineRequest request;
    request.set_parent(member);
    request.set_page_size(page_size);
    do {
      auto page = profiles_.ListTimeline(With(scopes, "ListTimeline", request), request);
      EXPECT_EQ(Reason(page), "OK");
      if (!page.ok()) break;
      EXPECT_LE(page->entries_size(), page_size);
      for (const auto& entry : page->entries()) texts.push_back(entry.text());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return texts;
  }
  void Tag(const std::string& member, const std::string& tag) {
    pb::TagMembersRequest request;
    request.set_parent(community_);
    request.add_members(member);
    request.add_add(tag);
    ASSERT_EQ(Reason(profiles_.TagMembers(Mine("TagMembers", request), request)), "OK");
  }
};

TEST_F(ProfileTimelineTest, NotesAreWrittenListedAndDeleted) {
  const auto member = Join("阿杰"), other = Join("小雨");
  auto note = Note(member, "首次通话：想找插画同行，周末有空。", "n-1");
  ASSERT_EQ(Reason(note), "OK");
  EXPECT_EQ(note->author(), "keys/test");
  EXPECT_EQ(note->author_name(), "运营小美");
  EXPECT_EQ(Note(member, "首次通话：想找插画同行，周末有空。", "n-1")->name(), note->name());
  EXPECT_EQ(Reason(Note(member, "第二条")), "OK");
  auto list = Notes(member);
  ASSERT_EQ(list->notes_size(), 2);
  EXPECT_EQ(list->notes(0).SerializeAsString(), note->SerializeAsString());
  EXPECT_EQ(Notes(other)->notes_size(), 0);

  pb::DeleteNoteRequest request;
  request.set_name(names::Note(names::Parse(other).first, names::Parse(other).second, names::NoteId(note->name())));
  EXPECT_EQ(Reason(profiles_.DeleteNote(Mine("DeleteNote", request), request)), "NOTE_NOT_FOUND") << "another's";
  request.set_name(note->name());
  EXPECT_EQ(Reason(profiles_.DeleteNote(Mine("DeleteNote", request), request)), "OK");
  EXPECT_EQ(Reason(profiles_.DeleteNote(Mine("DeleteNote", request), request)), "NOTE_NOT_FOUND");
  EXPECT_EQ(Notes(member)->notes_size(), 1);
  const auto nobody = names::Member(names::Parse(community_).first, Id::New());
  EXPECT_EQ(Reason(Note(nobody, "x")), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Notes(nobody)), "MEMBER_NOT_FOUND");
  const auto elsewhere = Open(pb::GATE_KIND_QUESTIONS, "别处").name();
  EXPECT_EQ(Reason(Notes(names::Member(names::Parse(elsewhere).first, names::Parse(member).second))),
            "MEMBER_NOT_FOUND");
}

TEST_F(ProfileTimelineTest, TellsWhatHappenedNewestFirst) {
  pb::Member person;
  person.set_display_name("阿杰");
  person.set_accepted_rules_version(1);
  person.add_tags("绘画");
  const auto member = Join(person);
  EXPECT_EQ(Reason(Note(member, "热心，常帮新人")), "OK");
  Tag(member, "手帐");
  const auto name = names::Parse(member);
  Change([&](pg::Tx& tx, idempotency::Work&) -> Result<void> {
    AddHistory(tx, name.first, name.second, HistoryKind::kPlaced, {{"group", "communities/x/groups/y"}}, "",
               Clock::System().Now());
    return {};
  });
  Leave(member, "价值观不合");
  EXPECT_THAT(Timeline(member), ElementsAre("离开社群：价值观不合", "加入分群", "标签 +手帐", "备注：热心，常帮新人",
                                            "标签 +绘画", "接受群规，版本 1", "加入社群"));
  EXPECT_THAT(Timeline(member, {"members.read"}, 50),
              ElementsAre("离开社群", "加入分群", "标签 +手帐", "标签 +绘画", "接受群规，版本 1", "加入社群"));

  pb::ListTimelineRequest request;
  request.set_parent(member);
  auto all = profiles_.ListTimeline(Mine("ListTimeline", request), request);
  const auto& joined = all->entries(6);
  EXPECT_EQ(joined.kind(), pb::TIMELINE_KIND_JOINED);
  EXPECT_EQ(joined.details().at("source"), "JOIN_SOURCE_STAFF");
  EXPECT_TRUE(joined.details().at("group").starts_with(community_ + "/groups/"));
  EXPECT_EQ(all->entries(2).actor(), "keys/test");
  EXPECT_EQ(all->entries(2).details().at("added"), "手帐");

  request.set_parent(names::Member(name.first, Id::New()));
  EXPECT_EQ(Reason(profiles_.ListTimeline(Mine("ListTimeline", request), request)), "MEMBER_NOT_FOUND");
}

TEST_F(ProfileTimelineTest, TellsOfTheApplicationThatBroughtThem) {
  pb::ListGatesRequest gates;
  gates.set_parent(community_);
  const auto gate = gates_.ListGates(Mine("ListGates", gates), gates)->gates(0);
  pb::SubmitApplicationRequest submit;
  submit.set_parent(community_);
  auto& application = *submit.mutable_application();
  application.set_gate(gate.name());
  application.set_display_name("小雨");
  application.set_accepted_rules_version(1);
  auto& answer = *application.add_answers();
  answer.set_key(gate.questions(0).key());
  answer.set_text("想学书法");
  const auto sent = gates_.SubmitApplication(Mine("SubmitApplication", submit), submit);
  ASSERT_EQ(Reason(sent), "OK");
  pb::ApproveApplicationRequest approve;
  approve.set_name(sent->name());
  const auto approved = gates_.ApproveApplication(Mine("ApproveApplication", approve), approve);
  ASSERT_EQ(Reason(approved), "OK");
  EXPECT_THAT(Timeline(approved->member(), {"*"}, 1),
              ElementsAre("接受群规，版本 1", "加入社群", "入群申请通过", "提交了入群申请"));
}

TEST_F(ProfileTimelineTest, InEnglishAndFromTheWaitingList) {
  pb::CreateCommunityRequest open;
  open.mutable_community()->set_display_name("Sketch club");
  open.mutable_community()->set_template_(pb::TEMPLATE_SOCIAL_RING);
  open.mutable_community()->set_purpose("Draw together");
  open.mutable_community()->set_locale("en");
  open.set_gate_kind(pb::GATE_KIND_QUESTIONS);
  community_ = communities_.CreateCommunity(Mine("CreateCommunity", open), open)->name();
  const auto member = Join("Ada");
  EXPECT_THAT(Timeline(member), ElementsAre("Was put on the waiting list"));
  AddGroup(community_, 5);
  EXPECT_THAT(Timeline(member), ElementsAre("Joined", "Was put on the waiting list"));
}

}  // namespace
}  // namespace lanting::membership
