// Several addresses, and connections that come and go under load.
#include <gtest/gtest.h>

#include <future>

#include "gateway/upstream/caller.h"
#include "gateway/upstream/test_servers.h"
#include "platform/obs/metrics.h"

namespace lanting::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

UpstreamOptions To(const std::string& target, const std::string& name = "membership") {
  return {.name = name, .target = target, .timing = Quick()};
}
UpstreamCall Read() { return {.method = "/m/Get", .request = "兰亭", .timeout = seconds(60), .retry_safe = true}; }
H2Server::Service Named(const std::string& name) {
  return [name](const Seen&) { return Says(name); };
}

// Calls one after the other in several rows, until it is stopped.
class Load {
 public:
  Load(Upstream& upstream, UpstreamCall call, int rows) : upstream_(upstream), call_(std::move(call)) {
    for (int i = 0; i < rows; ++i) Next();
  }
  ~Load() { Stop(); }
  void Stop() {
    stopping_ = true;
    EXPECT_TRUE(Eventually([&] { return open_ == 0; }));
  }
  int good() const { return good_; }
  int bad() const { return bad_; }
  std::string why() const {
    std::lock_guard lock(mutex_);
    return why_;
  }
  bool More(int calls) {
    const int until = good_ + bad_ + calls;
    return Eventually([&] { return good_ + bad_ >= until; });
  }

 private:
  void Next() {
    ++open_;
    upstream_.Call(call_, [this](const Replied& reply) {
      if (reply.ok()) {
        ++good_;
      } else {
        ++bad_;
        std::lock_guard lock(mutex_);
        why_ = reply.error().internal;
      }
      if (!stopping_) Next();
      --open_;
    });
  }

  Upstream& upstream_;
  const UpstreamCall call_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> open_{0}, good_{0}, bad_{0};
  mutable std::mutex mutex_;
  std::string why_;
};

// The value of a series in the process's metrics.
double Metric(const std::string& series) {
  const std::string text = obs::MetricsText();
  const auto at = text.find(series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 1));
}

TEST(UpstreamBalance, RoundRobinOverThoseThatServe) {
  H2Server a(Named("a")), b(Named("b")), c(Named("c"));
  Upstream upstream(To(a.target() + "," + b.target() + "," + c.target(), "robin"));
  auto counts = [&](int calls) {
    std::map<std::string, int> by;
    for (int i = 0; i < calls; ++i) ++by[Ask(upstream, Read()).value().message];
    return by;
  };
  EXPECT_TRUE(
      Eventually([&] { return Metric(R"(lanting_upstream_addresses{state="serving",upstream="robin"})") == 3; }));
  EXPECT_EQ(counts(30), (std::map<std::string, int>{{"a", 10}, {"b", 10}, {"c", 10}}));
  b.SetServing(false);
  EXPECT_TRUE(
      Eventually([&] { return Metric(R"(lanting_upstream_addresses{state="not_serving",upstream="robin"})") == 1; }));
  EXPECT_EQ(counts(30).count("b"), 0u);
  a.SetServing(false);
  c.SetServing(false);
  EXPECT_TRUE(Eventually([&] { return !upstream.Serving(); }));
  EXPECT_EQ(counts(30).size(), 3u) << "none serves: what is wrong they say better themselves";
  b.SetServing(true);
  EXPECT_TRUE(Eventually([&] { return upstream.Serving(); }));
  EXPECT_EQ(counts(30), (std::map<std::string, int>{{"b", 30}}));
}

TEST(UpstreamBalance, OneOfTwoDiesUnderLoadAndNoReadFails) {
  H2Server a(Named("a")), b(Named("b"));
  Upstream upstream(To(a.target() + "," + b.target()));
  ASSERT_TRUE(Eventually([&] { return Ask(upstream, Read()).ok() && a.calls() > 0 && b.calls() > 0; }));
  Load load(upstream, Read(), 32);
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(load.More(500));
    b.raw().Stop();
    ASSERT_TRUE(load.More(500));
    const int before = b.calls();
    b.raw().Start();
    ASSERT_TRUE(Eventually([&] { return b.calls() > before + 100; })) << "it takes part again";
  }
  load.Stop();
  EXPECT_EQ(load.bad(), 0) << load.why();
}

