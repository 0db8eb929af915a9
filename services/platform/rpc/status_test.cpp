#include "platform/rpc/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace lanting::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

TEST(Status, EveryCodeSurvivesTheWay) {
  for (int code = 1; code <= 16; ++code) {
    Error error{.code = static_cast<Code>(code),
                .reason = "SOME_REASON",
                .message = "成员 not found",
                .metadata = {{"member", "communities/c/members/m"}},
                .internal = "SQLSTATE 57P01"};
    auto status = ToStatus(error);
    EXPECT_EQ(static_cast<int>(status.error_code()), code);
    EXPECT_THAT(status.error_details(), Not(HasSubstr("SQLSTATE")));
    auto back = FromStatus(status);
    EXPECT_EQ(back.code, error.code);
    EXPECT_EQ(back.reason, error.reason);
    EXPECT_EQ(back.message, error.message);
    EXPECT_EQ(back.metadata, error.metadata);
    EXPECT_FALSE(back.retry_after_ms.has_value());
    EXPECT_TRUE(back.violations.empty());
    EXPECT_EQ(back.internal, "");
  }
}

TEST(Status, DetailsAreEachThereAtMostOnce) {
  auto status = ToStatus(errors::InvalidFields({{"member.displayName", "REQUIRED", "is required"},
                                                {"member.identities[3].userId", "TOO_LONG", "must be shorter"}}));
  auto details = Details(status);
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "lanting");
  EXPECT_EQ(info.reason(), "INVALID_FIELDS");
  auto back = FromStatus(status);
  ASSERT_EQ(back.violations.size(), 2u);
  EXPECT_EQ(back.violations[1].field, "member.identities[3].userId");
  EXPECT_EQ(back.violations[1].reason, "TOO_LONG");
  EXPECT_EQ(back.violations[1].description, "must be shorter");
}

TEST(Status, RetryAndErrorIdTravel) {
  auto overloaded = FromStatus(ToStatus(errors::Overloaded(1250)));
  EXPECT_EQ(overloaded.retry_after_ms, 1250);
  auto internal = errors::Internal("secret cause");
  internal.metadata[kErrorId] = "01jbkw6n7h8q9a1b2c3d4e5f6g";
  auto status = ToStatus(internal);
  google::rpc::RequestInfo info;
  ASSERT_TRUE(Details(status).details(1).UnpackTo(&info));
  EXPECT_EQ(info.request_id(), "01jbkw6n7h8q9a1b2c3d4e5f6g");
  EXPECT_EQ(FromStatus(status).metadata.at(kErrorId), "01jbkw6n7h8q9a1b2c3d4e5f6g");
}

TEST(Status, DetailsFitIntoTheTrailersOfAnyClient) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 500; ++i) {
    violations.push_back({"members[" + std::to_string(i) + "].displayName", "REQUIRED", "is required"});
  }
  auto status = ToStatus(errors::InvalidFields(violations));
  EXPECT_LT(status.error_details().size() * 4 / 3 + status.error_message().size(), 8000u);
  auto back = FromStatus(status);
  EXPECT_GT(back.violations.size(), 20u);
  EXPECT_EQ(back.violations.size() + std::stoul(back.metadata.at("omitted_violations")), 500u);
  EXPECT_THAT(back.message, HasSubstr("500"));
}

TEST(Status, WhatTheTransportSaysStaysInside) {
  auto down = FromStatus({grpc::StatusCode::UNAVAILABLE, "connect to 10.0.0.7:9001 refused"}, "membership");
  EXPECT_EQ(down.reason, "DEPENDENCY_UNAVAILABLE");
  EXPECT_EQ(down.metadata.at("dependency"), "membership");
  EXPECT_THAT(down.message, Not(HasSubstr("10.0.0.7")));
  EXPECT_THAT(down.internal, HasSubstr("10.0.0.7"));
  for (int code = 1; code <= 16; ++code) {
    auto error = FromStatus({static_cast<grpc::StatusCode>(code), "inner text"});
    EXPECT_EQ(static_cast<int>(error.code), code);
    EXPECT_FALSE(error.reason.empty());
    EXPECT_THAT(error.message, Not(HasSubstr("inner text")));
  }
  auto garbage = FromStatus({grpc::StatusCode::NOT_FOUND, "x", "\xff not a status"});
  EXPECT_EQ(garbage.code, Code::kNotFound);
}

TEST(Status, AMessageBeyondTheLimitOfTheTransportIsNoOverload) {
  auto large =
      FromStatus({grpc::StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max (6000000 vs. 5000)"});
  EXPECT_EQ(large.code, Code::kInvalidArgument);
  EXPECT_EQ(large.reason, "BODY_TOO_LARGE");
  EXPECT_FALSE(large.retry_after_ms);
  EXPECT_THAT(large.internal, HasSubstr("6000000"));
  auto busy = FromStatus({grpc::StatusCode::RESOURCE_EXHAUSTED, "out of threads"});
  EXPECT_EQ(busy.reason, "OVERLOADED");
  EXPECT_TRUE(busy.retry_after_ms);
}

TEST(Status, Names) {
  EXPECT_STREQ(CodeName(0), "OK");
  EXPECT_STREQ(CodeName(7), "PERMISSION_DENIED");
  EXPECT_STREQ(MetricCodeName(1), "Canceled");
  EXPECT_STREQ(MetricCodeName(16), "Unauthenticated");
  EXPECT_STREQ(CodeName(99), "UNKNOWN");
}

}  // namespace
}  // namespace lanting::rpc
