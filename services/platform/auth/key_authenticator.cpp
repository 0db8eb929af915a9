#include "platform/auth/key_authenticator.h"

#include <stdexcept>

#include "platform/base/strings.h"

namespace lanting::auth {
namespace {

constexpr std::size_t kMinProcessKey = 32;
constexpr auto kRetryWhileDown = std::chrono::seconds(1);

}  // namespace

KeyAuthenticator::KeyAuthenticator(std::shared_ptr<KeySource> source, KeyAuthenticatorOptions options)
    : source_(std::move(source)),
      options_(std::move(options)),
      valid_(std::make_unique<KeyMemory<KeyInfo>>(options_.max_keys)),
      unknown_(std::make_unique<KeyMemory<KeyInfo>>(options_.max_keys)) {
  AddProcessKey(&options_.admin_key, "admin", {Id(), "operator", {"platform.*"}});
  AddProcessKey(&options_.introspect_key, "introspection", {Id(), "edge", {"platform.introspect"}});
  if (process_keys_.size() == 2 && process_keys_[0].hash == process_keys_[1].hash)
    throw std::invalid_argument("the admin key and the introspection key must differ");
}

void KeyAuthenticator::AddProcessKey(std::string* text, const char* what, Principal principal) {
  if (text->empty()) return;
  if (text->size() < kMinProcessKey)
    throw std::invalid_argument(std::string("the ") + what + " key must have at least 32 characters");
  process_keys_.push_back({Sha256(*text), std::move(principal)});
  text->clear();
}

KeyAuthenticator::~KeyAuthenticator() = default;

bool KeyAuthenticator::Expired(const KeyInfo& info) const {
  return info.expire_time && *info.expire_time <= options_.clock->Now();
}

Result<Principal> KeyAuthenticator::Authenticate(std::string_view authorization, Deadline) {
  auto credential = BearerCredential(authorization);
  if (credential.empty() || credential.size() > 1024) return errors::Unauthenticated();
  auto key = ParseKey(credential);
  if (!key) return AuthenticateProcess(credential);
  const auto now = options_.steady();
  auto known = valid_->Find(key->secret_hash, now);
  // No key lives on after its end, so nobody has to be asked.
  if (known && Expired(*known->info)) return errors::Unauthenticated();
  if (known && now < known->fresh_until) return known->info->principal;
  if (!known && unknown_->Find(key->secret_hash, now)) return errors::Unauthenticated();
  return Ask(*key, known ? known->info : nullptr);
}

Result<Principal> KeyAuthenticator::AuthenticateProcess(std::string_view credential) const {
  const std::string hash = Sha256(credential);
  for (const ProcessKey& known : process_keys_)
    if (ConstantTimeEquals(hash, known.hash)) return known.principal;
  return errors::Unauthenticated();
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
