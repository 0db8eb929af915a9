-- The webhooks service, first schema. Tenant first in every key; row-level security by protect().
-- Small integers are the numbers of the proto enums.

CREATE TABLE webhook (
  tenant_id              uuid NOT NULL,
  id                     uuid NOT NULL,
  url                    text NOT NULL,
  description            text NOT NULL,
  -- Patterns: "membership.member_joined", "membership.*", "*".
  event_types            text[] NOT NULL CHECK (event_types <> '{}'),
  state                  smallint NOT NULL,
  disable_reason         smallint NOT NULL DEFAULT 0,
  disable_time           timestamptz,
  secret_fingerprint     text NOT NULL,
  old_secret_expire_time timestamptz,
  failing_since          timestamptz,
  last_success_time      timestamptz,
  create_time            timestamptz NOT NULL,
  update_time            timestamptz NOT NULL,
  version                bigint NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 2) = (disable_time IS NOT NULL))
);

-- What signs: the newest without an end, and those that were rotated away until theirs.
CREATE TABLE webhook_secret (
  tenant_id   uuid NOT NULL,
  webhook_id  uuid NOT NULL,
  id          uuid NOT NULL,
  -- platform/crypto/secret_box.h, with the tenant and the webhook as its context.
  sealed      bytea NOT NULL,
  expire_time timestamptz,
  PRIMARY KEY (tenant_id, webhook_id, id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook ON DELETE CASCADE
);

-- One row a webhook: when its next delivery is due, and until when a process has it for itself. Apart from webhook, so
-- that sending and describing a webhook do not wait for each other.
CREATE TABLE delivery_queue (
  tenant_id   uuid NOT NULL,
  webhook_id  uuid NOT NULL,
  -- Not after the earliest next_attempt_time of its pending deliveries; infinity: none.
  due_time    timestamptz NOT NULL DEFAULT 'infinity',
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (tenant_id, webhook_id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook ON DELETE CASCADE
);
CREATE INDEX delivery_queue_due ON delivery_queue (due_time) WHERE due_time < 'infinity';

-- One event on its way to one webhook. No foreign key: the deliveries of a deleted webhook cannot be reached any more
-- and age out, which spares its deletion a transaction of any length.
CREATE TABLE delivery (
  tenant_id           uuid NOT NULL,
  id                  uuid NOT NULL,  -- of event and webhook: domain/delivery.h
  webhook_id          uuid NOT NULL,
  event_type          text NOT NULL,
  subject             text NOT NULL,
  body                text NOT NULL,
  once                boolean NOT NULL,
  state               smallint NOT NULL,
  attempt_count       int NOT NULL DEFAULT 0,
  failed_count        int NOT NULL DEFAULT 0,
  schedule_start_time timestamptz NOT NULL,
  next_attempt_time   timestamptz,
  create_time         timestamptz NOT NULL,
  finish_time         timestamptz,
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 1) = (next_attempt_time IS NOT NULL)),
  CHECK ((state = 1) = (finish_time IS NULL))
);
CREATE INDEX delivery_webhook ON delivery (tenant_id, webhook_id, id);
CREATE INDEX delivery_due ON delivery (tenant_id, webhook_id, next_attempt_time) WHERE state = 1;
CREATE INDEX delivery_ping ON delivery (tenant_id, webhook_id) WHERE state = 1 AND once;
CREATE INDEX delivery_failed ON delivery (tenant_id, webhook_id, create_time) WHERE state = 3;
CREATE INDEX delivery_age ON delivery (create_time);

CREATE TABLE delivery_attempt (
  tenant_id     uuid NOT NULL,
  delivery_id   uuid NOT NULL,
  number        int NOT NULL,
  start_time    timestamptz NOT NULL,
  duration_ms   int NOT NULL,
  result        smallint NOT NULL,
  status_code   int NOT NULL,
  error         text NOT NULL,
  response_body text NOT NULL,
  PRIMARY KEY (tenant_id, delivery_id, number),
  FOREIGN KEY (tenant_id, delivery_id) REFERENCES delivery ON DELETE CASCADE
);

