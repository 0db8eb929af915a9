#include "membership/api/staff_service.h"

#include <future>

#include "membership/api/api_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StaffServiceTest : public ApiTest {
 protected:
  StaffServiceTest() : community_(Open()) {}

  Result<pb::Staff> Assign(pb::StaffRole role, const std::string& name = "王敏", const std::string& member = "",
                           std::vector<std::string> groups = {}) {
    pb::CreateStaffRequest request;
    request.set_parent(community_.name());
    auto* staff = request.mutable_staff();
    staff->set_role(role);
    staff->set_display_name(name);
    staff->set_member(member);
    for (auto& group : groups) staff->add_groups(group);
    return staff_.CreateStaff(Mine("CreateStaff", request), request);
  }
  Result<pb::Staff> End(const std::string& name) {
    pb::EndStaffRequest request;
    request.set_name(name);
    return staff_.EndStaff(Mine("EndStaff", request), request);
  }
  Result<pb::Staff> GetOne(const std::string& name) {
    pb::GetStaffRequest request;
    request.set_name(name);
    return staff_.GetStaff(Mine("GetStaff", request), request);
  }
  Result<pb::Staff> Change(const pb::Staff& patch, const std::string& mask) {
    pb::UpdateStaffRequest request;
    *request.mutable_staff() = patch;
    for (auto path : Split(mask, ',')) request.mutable_update_mask()->add_paths(std::string(path));
    return staff_.UpdateStaff(Mine("UpdateStaff", request), request);
  }
  std::vector<std::string> List(const std::string& filter) {
    pb::ListStaffRequest request;
    request.set_parent(community_.name());
    request.set_filter(filter);
    auto reply = staff_.ListStaff(Mine("ListStaff", request), request);
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    std::vector<std::string> names;
    for (const auto& one : reply->staff()) names.push_back(one.display_name());
    return names;
  }
  pb::RoleCoverage Coverage() {
    pb::GetRoleCoverageRequest request;
    request.set_parent(community_.name());
    return *staff_.GetRoleCoverage(Mine("GetRoleCoverage", request), request);
  }
  // A member of the community, straight into the table.
  std::string AddMember(const std::string& community, const std::string& group) {
    const auto id = Id::New();
    const auto uuid = [](const std::string& name) { return Id::Parse(name.substr(name.rfind('/') + 1))->ToUuid(); };
    db_.Query(
        "INSERT INTO membership.member (tenant_id, id, community_id, display_name, expectation, state, group_id, "
        "source, "
        "accepted_rules_version, join_time, create_time, update_time, version) VALUES ('" +
        tenant_.ToUuid() + "', '" + id.ToUuid() + "', '" + uuid(community) + "', '阿杰', '', 1, '" + uuid(group) +
        "', 1, 1, now(), now(), now(), 1)");
    return community + "/members/" + id.ToString();
  }

  StaffService staff_{pool_};
  pb::Community community_;
};

TEST_F(StaffServiceTest, AssignChangeEndAndTheHistoryStays) {
  const auto group = AddGroup(community_.name(), 100).name();
  const auto member = AddMember(community_.name(), group);
  const auto made = Assign(pb::STAFF_ROLE_MODERATOR, "阿杰", member, {group});
  ASSERT_TRUE(made.ok()) << made.error().message << made.error().internal;
  EXPECT_EQ(made->state(), pb::STAFF_STATE_ACTIVE);
  EXPECT_EQ(made->member(), member);
  EXPECT_THAT(made->groups(), ElementsAre(group));
  EXPECT_EQ(Reason(Assign(pb::STAFF_ROLE_MODERATOR, "阿杰", member)), "STAFF_ASSIGNED");
  EXPECT_EQ(Reason(Assign(pb::STAFF_ROLE_EDITOR, "阿杰", member)), "OK") << "another role beside it";

  auto patch = *made;
  patch.set_grade("资深");
  patch.set_role(pb::STAFF_ROLE_OWNER);
  patch.mutable_contact()->set_channel(pb::CHANNEL_WECOM);
  patch.mutable_contact()->set_user_id("wangmin");
  EXPECT_EQ(Reason(Change(patch, "role")), "INVALID_FIELDS") << "a role does not change, it ends";
  const auto changed = Change(patch, "grade,contact,groups");
  ASSERT_TRUE(changed.ok()) << changed.error().message;
  EXPECT_EQ(changed->grade(), "资深");
  EXPECT_EQ(GetOne(made->name())->SerializeAsString(), changed->SerializeAsString());
  EXPECT_EQ(Reason(Change(patch, "grade")), "ETAG_MISMATCH");

  const auto ended = End(made->name());
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->state(), pb::STAFF_STATE_ENDED);
  EXPECT_TRUE(ended->has_end_time());
  EXPECT_EQ(End(made->name())->SerializeAsString(), ended->SerializeAsString());
  EXPECT_EQ(Reason(Change(*ended, "grade")), "STAFF_ENDED");
  EXPECT_EQ(Reason(Assign(pb::STAFF_ROLE_MODERATOR, "阿杰又来", member)), "OK") << "again, after it has ended";
  EXPECT_THAT(List("state = ENDED"), ElementsAre("阿杰"));
  EXPECT_THAT(List("state = ACTIVE AND role = MODERATOR"), ElementsAre("阿杰又来"));
  EXPECT_EQ(List("member = \"" + member + "\"").size(), 3u);
  EXPECT_THAT(Events(), ::testing::HasSubstr("StaffAssigned:1 StaffAssigned:1 StaffEnded:3 StaffAssigned:1"));
}

