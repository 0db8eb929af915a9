#include "platform/pg/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <map>
#include <random>
#include <set>

#include "platform/obs/metrics.h"

namespace lanting::pg {
namespace {

using namespace std::chrono_literals;

struct Item {
  Id tenant;
  Deadline deadline = DeadlineIn(20s);
  std::size_t weight = 1;
  std::function<void(Result<int>)> done;
  int value = 0;
};
using Ints = Batcher<Item, int>;
using Results = Result<std::vector<Result<int>>>;

Results Echo(std::vector<Item>& items) {
  std::vector<Result<int>> out;
  for (auto& i : items) out.push_back(i.value);
  return out;
}

// Holds the committers in flush until opened.
struct Gate {
  std::latch opened{1};
  std::atomic<int> inside = 0;
  void Pass() {
    ++inside;
    opened.wait();
  }
  void AwaitInside(int n) {
    auto until = DeadlineIn(20s);
    while (inside < n && Remaining(until).count() > 0) std::this_thread::sleep_for(1ms);
    ASSERT_EQ(inside, n);
  }
};

TEST(BatcherTest, EveryItemOfEveryTenantIsAnsweredOnceInOrderAndAlone) {
  constexpr int kTenants = 7, kSubmitters = 4, kEach = 2000;
  std::vector<Id> tenants;
  for (int i = 0; i < kTenants; ++i) tenants.push_back(Id::New());
  std::map<Id, std::atomic<int>> in_flight;
  for (auto& t : tenants) in_flight[t] = 0;
  std::atomic<int> broken_promises = 0, calls = 0;
  std::map<Id, std::map<int, int>> last;  // per tenant and submitter: guarded by one batch per tenant at a time
  for (auto& t : tenants) last[t];
  std::vector<std::atomic<int>> answers(kSubmitters * kEach);
  {
    Ints batcher({.name = "test", .threads = 3, .max_weight = 50, .max_queued = 1'000'000},
                 [&](std::vector<Item>& items) -> Results {
                   ++calls;
                   if (++in_flight.at(items[0].tenant) != 1) ++broken_promises;
                   std::size_t weight = 0;
                   for (auto& i : items) {
                     weight += i.weight;
                     if (i.tenant != items[0].tenant) ++broken_promises;
                     auto& previous = last.at(i.tenant).try_emplace(i.value / kEach, -1).first->second;
                     if (i.value <= previous) ++broken_promises;
                     previous = i.value;
                   }
                   if (weight > 50 && items.size() > 1) ++broken_promises;
                   --in_flight.at(items[0].tenant);
                   return Echo(items);
                 });
    std::vector<std::thread> submitters;
    for (int s = 0; s < kSubmitters; ++s) {
      submitters.emplace_back([&, s] {
        std::minstd_rand random(s);
        for (int i = 0; i < kEach; ++i) {
          int value = s * kEach + i;
          batcher.Submit({.tenant = tenants[random() % kTenants],
                          .weight = 1 + random() % 60,
                          .done = [&, value](Result<int> r) { answers[value] += r.ok() && *r == value ? 1 : 100; },
                          .value = value});
        }
      });
    }
    for (auto& t : submitters) t.join();
  }  // the destructor finishes what has queued
  EXPECT_EQ(broken_promises, 0);
  EXPECT_LT(calls, kSubmitters * kEach);
  for (auto& a : answers) ASSERT_EQ(a, 1);
}

TEST(BatcherTest, WhatQueuesDuringACommitIsTheNextBatch) {
  Gate gate;
  std::vector<std::size_t> sizes;
  Id tenant = Id::New();
  {
    Ints batcher({.name = "test", .threads = 2, .max_weight = 10}, [&](std::vector<Item>& items) -> Results {
      sizes.push_back(items.size());
      gate.Pass();
      return Echo(items);
    });
    batcher.Submit({.tenant = tenant, .done = [](Result<int>) {}});
    gate.AwaitInside(1);
    for (int i = 0; i < 25; ++i) batcher.Submit({.tenant = tenant, .done = [](Result<int>) {}});
    gate.opened.count_down();
  }
  EXPECT_THAT(sizes, ::testing::ElementsAre(1, 10, 10, 5));
}

TEST(BatcherTest, ABusyTenantDoesNotStarveAnother) {
  Gate gate;
  std::vector<Id> order;
  Id busy = Id::New(), quiet = Id::New();
  {
    Ints batcher({.name = "test", .threads = 1, .max_weight = 10}, [&](std::vector<Item>& items) -> Results {
      order.push_back(items[0].tenant);
      gate.Pass();
      return Echo(items);
    });
    batcher.Submit({.tenant = busy, .done = [](Result<int>) {}});
    gate.AwaitInside(1);
    for (int i = 0; i < 100; ++i) batcher.Submit({.tenant = busy, .done = [](Result<int>) {}});
    batcher.Submit({.tenant = quiet, .done = [](Result<int>) {}});
    gate.opened.count_down();
  }
  ASSERT_GE(order.size(), 3u);
  EXPECT_EQ(order[1], quiet);
}

TEST(BatcherTest, AFullQueueRefusesAtOnceAndRecovers) {
  Gate gate;
  Id tenant = Id::New();
  std::atomic<int> ok = 0, overloaded = 0;
  auto count = [&](Result<int> r) {
    if (r.ok())
      ++ok;
    else if (r.error().reason == "OVERLOADED")
      ++overloaded;
  };
  Ints batcher({.name = "test", .threads = 1, .max_queued = 5}, [&](std::vector<Item>& items) -> Results {
    gate.Pass();
    return Echo(items);
  });
  batcher.Submit({.tenant = tenant, .done = count});
  gate.AwaitInside(1);
  for (int i = 0; i < 8; ++i) batcher.Submit({.tenant = tenant, .done = count});
  EXPECT_EQ(overloaded, 3);
  gate.opened.count_down();
  std::promise<bool> again;
  while (true) {
    std::promise<bool> tried;
    batcher.Submit({.tenant = tenant, .done = [&](Result<int> r) { tried.set_value(r.ok()); }});
    if (tried.get_future().get()) break;
  }
  EXPECT_EQ(ok, 6);
  EXPECT_EQ(overloaded, 3);
}

TEST(BatcherTest, TheQueueIsBoundByRows) {
  Gate gate;
  Id tenant = Id::New();
  std::map<int, std::string> outcome;
  {
    Ints batcher({.name = "rows", .threads = 1, .max_weight = 10, .max_queued = 100},
                 [&](std::vector<Item>& items) -> Results {
                   gate.Pass();
                   return Echo(items);
                 });
    auto submit = [&](int value, std::size_t weight) {
      batcher.Submit({.tenant = tenant,
                      .weight = weight,
                      .done = [&, value](Result<int> r) { outcome[value] = r.ok() ? "ok" : r.error().reason; },
                      .value = value});
    };
    submit(0, 1);
    gate.AwaitInside(1);
    submit(1, 500);  // heavier than the queue, which is empty
    submit(2, 1);
    EXPECT_EQ(outcome[2], "OVERLOADED");
    gate.opened.count_down();
  }
  EXPECT_EQ(outcome[1], "ok");
  Gate second;
  {
    Ints batcher({.name = "rows", .threads = 1, .max_weight = 10, .max_queued = 100},
                 [&](std::vector<Item>& items) -> Results {
                   second.Pass();
                   return Echo(items);
                 });
    auto submit = [&](int value, std::size_t weight) {
      batcher.Submit({.tenant = tenant,
                      .weight = weight,
                      .done = [&, value](Result<int> r) { outcome[value] = r.ok() ? "ok" : r.error().reason; },
                      .value = value});
    };
    submit(10, 1);
    second.AwaitInside(1);
    submit(11, 60);
    submit(12, 41);  // one row too many
    submit(13, 40);
    submit(14, 1);
    EXPECT_EQ(outcome[12], "OVERLOADED");
    EXPECT_EQ(outcome[14], "OVERLOADED");
    second.opened.count_down();
  }
  EXPECT_EQ(outcome[11], "ok");
  EXPECT_EQ(outcome[13], "ok");
}

TEST(BatcherTest, OneBadItemFailsAlone) {
  Gate gate;
  Id tenant = Id::New();
  std::map<int, std::string> outcome;
  {
    Ints batcher({.name = "one_bad", .threads = 1}, [&](std::vector<Item>& items) -> Results {
      gate.Pass();
      for (auto& i : items) {
        if (i.value == 13) return Error{.code = Code::kAlreadyExists, .reason = "HANDLE_TAKEN"};
      }
      return Echo(items);
    });
    for (int i = 10; i < 20; ++i) {
      batcher.Submit({.tenant = tenant,
                      .done = [&, i](Result<int> r) { outcome[i] = r.ok() ? "ok" : r.error().reason; },
                      .value = i});
      if (i == 10) gate.AwaitInside(1);
    }
    gate.opened.count_down();
  }
  ASSERT_EQ(outcome.size(), 10u);
  EXPECT_THAT(obs::MetricsText(), ::testing::HasSubstr("lanting_batcher_split_total{batcher=\"one_bad\"} 1"));
  EXPECT_THAT(obs::MetricsText(), ::testing::HasSubstr("lanting_batcher_queued{batcher=\"one_bad\"} 0"));
  for (auto& [value, what] : outcome) EXPECT_EQ(what, value == 13 ? "HANDLE_TAKEN" : "ok") << value;
}

TEST(BatcherTest, UnavailableAndBusyAreNotTriedItemByItem) {
  for (const Error& error : {errors::DependencyUnavailable("postgres", "commit in doubt"), errors::Busy(1000)}) {
    Gate gate;
    std::atomic<int> told = 0;
    {
      Ints batcher({.name = "test", .threads = 1}, [&](std::vector<Item>&) -> Results {
        gate.Pass();
        return error;
      });
      for (int i = 0; i < 10; ++i) {
        batcher.Submit(
            {.tenant = Id(), .done = [&](Result<int> r) { told += !r.ok() && r.error().reason == error.reason; }});
        if (i == 0) gate.AwaitInside(1);
      }
      gate.opened.count_down();
    }
    EXPECT_EQ(told, 10) << error.reason;
    EXPECT_EQ(gate.inside, 2) << error.reason;
  }
}

TEST(BatcherTest, AnItemThatWaitedPastItsDeadlineIsNotRun) {
  Gate gate;
  Id tenant = Id::New();
  std::set<int> ran;
  std::optional<Code> code;
  {
    Ints batcher({.name = "test", .threads = 1}, [&](std::vector<Item>& items) -> Results {
      for (auto& i : items) ran.insert(i.value);
      gate.Pass();
      return Echo(items);
    });
    batcher.Submit({.tenant = tenant, .done = [](Result<int>) {}, .value = 1});
    gate.AwaitInside(1);
    batcher.Submit({.tenant = tenant,
                    .deadline = DeadlineIn(-1ms),
                    .done = [&](Result<int> r) { code = r.error().code; },
                    .value = 2});
    batcher.Submit({.tenant = tenant, .done = [](Result<int>) {}, .value = 3});
    gate.opened.count_down();
  }
  EXPECT_EQ(code, Code::kDeadlineExceeded);
  EXPECT_EQ(ran, (std::set<int>{1, 3}));
}

}  // namespace
}  // namespace lanting::pg