CALL protect('webhook');
CALL protect('webhook_secret');
CALL protect('delivery_queue');
CALL protect('delivery');
CALL protect('delivery_attempt');

-- The places where the service must look across tenants, each as narrow as its question: names of rows only, or numbers.
-- Row-level security is forced also on the owner of these functions, so each opens a policy for the owner alone. pg_temp
-- is named, and last: unnamed it is searched first.
CREATE POLICY queue_of_any_tenant ON delivery_queue TO webhooks_owner USING (true) WITH CHECK (true);
CREATE POLICY pending_of_any_tenant ON delivery FOR SELECT TO webhooks_owner USING (true);
CREATE POLICY purge_delete ON delivery FOR DELETE TO webhooks_owner USING (true);
CREATE POLICY attempt_of_any_tenant ON delivery_attempt FOR SELECT TO webhooks_owner USING (true);
CREATE POLICY purge_delete ON delivery_attempt FOR DELETE TO webhooks_owner USING (true);
CREATE POLICY secret_of_any_tenant ON webhook_secret FOR SELECT TO webhooks_owner USING (true);

-- Webhooks that have something due and that no process has for itself, those that wait longest first: the caller's until
-- `lease`. MATERIALIZED: read again for each row, a LIMIT with SKIP LOCKED would give others each time.
CREATE FUNCTION claim_queues(as_of timestamptz, lease timestamptz, max_rows int)
RETURNS TABLE (tenant_id uuid, webhook_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = webhooks, pg_temp AS $$
  WITH c AS MATERIALIZED (
    SELECT d.tenant_id, d.webhook_id FROM delivery_queue d
     WHERE d.due_time < 'infinity' AND d.due_time <= as_of AND d.lease_until <= as_of
     ORDER BY d.due_time LIMIT max_rows FOR UPDATE SKIP LOCKED)
  UPDATE delivery_queue q SET lease_until = lease FROM c
   WHERE q.tenant_id = c.tenant_id AND q.webhook_id = c.webhook_id
  RETURNING q.tenant_id, q.webhook_id
$$;

-- How much waits in all, counted up to a million, and when the longest waiting webhook fell due.
CREATE FUNCTION delivery_backlog() RETURNS TABLE (pending bigint, oldest_due timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = webhooks, pg_temp AS $$
  SELECT (SELECT count(*) FROM (SELECT FROM delivery WHERE state = 1 LIMIT 1000000) p),
         (SELECT min(due_time) FROM delivery_queue WHERE due_time < 'infinity')
$$;

-- Deletes at most max_rows old deliveries with their attempts and says how many: call it until it returns less.
CREATE FUNCTION delivery_purge(older_than timestamptz, max_rows int) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = webhooks, pg_temp AS $$
  WITH gone AS (
    DELETE FROM delivery WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM delivery WHERE create_time < older_than ORDER BY create_time LIMIT max_rows))
    RETURNING 1)
  SELECT count(*) FROM gone
$$;

-- Secrets that are not sealed with the key whose sealed texts begin with `current`.
CREATE FUNCTION stale_secrets(current bytea, max_rows int) RETURNS TABLE (tenant_id uuid, webhook_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = webhooks, pg_temp AS $$
  SELECT s.tenant_id, s.webhook_id, s.id FROM webhook_secret s
   WHERE substring(s.sealed FROM 1 FOR length(current)) <> current LIMIT max_rows
$$;

REVOKE ALL ON FUNCTION claim_queues(timestamptz, timestamptz, int), delivery_backlog(), delivery_purge(timestamptz, int),
  stale_secrets(bytea, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_queues(timestamptz, timestamptz, int), delivery_backlog(),
  delivery_purge(timestamptz, int), stale_secrets(bytea, int) TO webhooks_app;
