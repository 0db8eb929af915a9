// Sender: sends what is due, to many receivers at once.
//
// A round takes the queue of a webhook for this process alone (store/sending_store.h), sends up to per_webhook of its
// deliveries, one while the webhook fails, writes each outcome down and gives the queue back. No transaction is open
// while a request is under way. A process that is killed between sending and writing down leaves a delivery that is
// sent again with the same webhook-id: at least once. Order is not promised: what failed comes later.
//
// It polls; Wake() spares the wait after a commit of the same process.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "platform/base/clock.h"
#include "platform/crypto/secret_box.h"
#include "platform/net/http_client.h"
#include "platform/pg/pool.h"

namespace lanting::webhooks {

struct SenderOptions {
  net::HttpClientOptions http;
  int max_in_flight = 256;  // requests of this process
  int per_webhook = 8;      // requests to one webhook
  // Longer than any round: the timeout of a request and of writing it down.
  std::chrono::seconds lease{60};
  std::chrono::milliseconds poll{500};
  std::chrono::milliseconds transaction{5'000};
  std::chrono::milliseconds drain{16'000};  // what Stop() waits for requests under way
  std::function<void()> recorded{};         // called after outcomes were written down; must not block
};

class Sender {
 public:
  // All must outlive this.
  Sender(pg::Pool& pool, const Clock& clock, const crypto::SecretBox& box, SenderOptions options);
  ~Sender();  // Stop()

  void Start();
  // Takes no more, and returns when what is under way was written down, or after `drain`.
  void Stop();
  void Wake();  // there is something due; never blocks

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::webhooks
