#include "gateway/upstream/grpc_wire.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <stdexcept>

#include "gateway/upstream/limits.h"
#include "gateway/upstream/response.h"
#include "gateway/upstream/target.h"
#include "gateway/upstream/test_servers.h"

namespace lanting::gateway {
namespace {

using std::chrono::milliseconds;
using State = MessageReader::State;

TEST(GrpcWire, Timeouts) {
  EXPECT_EQ(GrpcTimeout(milliseconds(9'998)), "9998m");
  EXPECT_EQ(GrpcTimeout(milliseconds(0)), "1m") << "never none";
  EXPECT_EQ(GrpcTimeout(milliseconds(99'999'999)), "99999999m");
  EXPECT_EQ(GrpcTimeout(milliseconds(100'000'000)), "100000S");
}

TEST(GrpcWire, MessagesArePercentEncoded) {
  EXPECT_EQ(DecodeGrpcMessage("%E6%B2%A1%e6%9c%89 100%25"), "没有 100%");
  EXPECT_EQ(DecodeGrpcMessage("50% off, %zz, %2"), "50% off, %zz, %2") << "what is no escape stays";
}

TEST(GrpcWire, BinaryMetadataPaddedOrNot) {
  const std::string bytes("\0\xff\xfe兰亭", 9);
  EXPECT_EQ(DecodeBinary(EncodeBinary(bytes)), bytes);
  EXPECT_EQ(DecodeBinary("YQ=="), "a");
  EXPECT_EQ(DecodeBinary("YQ"), "a");
  EXPECT_EQ(DecodeBinary("+/8="), std::string("\xfb\xff"));
  EXPECT_FALSE(DecodeBinary("-_8=").has_value()) << "the other alphabet";
  EXPECT_FALSE(DecodeBinary("Y Q").has_value());
}

TEST(GrpcWire, ContentTypes) {
  for (const char* good : {"application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"})
    EXPECT_TRUE(IsGrpcContentType(good)) << good;
  for (const char* bad : {"", "text/html", "application/grpc-web", "application/json"})
    EXPECT_FALSE(IsGrpcContentType(bad)) << bad;
}

TEST(GrpcWire, MessagesFromBytesInAnyPieces) {
  const std::string two = Framed("兰亭集序") + Framed("");
  for (std::size_t piece = 1; piece <= two.size(); ++piece) {
    MessageReader reader(100);
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < two.size();) {
      at += reader.Feed(std::string_view(two).substr(at, std::min(piece, two.size() - at)));
      if (reader.state() == State::kWhole) messages.push_back(reader.Take());
    }
    EXPECT_EQ(messages, (std::vector<std::string>{"兰亭集序", ""})) << "pieces of " << piece;
    EXPECT_FALSE(reader.partial());
  }
}

TEST(GrpcWire, MessagesThatAreRefused) {
  MessageReader small(4);
  small.Feed(Framed("12345"));
  EXPECT_EQ(small.state(), State::kTooLarge);
  MessageReader compressed(100);
  compressed.Feed(Framed("x", true));
  EXPECT_EQ(compressed.state(), State::kCompressed);
  MessageReader half(100);
  half.Feed(Framed("12345").substr(0, 7));
  EXPECT_TRUE(half.partial());
}

Outcome End(const Metadata& headers, std::uint32_t error = NGHTTP2_NO_ERROR, const std::string& body = {}) {
  static const std::vector<std::string> kNone;
  Response response(1000, &kNone);
  for (const auto& [name, value] : headers) EXPECT_TRUE(response.OnHeader(name, value));
  response.reader.Feed(body);
  return response.AtEnd(true, error);
}

TEST(GrpcResponse, WhatTheEndMeans) {
  const Metadata grpc{{":status", "200"}, {"content-type", "application/grpc"}};
  auto with = [&](const std::string& status) {
    Metadata all = grpc;
    all.emplace_back("grpc-status", status);
    return all;
  };
  EXPECT_EQ(End(with("0"), 0, Framed("x")).code, 0);
  EXPECT_EQ(End(with("5")).code, 5);
  EXPECT_EQ(End(with("5"), NGHTTP2_INTERNAL_ERROR).code, 5) << "a status that came counts";
  EXPECT_EQ(End(with("99")).code, 2);
  EXPECT_EQ(End(with("bad")).code, 2);
  EXPECT_EQ(End(with("0")).code, 13) << "no message";
  EXPECT_EQ(End(with("0"), 0, Framed("12345").substr(0, 8)).code, 13) << "half a message";
  EXPECT_EQ(End(grpc, 0, Framed("x")).code, 13) << "no status";
  EXPECT_EQ(End({}).code, 13);
  const std::pair<const char*, int> by_http[] = {{"400", 13}, {"401", 16}, {"403", 7},  {"404", 12}, {"429", 14},
                                                 {"502", 14}, {"503", 14}, {"504", 14}, {"500", 2},  {"200", 2}};
  for (const auto& [status, code] : by_http)
    EXPECT_EQ(End({{":status", status}, {"content-type", "text/html"}}).code, code) << status;
  EXPECT_EQ(End({{":status", "200"}, {"content-type", "text/html"}, {"grpc-status", "0"}}, 0, Framed("x")).code, 2);
}

TEST(GrpcResponse, WhatAResetMeans) {
  EXPECT_EQ(End({}, NGHTTP2_REFUSED_STREAM).code, 14);
  EXPECT_FALSE(End({}, NGHTTP2_REFUSED_STREAM).reached);
  EXPECT_EQ(End({}, NGHTTP2_CANCEL).code, 1);
  EXPECT_TRUE(End({}, NGHTTP2_CANCEL).reached);
  EXPECT_EQ(End({}, NGHTTP2_ENHANCE_YOUR_CALM).code, 8);
  EXPECT_EQ(End({}, NGHTTP2_PROTOCOL_ERROR).code, 13);
}

TEST(GrpcResponse, HeadersHaveABound) {
  const std::vector<std::string> none;
  Response response(1000, &none);
  int taken = 0;
  while (taken < 1000 && response.OnHeader("x-filler", std::string(1000, 'x'))) ++taken;
  EXPECT_LT(taken, 100);
}

TEST(RetryBudget, AnOutageIsNotMultiplied) {
  RetryBudget budget;
  int allowed = 0;
  for (int i = 0; i < 100; ++i) {
    budget.OnFailure();
    allowed += budget.Allows();
  }
  EXPECT_EQ(allowed, 4);
  for (int i = 0; i < 60; ++i) budget.OnSuccess();
  EXPECT_TRUE(budget.Allows());
}

TEST(Outlier, EjectedLongerEachTimeAndForgiven) {
  Outlier outlier(milliseconds(5000), milliseconds(60'000));
  Deadline now = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(outlier.OnFailure());
  outlier.OnSuccess();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(outlier.OnFailure());
  EXPECT_TRUE(outlier.OnFailure());
  for (int times = 1; times <= 15; ++times) {
    const milliseconds until(std::min(5000 * times, 60'000));
    outlier.Eject(now);
    EXPECT_TRUE(outlier.IsEjected(now + until - milliseconds(1))) << times;
    now += until;
    EXPECT_FALSE(outlier.IsEjected(now)) << times;
  }
  now += milliseconds(60'001);
  outlier.Eject(now);
  EXPECT_FALSE(outlier.IsEjected(now + milliseconds(5000)));
}

TEST(Target, FormsAndFaults) {
  const auto targets = detail::ParseTarget("127.0.0.1:9101, dns:///membership.lanting.svc:9102,[::1]:80");
  ASSERT_EQ(targets.size(), 3u);
  EXPECT_EQ(targets[1].host, "membership.lanting.svc");
  EXPECT_EQ(targets[1].text, "membership.lanting.svc:9102");
  EXPECT_EQ(targets[2].host, "::1");
  EXPECT_EQ(targets[2].port, "80");
  for (const char* bad : {"", "host", "host:", ":80", "host:0", "host:70000", "host:80,", "unix:/run/x:1", "::1:80"})
    EXPECT_THROW(detail::ParseTarget(bad), std::invalid_argument) << bad;
}

}  // namespace
}  // namespace lanting::gateway
