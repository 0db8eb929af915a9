#include "platform/auth/key_authenticator.h"

#include <array>
#include <list>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

#include "platform/base/strings.h"

namespace lanting::auth {
namespace {

constexpr std::size_t kMinAdminKey = 32;
constexpr auto kRetryWhileDown = std::chrono::seconds(1);

}  // namespace

// Least recently used goes first. Sharded, since every call of the process looks in here.
class KeyAuthenticator::Cache {
 public:
  struct Entry {
    std::shared_ptr<const KeyInfo> info;  // null: unknown key
    Deadline fresh_until, usable_until;
  };

  explicit Cache(std::size_t capacity) : capacity_(std::max<std::size_t>(1, capacity / kShards)) {}

  std::optional<Entry> Find(const std::string& hash, Deadline now) {
    Shard& shard = Of(hash);
    std::lock_guard lock(shard.mutex);
    auto it = shard.index.find(hash);
    if (it == shard.index.end()) return std::nullopt;
    if (now >= it->second->second.usable_until) {
      shard.order.erase(it->second);
      shard.index.erase(it);
      return std::nullopt;
    }
    shard.order.splice(shard.order.begin(), shard.order, it->second);
    return it->second->second;
  }

  void Put(const std::string& hash, Entry entry) {
    Shard& shard = Of(hash);
    std::lock_guard lock(shard.mutex);
    if (auto it = shard.index.find(hash); it != shard.index.end()) {
      it->second->second = std::move(entry);
      return;
    }
    if (shard.order.size() >= capacity_) {
      shard.index.erase(shard.order.back().first);
      shard.order.pop_back();
    }
    shard.order.emplace_front(hash, std::move(entry));
    shard.index.emplace(hash, shard.order.begin());
  }

  void Forget(const std::string& hash) {
    Shard& shard = Of(hash);
    std::lock_guard lock(shard.mutex);
    if (auto it = shard.index.find(hash); it != shard.index.end()) {
      shard.order.erase(it->second);
      shard.index.erase(it);
    }
  }

 private:
  static constexpr std::size_t kShards = 16;
  struct Shard {
    std::mutex mutex;
    std::list<std::pair<std::string, Entry>> order;
    std::unordered_map<std::string, std::list<std::pair<std::string, Entry>>::iterator> index;
  };
  Shard& Of(const std::string& hash) { return shards_[static_cast<unsigned char>(hash[0]) % kShards]; }

  const std::size_t capacity_;
  std::array<Shard, kShards> shards_;
};

KeyAuthenticator::KeyAuthenticator(std::shared_ptr<KeySource> source, KeyAuthenticatorOptions options)
    : source_(std::move(source)),
      options_(std::move(options)),
      valid_(std::make_unique<Cache>(options_.max_keys)),
      unknown_(std::make_unique<Cache>(options_.max_keys)) {
  if (options_.admin_key.empty()) return;
  if (options_.admin_key.size() < kMinAdminKey) {
    throw std::invalid_argument("the admin key must have at least 32 characters");
  }
  admin_hash_ = Sha256(options_.admin_key);
  options_.admin_key.clear();
}

KeyAuthenticator::~KeyAuthenticator() = default;

bool KeyAuthenticator::Expired(const KeyInfo& info) const {
  return info.expire_time && *info.expire_time <= options_.clock->Now();
}

Result<Principal> KeyAuthenticator::Authenticate(std::string_view authorization, Deadline) {
  auto credential = BearerCredential(authorization);
  if (credential.empty() || credential.size() > 1024) return errors::Unauthenticated();
  if (!admin_hash_.empty() && ConstantTimeEquals(Sha256(credential), admin_hash_)) {
    return Principal{Id(), "operator", {"platform.*"}};
  }
  auto key = ParseKey(credential);
  if (!key) return errors::Unauthenticated();
  const auto now = options_.steady();
  auto known = valid_->Find(key->secret_hash, now);
  if (known && now < known->fresh_until) {
    if (Expired(*known->info)) return errors::Unauthenticated();
    return known->info->principal;
  }
  if (!known && unknown_->Find(key->secret_hash, now)) return errors::Unauthenticated();
  return Ask(*key, known ? known->info : nullptr);
}

Result<Principal> KeyAuthenticator::Ask(const ParsedKey& key, std::shared_ptr<const KeyInfo> stale) {
  // Not the caller's deadline: by a short one a revoked key would pass for one whose source is down.
  auto found = source_->Find(key, DeadlineIn(options_.lookup_timeout));
  const auto now = options_.steady();
  if (!found.ok()) {
    if (!found.error().transient() || !stale || Expired(*stale)) return std::move(found).error();
    // Not every call has to find out again that the source is down; how long the key stays usable does not change.
    if (auto entry = valid_->Find(key.secret_hash, now)) {
      entry->fresh_until = std::min<Deadline>(now + kRetryWhileDown, entry->usable_until);
      valid_->Put(key.secret_hash, *entry);
    }
    return stale->principal;
  }
  // The source answers for the tenant that the key names, or not at all.
  if (!found->has_value() || (*found)->principal.tenant != key.tenant || Expired(**found)) {
    valid_->Forget(key.secret_hash);
    unknown_->Put(key.secret_hash, {nullptr, now + options_.unknown_for, now + options_.unknown_for});
    return errors::Unauthenticated();
  }
  auto info = std::make_shared<const KeyInfo>(**std::move(found));
  valid_->Put(key.secret_hash, {info, now + options_.valid_for, now + options_.stale_for});
  return info->principal;
}

}  // namespace lanting::auth
