// KeyAuthenticator: service keys looked up at a KeySource and remembered; and the keys of the operator and of the edge.
//
// A valid key is remembered for 10 s, which is how long a revocation takes to be effective; an unknown one for 2 s.
// While the source is down, a key that was valid before goes on being served for up to 5 minutes, unless it expires.
// Whether it is down is found out within lookup_timeout, whatever the caller's deadline: Authenticate may outlast that
// by as much.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/auth/authenticator.h"
#include "platform/auth/key.h"
#include "platform/auth/key_memory.h"
#include "platform/base/clock.h"

namespace lanting::auth {

struct KeyInfo {
  Principal principal;
  std::optional<Time> expire_time;
};

class KeySource {
 public:
  virtual ~KeySource() = default;
  // nullopt: unknown or revoked. An Error: nobody could be asked. Thread safe; returns by the deadline.
  virtual Result<std::optional<KeyInfo>> Find(const ParsedKey& key, Deadline deadline) = 0;
};

struct KeyAuthenticatorOptions {
  // The exact credential of the platform's operator (LANTING_ADMIN_KEY), at least 32 characters; empty: none.
  std::string admin_key;
  // The exact credential of the gateways (LANTING_INTROSPECT_KEY): may ask what a key is (scope platform.introspect)
  // and nothing else. At least 32 characters; empty: none.
  std::string introspect_key;
  std::chrono::milliseconds valid_for{10'000};
  std::chrono::milliseconds unknown_for{2'000};
  std::chrono::milliseconds stale_for{300'000};
  std::chrono::milliseconds lookup_timeout{2'000};  // of one question to the source
  std::size_t max_keys = 16'384;                    // remembered of each kind, valid and unknown
  const Clock* clock = &Clock::System();
  std::function<Deadline()> steady = [] { return std::chrono::steady_clock::now(); };
};

class KeyAuthenticator : public Authenticator {
 public:
  // Throws std::invalid_argument for an admin or introspection key that is too short, or if both are the same. One that
  // has the form of a service key is never accepted.
  KeyAuthenticator(std::shared_ptr<KeySource> source, KeyAuthenticatorOptions options);
  ~KeyAuthenticator() override;

  Result<Principal> Authenticate(std::string_view authorization, Deadline deadline) override;

 private:
  struct ProcessKey {
    std::string hash;
    Principal principal;
  };
  void AddProcessKey(std::string* text, const char* what, Principal principal);
  Result<Principal> AuthenticateProcess(std::string_view credential) const;
  Result<Principal> Ask(const ParsedKey& key, std::shared_ptr<const KeyInfo> stale);
  bool Expired(const KeyInfo& info) const;

  std::shared_ptr<KeySource> source_;
  KeyAuthenticatorOptions options_;
  std::vector<ProcessKey> process_keys_;
  std::unique_ptr<KeyMemory<KeyInfo>> valid_, unknown_;
};

}  // namespace lanting::auth
