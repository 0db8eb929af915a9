#include "gateway/openapi/comments.h"

#include <gtest/gtest.h>

namespace lanting::gateway::openapi {
namespace {

namespace pb = google::protobuf;

pb::FileDescriptorSet FileWith(const std::vector<int>& path, const std::string& leading,
                               const std::string& trailing = {}) {
  pb::FileDescriptorSet set;
  auto* file = set.add_file();
  file->set_package("lanting.case.v1");
  auto* message = file->add_message_type();
  message->set_name("Poem");
  message->add_field()->set_name("title");
  message->add_oneof_decl()->set_name("form");
  auto* inner = message->add_nested_type();
  inner->set_name("Line");
  inner->add_field()->set_name("text");
  auto* type = message->add_enum_type();
  type->set_name("Metre");
  type->add_value()->set_name("METRE_FIVE");
  auto* service = file->add_service();
  service->set_name("PoemService");
  service->add_method()->set_name("GetPoem");
  auto* location = file->mutable_source_code_info()->add_location();
  for (int n : path) location->add_path(n);
  if (!leading.empty()) location->set_leading_comments(leading);
  if (!trailing.empty()) location->set_trailing_comments(trailing);
  return set;
}

std::string Text(const std::string& comment) {
  return Comments(FileWith({4, 0}, comment)).Of(std::string("lanting.case.v1.Poem"));
}

TEST(OpenApiComments, AreFoundByTheFullNameOfWhatTheyStandAt) {
  const struct {
    std::vector<int> path;
    const char* name;
  } cases[] = {{{4, 0}, "Poem"},
               {{4, 0, 2, 0}, "Poem.title"},
               {{4, 0, 8, 0}, "Poem.form"},
               {{4, 0, 3, 0}, "Poem.Line"},
               {{4, 0, 3, 0, 2, 0}, "Poem.Line.text"},
               {{4, 0, 4, 0}, "Poem.Metre"},
               {{4, 0, 4, 0, 2, 0}, "Poem.METRE_FIVE"},
               {{6, 0}, "PoemService"},
               {{6, 0, 2, 0}, "PoemService.GetPoem"}};
  for (const auto& c : cases)
    EXPECT_EQ(Comments(FileWith(c.path, " 诗\n")).Of(std::string("lanting.case.v1.") + c.name), "诗") << c.name;
  // The type of a field, the package, an option: nobody asks for those.
  EXPECT_EQ(Comments(FileWith({4, 0, 2, 0, 5}, " x\n")).Of(std::string("lanting.case.v1.Poem.title")), "");
  EXPECT_EQ(Comments(FileWith({2}, " x\n")).Of(std::string("lanting.case.v1")), "");
}

TEST(OpenApiComments, ATrailingCommentCountsWhereThereIsNoOther) {
  EXPECT_EQ(Comments(FileWith({4, 0}, "", " after\n")).Of(std::string("lanting.case.v1.Poem")), "after");
  EXPECT_EQ(Comments(FileWith({4, 0}, " before\n", " after\n")).Of(std::string("lanting.case.v1.Poem")), "before");
}

TEST(OpenApiComments, LinesBecomeParagraphs) {
  EXPECT_EQ(Text(" One line\n and the next.\n\n Another paragraph.\n"), "One line and the next.\n\nAnother paragraph.");
  EXPECT_EQ(Text("\n"), "");
}

TEST(OpenApiComments, WhatLooksLikeMarkupIsText) {
  EXPECT_EQ(Text(" \"members.*\", \"*\" and <b>\n"), "\"members.\\*\", \"\\*\" and \\<b>");
  EXPECT_EQ(Text(" e.g. `a < b AND c = \"*\"`, 5 < 6\n"), "e.g. `a < b AND c = \"*\"`, 5 \\< 6");
}

TEST(OpenApiComments, MarksOfRequirementsAreLeftOut) {
  EXPECT_EQ(Text(" Adds a person who agreed (R25): into a group.\n"), "Adds a person who agreed: into a group.");
  EXPECT_EQ(Text(" Learning pyramid (R8, R9).\n"), "Learning pyramid.");
  EXPECT_EQ(Text(" In percent (R87: 10). (Really) (R) (Red)\n"), "In percent (R87: 10). (Really) (R) (Red)");
  EXPECT_EQ(Text(" open (R8\n"), "open (R8");
}

TEST(OpenApiComments, OfOurProtosAreEmbedded) {
  const Comments comments;
  EXPECT_EQ(comments.Of(std::string("lanting.membership.v1.Member")), "A person in a community.");
  EXPECT_EQ(comments.Of(std::string("lanting.membership.v1.GATE_KIND_INVITE_LINK")),
            "Whoever holds an invite link made for this gate.");
  EXPECT_EQ(comments.Of(std::string("lanting.membership.v1.Member.display_name")), "");
}

}  // namespace
}  // namespace lanting::gateway::openapi
