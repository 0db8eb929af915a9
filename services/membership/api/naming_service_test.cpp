#include "membership/api/naming_service.h"

#include "membership/api/profile_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NamingServiceTest : public ProfileTest {
 protected:
  NamingServiceTest() { name_ = community_ + "/namingConvention"; }

  Result<pb::NamingConvention> Update(pb::NamingConvention convention, std::vector<std::string> mask = {}) {
    pb::UpdateNamingConventionRequest request;
    convention.set_name(name_);
    *request.mutable_naming_convention() = std::move(convention);
    for (auto& path : mask) request.mutable_update_mask()->add_paths(path);
    return naming_.UpdateNamingConvention(Mine("UpdateNamingConvention", request), request);
  }
  pb::NamingConvention Get() {
    pb::GetNamingConventionRequest request;
    request.set_name(name_);
    return *naming_.GetNamingConvention(Mine("GetNamingConvention", request), request);
  }
  static pb::NamingConvention CityNameTrade() {
    pb::NamingConvention convention;
    convention.set_template_("{城市}-{昵称}-{行业}");
    convention.set_example("上海-阿杰-设计");
    auto& city = *convention.add_parts();
    city.set_key("城市");
    for (const char* allowed : {"北京", "上海", "绍兴"}) city.add_allowed(allowed);
    return convention;
  }
  Result<pb::PreviewNameResponse> Preview(const std::string& display_name) {
    pb::PreviewNameRequest request;
    request.set_name(name_);
    request.set_display_name(display_name);
    return naming_.PreviewName(Mine("PreviewName", request), request);
  }
  Result<pb::ListNamingOffendersResponse> List(NamingService& service, int page_size, const std::string& token = "") {
    pb::ListNamingOffendersRequest request;
    request.set_parent(community_);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return service.ListNamingOffenders(Mine("ListNamingOffenders", request), request);
  }

  std::string name_;
  NamingService naming_{pool_};
};

TEST_F(NamingServiceTest, IsWrittenAndRead) {
  EXPECT_EQ(Get().etag(), "\"0\"");
  EXPECT_EQ(Reason(Preview("阿杰")), "NAMING_CONVENTION_NOT_SET");
  EXPECT_EQ(Reason(List(naming_, 10)), "NAMING_CONVENTION_NOT_SET");
  auto written = Update(CityNameTrade());
  ASSERT_EQ(Reason(written), "OK");
  EXPECT_EQ(written->etag(), "\"1\"");
  EXPECT_EQ(Get().SerializeAsString(), written->SerializeAsString());
  EXPECT_EQ(Update(CityNameTrade())->etag(), "\"1\"") << "no change";

  pb::NamingConvention stale;
  stale.set_etag("\"0\"");
  stale.set_example("北京-小雨-出版");
  EXPECT_EQ(Reason(Update(stale)), "ETAG_MISMATCH");
  stale.clear_etag();
  stale.set_example("小雨");
  EXPECT_THAT(Faults(Update(stale)), ElementsAre("namingConvention.example EXAMPLE_DOES_NOT_MATCH"));
  pb::NamingConvention expression;
  expression.set_expression("(a+)+$");
  expression.set_example("aaa");
  EXPECT_THAT(Faults(Update(expression)), ElementsAre("namingConvention.expression CONFLICTING_VALUES"));
  EXPECT_EQ(Reason(Update(expression, {"*"})), "OK");
  EXPECT_EQ(Get().template_(), "");
  EXPECT_FALSE(Preview(std::string(99, 'a') + "!")->faults().empty());
  EXPECT_EQ(Reason(Update({}, {"*"})), "OK");
  EXPECT_EQ(Reason(Preview("x")), "NAMING_CONVENTION_NOT_SET");

  pb::GetNamingConventionRequest request;
  request.set_name(name_);
  EXPECT_EQ(Reason(naming_.GetNamingConvention(Theirs("GetNamingConvention", request), request)),
            "COMMUNITY_NOT_FOUND");
}

TEST_F(NamingServiceTest, ANameIsCheckedBeforeAnybodyHasIt) {
  ASSERT_EQ(Reason(Update(CityNameTrade())), "OK");
  EXPECT_THAT(Preview("绍兴-小雨-茶艺")->faults(), IsEmpty());
  auto answer = Preview("杭州-小雨");
  ASSERT_EQ(answer->faults_size(), 2);
  EXPECT_EQ(answer->faults(0).part(), "城市");
  EXPECT_EQ(answer->faults(0).text(), "“城市”不能是“杭州”，可选：北京、上海、绍兴。");
  EXPECT_EQ(answer->faults(1).text(), "缺少“行业”。");
  EXPECT_EQ(answer->example(), "上海-阿杰-设计");
}

TEST_F(NamingServiceTest, OffendersArePagedOverAllWhoAreIn) {
  ASSERT_EQ(Reason(Update(CityNameTrade())), "OK");
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    const bool offends = i % 3 == 0;
    const auto member = Join(offends ? "成员" + std::to_string(i) : "上海-成员" + std::to_string(i) + "-设计");
    if (i == 30) {
      Leave(member);
    } else if (offends) {
      expected.push_back(member);
    }
  }
  for (const int max_scan : {20'000, 7}) {
    NamingService service{pool_, max_scan};
    for (const int size : {1, 4, 19, 100}) {
      std::vector<std::string> offenders;
      std::string token;
      int scanned = 0, pages = 0;
      do {
        auto page = List(service, size, token);
        ASSERT_EQ(Reason(page), "OK");
        ASSERT_LE(page->offenders_size(), size);
        ASSERT_LE(page->scanned_count(), max_scan);
        for (const auto& offender : page->offenders()) {
          offenders.push_back(offender.member());
          EXPECT_FALSE(offender.faults().empty());
        }
        scanned += page->scanned_count();
        token = page->next_page_token();
        ASSERT_LT(++pages, 100);
      } while (!token.empty());
      EXPECT_EQ(offenders, expected) << max_scan << " " << size;
      EXPECT_EQ(scanned, 59);
    }
  }
}

}  // namespace
}  // namespace lanting::membership