TEST_F(StaffServiceTest, WhatItNamesIsOfTheCommunity) {
  const auto other = Open(pb::GATE_KIND_QUESTIONS, "另一个");
  const auto foreign_group = AddGroup(other.name(), 10).name();
  const auto foreign_member = AddMember(other.name(), foreign_group);
  const auto id = [](const std::string& name) { return name.substr(name.rfind('/') + 1); };
  EXPECT_EQ(Reason(Assign(pb::STAFF_ROLE_EDITOR, "甲", foreign_member)), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Assign(pb::STAFF_ROLE_EDITOR, "甲", community_.name() + "/members/" + id(foreign_member))),
            "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Assign(pb::STAFF_ROLE_EDITOR, "甲", "", {foreign_group})), "GROUP_NOT_FOUND");
  EXPECT_EQ(Reason(Assign(pb::STAFF_ROLE_EDITOR, "甲", "", {community_.name() + "/groups/" + id(foreign_group)})),
            "GROUP_NOT_FOUND");
  EXPECT_THAT(List(""), IsEmpty());
  const auto made = *Assign(pb::STAFF_ROLE_EDITOR, "甲");
  EXPECT_EQ(Reason(GetOne(other.name() + "/staff/" + id(made.name()))), "STAFF_NOT_FOUND");
  EXPECT_EQ(Reason(End(other.name() + "/staff/" + id(made.name()))), "STAFF_NOT_FOUND");
}

TEST_F(StaffServiceTest, OfTwoOwnersWhoEndAtOnceOneStays) {
  for (int round = 0; round < 5; ++round) {
    const auto one = Assign(pb::STAFF_ROLE_OWNER, "甲"), two = Assign(pb::STAFF_ROLE_OWNER, "乙");
    std::vector<std::future<std::string>> answers;
    for (const auto& name : {one->name(), two->name()}) {
      answers.push_back(std::async(std::launch::async, [&, name] { return Reason(End(name)); }));
    }
    std::multiset<std::string> reasons;
    for (auto& answer : answers) reasons.insert(answer.get());
    if (round == 0) {
      EXPECT_EQ(reasons, (std::multiset<std::string>{"LAST_OWNER", "OK"}));
    }
    EXPECT_GE(List("role = OWNER AND state = ACTIVE").size(), 1u);
  }
}

TEST_F(StaffServiceTest, TheStaffingPlanOfARing) {
  const auto one = AddGroup(community_.name(), 100).name(), two = AddGroup(community_.name(), 100).name();
  auto coverage = Coverage();
  EXPECT_FALSE(coverage.complete());
  ASSERT_EQ(coverage.needs_size(), 4);
  const auto owner = *Assign(pb::STAFF_ROLE_OWNER, "甲");
  ASSERT_TRUE(Assign(pb::STAFF_ROLE_ORGANISER, "乙", "", {one}).ok());
  coverage = Coverage();
  EXPECT_FALSE(coverage.complete());
  EXPECT_TRUE(coverage.needs(0).filled());
  EXPECT_THAT(coverage.needs(0).staff(), ElementsAre(owner.name()));
  EXPECT_FALSE(coverage.needs(1).filled());
  EXPECT_THAT(coverage.needs(1).uncovered_groups(), ElementsAre(two));
  ASSERT_TRUE(Assign(pb::STAFF_ROLE_ORGANISER, "丙", "", {two}).ok());
  EXPECT_TRUE(Coverage().complete()) << "an editor and a moderator are advice";
}

TEST_F(StaffServiceTest, RolesInTwoLanguages) {
  pb::ListStaffRolesRequest request;
  auto zh = *staff_.ListStaffRoles(Mine("ListStaffRoles", request), request);
  request.set_locale("en");
  auto en = *staff_.ListStaffRoles(Mine("ListStaffRoles", request), request);
  ASSERT_EQ(zh.roles_size(), 6);
  EXPECT_EQ(zh.roles(4).display_name(), "管理员");
  EXPECT_EQ(en.roles(4).display_name(), "Moderator");
  EXPECT_EQ(en.roles(4).scopes_size(), zh.roles(4).scopes_size());
  request.set_page_token("x");
  EXPECT_EQ(Reason(staff_.ListStaffRoles(Mine("ListStaffRoles", request), request)), "INVALID_FIELDS");
}

}  // namespace
}  // namespace lanting::membership
