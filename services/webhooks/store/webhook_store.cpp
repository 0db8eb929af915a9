#include "webhooks/store/webhook_store.h"

#include "webhooks/store/sql_webhook.h"

namespace lanting::webhooks::webhook_store {
namespace {

int Number(auto e) { return static_cast<int>(e); }

std::optional<Webhook> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

}  // namespace

int CountForCreation(pg::Tx& tx) {
  tx.Run(sql::kLockTenant, tx.tenant());
  return static_cast<int>(pg::GetInt(tx.Run(sql::kCountWebhooks, tx.tenant())[0][0]));
}

void Create(idempotency::Work& work, const Id& tenant, const Webhook& w, const std::string& sealed_secret) {
  work.Do(sql::kCreateWebhook, tenant, w.id, w.url, w.description, w.event_types, Number(w.state), w.secret_fingerprint,
          w.create_time, w.version, Id::New(w.create_time), pg::Bytes{sealed_secret});
}

std::optional<Webhook> Get(pg::Tx& tx, const Id& webhook) {
  return First(tx.Run(sql::kGetWebhook, tx.tenant(), webhook));
}

std::optional<Webhook> Lock(pg::Tx& tx, const Id& webhook) {
  return First(tx.Run(sql::kLockWebhook, tx.tenant(), webhook));
}

Webhook Read(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .url = pg::GetString(row["url"]),
          .description = pg::GetString(row["description"]),
          .event_types = pg::GetStringArray(row["event_types"]),
          .state = static_cast<WebhookState>(pg::GetInt32(row["state"])),
          .disable_reason = static_cast<DisableReason>(pg::GetInt32(row["disable_reason"])),
          .disable_time = pg::GetOptionalTime(row["disable_time"]),
          .secret_fingerprint = pg::GetString(row["secret_fingerprint"]),
          .old_secret_expire_time = pg::GetOptionalTime(row["old_secret_expire_time"]),
          .failing_since = pg::GetOptionalTime(row["failing_since"]),
          .last_success_time = pg::GetOptionalTime(row["last_success_time"]),
          .create_time = pg::GetTime(row["create_time"]),
          .update_time = pg::GetTime(row["update_time"]),
          .version = pg::GetInt(row["version"])};
}

void Update(idempotency::Work& work, const Id& tenant, const Webhook& w) {
  work.Do(sql::kUpdateWebhook, tenant, w.id, w.url, w.description, w.event_types, Number(w.state),
          Number(w.disable_reason), w.disable_time, w.failing_since, w.update_time, w.version);
}

void Delete(idempotency::Work& work, const Id& tenant, const Id& webhook) {
  work.Do(sql::kDeleteWebhook, tenant, webhook);
}

std::string SecretContext(const Id& tenant, const Id& webhook) { return tenant.ToString() + "/" + webhook.ToString(); }

void Rotate(pg::Tx& tx, idempotency::Work& work, const Webhook& w, const std::string& sealed_secret) {
  tx.Run(sql::kDropOldSecrets, tx.tenant(), w.id, w.update_time);
  work.Do(sql::kRotateSecret, tx.tenant(), w.id, w.old_secret_expire_time, Id::New(w.update_time),
          pg::Bytes{sealed_secret}, w.secret_fingerprint, w.update_time, w.version);
}

Result<std::vector<std::string>> SigningSecrets(pg::Tx& tx, const crypto::SecretBox& box, const Id& webhook, Time now) {
  std::vector<std::string> secrets;
  for (const auto& row : tx.Run(sql::kSigningSecrets, tx.tenant(), webhook, now)) {
    ASSIGN_OR_RETURN(auto secret, box.Open(pg::GetBytes(row["sealed"]), SecretContext(tx.tenant(), webhook)));
    secrets.push_back(std::move(secret));
  }
  return secrets;
}

std::vector<SecretName> Stale(pg::Tx& tx, const crypto::SecretBox& box, int limit) {
  std::vector<SecretName> names;
  for (const auto& row : tx.Run(sql::kStaleSecrets, pg::Bytes{box.current()}, limit))
    names.push_back({pg::GetId(row["tenant_id"]), pg::GetId(row["webhook_id"]), pg::GetId(row["id"])});
  return names;
}

Result<void> Reseal(pg::Tx& tx, const crypto::SecretBox& box, const SecretName& secret) {
  const auto rows = tx.Run(sql::kGetSecret, tx.tenant(), secret.webhook, secret.id);
  if (rows.empty()) return {};
  const auto context = SecretContext(tx.tenant(), secret.webhook);
  ASSIGN_OR_RETURN(const auto text, box.Open(pg::GetBytes(rows[0]["sealed"]), context));
  const auto sealed = box.Seal(text, context);
  tx.Run(sql::kResealSecret, tx.tenant(), secret.webhook, secret.id, pg::Bytes{sealed});
  return {};
}

}  // namespace lanting::webhooks::webhook_store
