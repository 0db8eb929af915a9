// Included by batcher.h.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>

namespace lanting::pg {

template <typename Item, typename Reply>
Batcher<Item, Reply>::Batcher(BatcherOptions options, Flush flush)
    : options_(std::move(options)), flush_(std::move(flush)), metrics_(options_.name) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, options_.threads); ++i)
    threads_.emplace_back([this] { Loop(); });
}

template <typename Item, typename Reply>
Batcher<Item, Reply>::~Batcher() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (auto& t : threads_) t.join();
}

template <typename Item, typename Reply>
void Batcher<Item, Reply>::Submit(Item item) {
  bool stopping = false;
  {
    std::lock_guard lock(mutex_);
    stopping = stopping_;
    if (!stopping && (queued_ == 0 || queued_ + item.weight <= options_.max_queued)) {
      queued_ += item.weight;
      metrics_.Queued(queued_);
      Id tenant = item.tenant;
      auto& queue = queues_[tenant];
      queue.push_back(std::move(item));
      if (queue.size() == 1 && !in_flight_.contains(tenant)) {
        turn_.push_back(tenant);
        ready_.notify_one();
      }
      return;
    }
  }
  item.done(stopping ? errors::ShuttingDown() : errors::Overloaded(kRetryAfterMs));
}

template <typename Item, typename Reply>
void Batcher<Item, Reply>::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    ready_.wait(lock, [this] { return stopping_ || !turn_.empty(); });
    // A tenant in flight comes back to turn_ by the thread that holds it, so nothing queued is left behind here.
    if (turn_.empty()) return;
    Id tenant = turn_.front();
    turn_.pop_front();
    in_flight_.insert(tenant);
    auto batch = Take(tenant);
    lock.unlock();
    Run(std::move(batch));
    lock.lock();
    in_flight_.erase(tenant);
    if (queues_.contains(tenant)) {
      turn_.push_back(tenant);
      ready_.notify_one();
    }
  }
}

template <typename Item, typename Reply>
std::vector<Item> Batcher<Item, Reply>::Take(const Id& tenant) {
  auto& queue = queues_[tenant];
  std::vector<Item> batch;
  std::size_t weight = 0;
  while (!queue.empty() && (batch.empty() || weight + queue.front().weight <= options_.max_weight)) {
    weight += queue.front().weight;
    batch.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  queued_ -= weight;
  metrics_.Queued(queued_);
  if (queue.empty()) queues_.erase(tenant);
  return batch;
}

template <typename Item, typename Reply>
void Batcher<Item, Reply>::Run(std::vector<Item> batch) {
  auto now = std::chrono::steady_clock::now();
  auto late = std::stable_partition(batch.begin(), batch.end(), [&](const Item& i) { return i.deadline > now; });
  for (auto i = late; i != batch.end(); ++i) i->done(errors::DeadlineExceeded());
  batch.erase(late, batch.end());
  if (batch.empty()) return;
  metrics_.Flushing(batch.size());
  auto results = flush_(batch);
  const bool ran = results.ok();
  if (ran && results->size() == batch.size()) {
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move((*results)[i]));
    return;
  }
  Error error =
      ran ? errors::Internal("batcher " + options_.name + ": wrong number of results") : std::move(results).error();
  // Alone none would fare better while the database is away, and a commit in doubt must not be run again blindly. Where
  // a lock is held too long, each item would wait as long again.
  bool alone = !ran && batch.size() > 1 && error.code != Code::kUnavailable && error.code != Code::kResourceExhausted;
  if (alone) metrics_.SplitUp();
  for (auto& item : batch) {
    if (!alone) {
      item.done(error);
      continue;
    }
    std::vector<Item> one;
    one.push_back(std::move(item));
    Run(std::move(one));
  }
}

}  // namespace lanting::pg
