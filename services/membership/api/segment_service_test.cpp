#include "membership/api/segment_service.h"

#include <atomic>
#include <thread>

#include "lanting/membership/v1/member_service.pb.h"
#include "membership/api/api_test_world.h"
#include "membership/api/list_members.h"
#include "membership/domain/segment.h"
#include "membership/store/join_store.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SegmentServiceTest : public ApiTest {
 protected:
  SegmentServiceTest() : community_(Open().name()) { AddGroup(community_, 100); }

  std::string Join(const std::string& name, const std::vector<std::string>& tags, StaffView staff = {}) {
    const auto now = Clock::System().Now();
    JoinItem item{.community = *Id::Parse(community_.substr(12)), .member_id = Id::New()};
    item.person = {.display_name = name, .tags = tags, .staff = std::move(staff)};
    item.person.identities = {{static_cast<Channel>(name == "阿强" ? 3 : 1), "u-" + name}};
    auto joined = pg::InTenantTx(pool_, tenant_, DeadlineIn(std::chrono::seconds(10)), [&](pg::Tx& tx) {
      idempotency::Work work;
      auto result = membership::Join(tx, work, {now, ""}, {item});
      EXPECT_TRUE(work.Apply(tx));
      return result;
    });
    EXPECT_TRUE(joined.ok()) << joined.error().message << joined.error().internal;
    return community_ + "/members/" + item.member_id.ToString();
  }
  void Leave(const std::string& member) {
    db_.Query("UPDATE membership.member SET state = 3 WHERE id = '" +
              Id::Parse(member.substr(member.rfind('/') + 1))->ToUuid() + "'");
  }

  rpc::Call As(rpc::Call call, std::vector<std::string> scopes) {
    call.principal.scopes = std::move(scopes);
    return call;
  }
  template <typename Request>
  rpc::Call NoStaff(const std::string& method, const Request& request) {
    return As(Mine(method, request), {"segments.read", "segments.write", "members.read"});
  }

  pb::CreateSegmentRequest Creation(const std::string& filter, const std::string& name = "绘画爱好者") {
    pb::CreateSegmentRequest request;
    request.set_parent(community_);
    request.mutable_segment()->set_display_name(name);
    request.mutable_segment()->set_filter(filter);
    return request;
  }
  Result<pb::Segment> TryCreate(const std::string& filter) {
    auto request = Creation(filter);
    return segments_.CreateSegment(Mine("CreateSegment", request), request);
  }
  pb::Segment Create(const std::string& filter) {
    auto made = TryCreate(filter);
    EXPECT_TRUE(made.ok()) << filter << ": " << made.error().message << made.error().internal;
    return *made;
  }
  Result<pb::Segment> Get(const std::string& name, bool count = false) {
    pb::GetSegmentRequest request;
    request.set_name(name);
    request.set_count_members(count);
    return segments_.GetSegment(Mine("GetSegment", request), request);
  }
  Result<pb::PreviewSegmentResponse> Preview(const std::string& filter) {
    pb::PreviewSegmentRequest request;
    request.set_parent(community_);
    request.set_filter(filter);
    return segments_.PreviewSegment(Mine("PreviewSegment", request), request);
  }
  std::vector<std::string> MembersOf(const std::string& segment, int page_size = 2) {
    std::vector<std::string> names;
    pb::ListSegmentMembersRequest request;
    request.set_parent(segment);
    request.set_page_size(page_size);
    do {
      auto page = segments_.ListSegmentMembers(Mine("ListSegmentMembers", request), request);
      if (!page.ok()) return {page.error().reason};
      for (const auto& m : page->members()) names.push_back(m.display_name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  Result<pb::EvaluateSegmentsResponse> Evaluate(const std::string& member, const std::vector<std::string>& names = {}) {
    pb::EvaluateSegmentsRequest request;
    request.set_name(member);
    for (const auto& name : names) request.add_segments(name);
    return segments_.EvaluateSegments(Mine("EvaluateSegments", request), request);
  }

  SegmentService segments_{pool_};
  std::string community_;
};

TEST_F(SegmentServiceTest, ASegmentIsKeptChangedAndDeleted) {
  const auto made = Create("tags:\"绘画\"");
  EXPECT_TRUE(made.name().starts_with(community_ + "/segments/"));
  EXPECT_EQ(made.etag(), "\"1\"");
  EXPECT_EQ(Get(made.name())->SerializeAsString(), made.SerializeAsString());
  EXPECT_FALSE(made.has_member_count());

  pb::UpdateSegmentRequest update;
  update.mutable_segment()->set_name(made.name());
  update.mutable_segment()->set_etag(made.etag());
  update.mutable_segment()->set_description("周末写生的人");
  update.mutable_update_mask()->add_paths("description");
  auto updated = segments_.UpdateSegment(Mine("UpdateSegment", update), update);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ(updated->filter(), "tags:\"绘画\"");
  EXPECT_EQ(updated->etag(), "\"2\"");
  EXPECT_EQ(Reason(segments_.UpdateSegment(Mine("UpdateSegment", update), update)), "ETAG_MISMATCH");
  update.mutable_segment()->clear_etag();
  EXPECT_EQ(segments_.UpdateSegment(Mine("UpdateSegment", update), update)->etag(), "\"2\"") << "nothing changed";
  update.mutable_segment()->set_filter("tags:");
  update.mutable_update_mask()->add_paths("filter");
  EXPECT_THAT(Faults(segments_.UpdateSegment(Mine("UpdateSegment", update), update)),
              ElementsAre("segment.filter INVALID_FILTER"));

  pb::DeleteSegmentRequest remove;
  remove.set_name(made.name());
  remove.set_etag("\"1\"");
  EXPECT_EQ(Reason(segments_.DeleteSegment(Mine("DeleteSegment", remove), remove)), "ETAG_MISMATCH");
  remove.set_etag("\"2\"");
  EXPECT_TRUE(segments_.DeleteSegment(Mine("DeleteSegment", remove), remove).ok());
  EXPECT_EQ(Reason(segments_.DeleteSegment(Mine("DeleteSegment", remove), remove)), "SEGMENT_NOT_FOUND");
  EXPECT_EQ(Reason(Get(made.name())), "SEGMENT_NOT_FOUND");
  EXPECT_THAT(Events(), HasSubstr("SegmentCreated:1 SegmentUpdated:2 SegmentDeleted:3"));
}

TEST_F(SegmentServiceTest, ARetryMakesNoSecondOne) {
  auto request = Creation("tags:a");
  auto first = segments_.CreateSegment(Mine("CreateSegment", request, "r1"), request);
  EXPECT_EQ(segments_.CreateSegment(Mine("CreateSegment", request, "r1"), request)->name(), first->name());
  EXPECT_EQ(Count("segment"), 1);
}

TEST_F(SegmentServiceTest, FiltersAreCheckedWhenTheyAreSaved) {
  for (std::string filter : {"shoe_size = 42", "tags:", "segment = a", "(tags:a", "'; DROP TABLE member; --"})
    EXPECT_THAT(Faults(TryCreate(filter)), ElementsAre("segment.filter INVALID_FILTER")) << filter;
  EXPECT_EQ(Count("segment"), 0);
}

TEST_F(SegmentServiceTest, ACommunityHasAtMost500AlsoWhenManyAreMadeAtOnce) {
  db_.Query("INSERT INTO membership.segment SELECT '" + tenant_.ToUuid() + "', gen_random_uuid(), '" +
            Id::Parse(community_.substr(12))->ToUuid() +
            "', 'x', 'tags:a', '', now(), now(), 1 FROM generate_series(1, " + std::to_string(kMaxSegments - 2) + ")");
  std::atomic<int> made = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      auto result = TryCreate("tags:a");
      made += result.ok();
      refused += Reason(result) == "TOO_MANY_SEGMENTS" && result.error().metadata.at("limit") == "500";
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 2);
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(Count("segment"), kMaxSegments);
  auto request = Creation("tags:a");
  request.set_parent(Open(pb::GATE_KIND_QUESTIONS, "另一个").name());
  EXPECT_TRUE(segments_.CreateSegment(Mine("CreateSegment", request), request).ok()) << "each community has its own";
}

TEST_F(SegmentServiceTest, IsEvaluatedLive) {
  const auto painters = Create("tags:\"绘画\"").name();
  EXPECT_EQ(Get(painters, true)->member_count(), 0);
  const auto wen = Join("晓雯", {"绘画", "摄影"});
  Join("阿强", {"摄影"});
  Join("Ada", {"绘画"});
  const auto gone = Join("Grace", {"绘画"});
  EXPECT_EQ(Get(painters, true)->member_count(), 3);
  EXPECT_THAT(MembersOf(painters), ElementsAre("晓雯", "Ada", "Grace"));
  Leave(gone);
  EXPECT_EQ(Get(painters, true)->member_count(), 2);
  EXPECT_THAT(MembersOf(painters), ElementsAre("晓雯", "Ada"));

  auto preview = Preview("tags:\"摄影\" AND channel = WECOM OR tags:\"摄影\" AND NOT channel = QQ");
  ASSERT_TRUE(preview.ok()) << preview.error().message << preview.error().internal;
  EXPECT_EQ(preview->member_count(), 1);
  EXPECT_THAT(preview->sample_members(), ElementsAre(wen));
  EXPECT_EQ(Preview("")->member_count(), 3);
  EXPECT_EQ(Preview("state = LEFT")->sample_members(0), gone);
  EXPECT_EQ(Preview("NOT tags:\"绘画\"")->member_count(), 1);
  EXPECT_EQ(Reason(Preview("x = 1")), "INVALID_FIELDS");
  for (int i = 0; i < 12; ++i) Join("群友" + std::to_string(i), {"书法"});
  preview = Preview("tags:\"书法\"");
  EXPECT_EQ(preview->member_count(), 12);
  EXPECT_EQ(preview->sample_members_size(), 10);
}

TEST_F(SegmentServiceTest, AMemberIsInTheSegmentsThatFindIt) {
  const auto painters = Create("tags:\"绘画\"").name(), all = Create("create_time > 2020-01-01T00:00:00Z").name();
  const auto fans = Create("fan_score >= 80 OR customer_class = EXPERT").name();
  const auto left = Create("state = LEFT").name();
  const auto wen = Join("晓雯", {"绘画"}, {.customer_class = CustomerClass::kExpert, .fan_score = 10});
  const auto qiang = Join("阿强", {"摄影"}, {.fan_score = 79});
  EXPECT_THAT(Evaluate(wen)->segments(), ElementsAre(painters, all, fans));
  EXPECT_THAT(Evaluate(qiang)->segments(), ElementsAre(all));
  EXPECT_THAT(Evaluate(wen, {fans, painters, fans})->segments(), ElementsAre(painters, fans));
  EXPECT_THAT(Evaluate(qiang, {painters})->segments(), IsEmpty());
  Leave(qiang);
  EXPECT_THAT(Evaluate(qiang)->segments(), ElementsAre(left));

  EXPECT_EQ(Reason(Evaluate(community_ + "/members/" + Id::New().ToString())), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Evaluate(wen, {painters, community_ + "/segments/" + Id::New().ToString()})), "SEGMENT_NOT_FOUND");
  const auto elsewhere = "communities/" + Id::New().ToString() + painters.substr(community_.size());
  EXPECT_EQ(Reason(Evaluate(wen, {elsewhere})), "SEGMENT_NOT_FOUND");
}