TEST(UpstreamBalance, AFailingAddressIsEjectedAndReturns) {
  std::atomic<bool> failing{false};
  H2Server a(Named("a"));
  H2Server b([&](const Seen&) { return failing ? Fails(14, "broken") : Says("b"); });
  UpstreamOptions options = To(a.target() + "," + b.target(), "ejecting");
  options.timing.eject_for = milliseconds(300);
  Upstream upstream(options);
  ASSERT_TRUE(
      Eventually([&] { return Metric(R"(lanting_upstream_addresses{state="serving",upstream="ejecting"})") == 2; }));
  const double ejections = Metric(R"(lanting_upstream_ejections_total{upstream="ejecting"})");
  failing = true;
  UpstreamCall write = Read();
  write.retry_safe = false;
  int failed = 0;
  EXPECT_TRUE(Eventually([&] {
    failed += !Ask(upstream, write).ok();
    return Metric(R"(lanting_upstream_ejections_total{upstream="ejecting"})") == ejections + 1;
  }));
  EXPECT_GE(failed, 5);
  EXPECT_TRUE(
      Eventually([&] { return Metric(R"(lanting_upstream_addresses{state="ejected",upstream="ejecting"})") == 1; }));
  failing = false;
  const int before = b.calls();
  EXPECT_TRUE(Eventually([&] { return Ask(upstream, write).value().message == "b"; })) << "after its time";
  EXPECT_EQ(b.calls(), before + 1);
}

TEST(UpstreamBalance, TheLastHalfIsNeverEjected) {
  const auto ejections = [](const std::string& name) {
    return Metric("lanting_upstream_ejections_total{upstream=\"" + name + "\"}");
  };
  H2Server a([](const Seen&) { return Fails(14); }), b([](const Seen&) { return Fails(14); });
  Upstream two(To(a.target() + "," + b.target(), "half")), one(To(a.target(), "single"));
  const double before_two = ejections("half"), before_one = ejections("single");
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(Ask(two, Read()).ok());
  EXPECT_EQ(ejections("half"), before_two + 1);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(Ask(one, Read()).ok());
  EXPECT_EQ(ejections("single"), before_one);
}

TEST(UpstreamBalance, AGoAwayUnderLoadFailsNothing) {
  H2Server server(Named("a"));
  Upstream upstream(To(server.target()));
  ASSERT_TRUE(Ask(upstream, Read()).ok());
  UpstreamCall write = Read();
  write.retry_safe = false;
  Load load(upstream, write, 16);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(load.More(300));
    const int before = server.raw().accepted();
    server.GoAway();
    ASSERT_TRUE(Eventually([&] { return server.raw().accepted() > before; }));
  }
  ASSERT_TRUE(load.More(300));
  load.Stop();
  EXPECT_EQ(load.bad(), 0) << load.why();
}

TEST(UpstreamBalance, ConnectionsAreReplacedByAgeUnderLoad) {
  H2Server server(Named("a"));
  UpstreamOptions options = To(server.target(), "aging");
  options.channels = 2;
  options.timing.max_age = milliseconds(200);
  Upstream upstream(options);
  UpstreamCall write = Read();
  write.retry_safe = false;
  Load load(upstream, write, 16);
  ASSERT_TRUE(Eventually([&] { return server.raw().accepted() >= 10; }));
  load.Stop();
  EXPECT_EQ(load.bad(), 0) << load.why();
  EXPECT_GT(load.good(), 100);
  EXPECT_TRUE(Eventually([&] { return Metric(R"(lanting_upstream_requests_in_flight{upstream="aging"})") == 0; }));
}

TEST(UpstreamBalance, ACallLongerThanItsConnectionsAgeEndsOnIt) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future();
  GrpcServer server;
  UpstreamOptions options = To(server.target());
  options.timing.max_age = milliseconds(100);
  Upstream upstream(options);
  auto stream = upstream.Stream({.method = "/t/Stream", .request = "60", .timeout = seconds(60)});
  int messages = 0;
  for (;; ++messages) {
    auto message = NextOf(*stream);
    ASSERT_TRUE(message.ok()) << message.error().internal;
    if (!message->has_value()) break;
    // Others meanwhile use its successors.
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(Ask(upstream, {.method = "/t/Echo", .request = "x", .timeout = seconds(30)}).ok());
    std::this_thread::sleep_for(milliseconds(5));  // a stream that is slow by itself
  }
  EXPECT_EQ(messages, 60);
}

TEST(UpstreamBalance, MetricsGoWithTheirUpstream) {
  H2Server server(Named("a"));
  {
    UpstreamOptions options = To(server.target(), "gone");
    options.channels = 2;
    Upstream upstream(options);
    ASSERT_TRUE(Ask(upstream, Read()).ok());
    EXPECT_TRUE(Eventually([&] { return Metric(R"(lanting_upstream_connections{upstream="gone"})") == 2; }));
  }
  EXPECT_TRUE(Eventually([&] { return Metric(R"(lanting_upstream_connections{upstream="gone"})") == 0; }));
}

}  // namespace
}  // namespace lanting::gateway