TEST_F(SegmentServiceTest, WhatStaffKnowIsForStaff) {
  auto creation = Creation("fan_score > 50");
  EXPECT_THAT(Faults(segments_.CreateSegment(NoStaff("CreateSegment", creation), creation)),
              ElementsAre("segment.filter INVALID_FILTER"));
  const auto fans = Create("fan_score > 50"), painters = Create("tags:\"绘画\"");
  const auto wen = Join("晓雯", {"绘画"}, {.fan_score = 90});

  pb::GetSegmentRequest get;
  get.set_name(fans.name());
  EXPECT_TRUE(segments_.GetSegment(NoStaff("GetSegment", get), get).ok());
  get.set_count_members(true);
  EXPECT_EQ(Reason(segments_.GetSegment(NoStaff("GetSegment", get), get)), "SCOPE_MISSING");
  pb::ListSegmentMembersRequest list;
  list.set_parent(fans.name());
  EXPECT_EQ(Reason(segments_.ListSegmentMembers(NoStaff("ListSegmentMembers", list), list)), "SCOPE_MISSING");
  list.set_parent(painters.name());
  auto page = segments_.ListSegmentMembers(NoStaff("ListSegmentMembers", list), list);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->members_size(), 1);
  pb::EvaluateSegmentsRequest evaluate;
  evaluate.set_name(wen);
  EXPECT_THAT(segments_.EvaluateSegments(NoStaff("EvaluateSegments", evaluate), evaluate)->segments(),
              ElementsAre(painters.name()));
  evaluate.add_segments(fans.name());
  EXPECT_EQ(Reason(segments_.EvaluateSegments(NoStaff("EvaluateSegments", evaluate), evaluate)), "SCOPE_MISSING");

  pb::UpdateSegmentRequest update;
  update.mutable_segment()->set_name(fans.name());
  update.mutable_segment()->set_display_name("铁粉");
  EXPECT_TRUE(segments_.UpdateSegment(NoStaff("UpdateSegment", update), update).ok()) << "the filter stays";
  update.mutable_segment()->set_filter("fan_score > 60");
  EXPECT_EQ(Reason(segments_.UpdateSegment(NoStaff("UpdateSegment", update), update)), "INVALID_FIELDS");
}

TEST_F(SegmentServiceTest, APageTokenEndsWithTheFilter) {
  for (auto name : {"甲", "乙", "丙"}) Join(name, {"绘画"});
  const auto segment = Create("tags:\"绘画\"");
  pb::ListSegmentMembersRequest list;
  list.set_parent(segment.name());
  list.set_page_size(2);
  list.set_page_token(segments_.ListSegmentMembers(Mine("ListSegmentMembers", list), list)->next_page_token());
  EXPECT_EQ(segments_.ListSegmentMembers(Mine("ListSegmentMembers", list), list)->members_size(), 1);
  pb::UpdateSegmentRequest update;
  update.mutable_segment()->set_name(segment.name());
  update.mutable_segment()->set_filter("NOT tags:\"摄影\"");
  ASSERT_TRUE(segments_.UpdateSegment(Mine("UpdateSegment", update), update).ok());
  EXPECT_THAT(Faults(segments_.ListSegmentMembers(Mine("ListSegmentMembers", list), list)),
              ElementsAre("pageToken INVALID_PAGE_TOKEN"));
}

TEST_F(SegmentServiceTest, IsOfOneTenantAndOneCommunity) {
  const auto segment = Create("tags:a");
  pb::GetSegmentRequest get;
  get.set_name(segment.name());
  EXPECT_EQ(Reason(segments_.GetSegment(Theirs("GetSegment", get), get)), "SEGMENT_NOT_FOUND");
  get.set_name(Open(pb::GATE_KIND_QUESTIONS, "另一个").name() + segment.name().substr(community_.size()));
  EXPECT_EQ(Reason(segments_.GetSegment(Mine("GetSegment", get), get)), "SEGMENT_NOT_FOUND");
  pb::ListSegmentsRequest list;
  list.set_parent(community_);
  EXPECT_EQ(segments_.ListSegments(Mine("ListSegments", list), list)->segments_size(), 1);
  EXPECT_EQ(Reason(segments_.ListSegments(Theirs("ListSegments", list), list)), "COMMUNITY_NOT_FOUND");
  pb::PreviewSegmentRequest preview;
  preview.set_parent(community_);
  EXPECT_EQ(Reason(segments_.PreviewSegment(Theirs("PreviewSegment", preview), preview)), "COMMUNITY_NOT_FOUND");
}

}  // namespace
}  // namespace lanting::membership
