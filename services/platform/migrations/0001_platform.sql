-- What every service's schema holds: the tenant wall, the outbox, the inbox and the log of requests.
-- Runs as <schema>_owner with search_path = <schema>, pg_temp.

-- What SET search_path FROM CURRENT below takes over, whoever runs this: were pg_temp not named as the last, it would
-- be searched first, and a caller's temporary table would stand in for the owner's in SECURITY DEFINER functions.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- A transaction-local setting falls back to '' afterwards, not to NULL.
CREATE FUNCTION current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT NULLIF(current_setting('lanting.tenant_id', true), '')::uuid $$;

-- Puts a table with a tenant_id behind the wall and opens it to the app role: CALL protect('member');
CREATE PROCEDURE protect(table_name text)
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
  EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
  EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant())'
                 ' WITH CHECK (tenant_id = current_tenant())', table_name);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', table_name, current_schema() || '_app');
END $$;

-- Facts on their way out. Append only; whole days are dropped, nothing is updated or deleted.
CREATE TABLE outbox (
  id                bigint GENERATED ALWAYS AS IDENTITY,
  xid               xid8 NOT NULL DEFAULT pg_current_xact_id(),
  event_id          uuid NOT NULL,
  tenant_id         uuid NOT NULL,
  subject           text NOT NULL,
  aggregate_version bigint NOT NULL,
  type              text NOT NULL,
  payload           bytea NOT NULL,
  traceparent       text NOT NULL,
  occurred_at       timestamptz NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);
-- The relay's order. Ids are taken before commit, so id alone would lose events.
CREATE INDEX outbox_order ON outbox (xid, id);
CALL protect('outbox');

-- So that an insert never fails, whatever maintenance does.
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;
ALTER TABLE outbox_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_default FORCE ROW LEVEL SECURITY;

-- Where the relay is: one row per stream target.
CREATE TABLE outbox_cursor (
  name       text PRIMARY KEY,
  xid        xid8 NOT NULL,
  id         bigint NOT NULL,
  state      jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Facts that came in: the row is written in the transaction of their effect.
CREATE TABLE inbox (
  tenant_id   uuid NOT NULL,
  consumer    text NOT NULL,
  event_id    uuid NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, consumer, event_id)
);
CREATE INDEX inbox_received_at ON inbox (received_at);
CALL protect('inbox');

-- The newest version of a subject a consumer has seen: older ones are ignored.
CREATE TABLE aggregate_seen (
  tenant_id         uuid NOT NULL,
  consumer          text NOT NULL,
  subject           text NOT NULL,
  aggregate_version bigint NOT NULL,
  PRIMARY KEY (tenant_id, consumer, subject)
);
CALL protect('aggregate_seen');

-- Requests that were carried out, with the reply to repeat.
CREATE TABLE request_log (
  tenant_id    uuid NOT NULL,
  subject      text NOT NULL,
  method       text NOT NULL,
  request_id   text NOT NULL,
  request_hash bytea NOT NULL,
  response     bytea NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, subject, method, request_id)
);
CREATE INDEX request_log_created_at ON request_log (created_at);
CALL protect('request_log');

-- The maintenance below runs as the owner, whom FORCE binds as well: it may see and delete in these tables.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['outbox_default', 'inbox', 'request_log'] LOOP
    EXECUTE format('CREATE POLICY purge_select ON %I FOR SELECT TO %I USING (true)', t, current_user);
    EXECUTE format('CREATE POLICY purge_delete ON %I FOR DELETE TO %I USING (true)', t, current_user);
  END LOOP;
END $$;

-- Makes the partitions of today and the next two days (UTC) and drops what is older than keep_days.
CREATE FUNCTION outbox_maintain(keep_days int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET timezone = 'UTC' SET lock_timeout = '2s'
AS $$
DECLARE
  d date;
  part text;
  oldest date := current_date - keep_days;
BEGIN
  IF keep_days < 1 THEN
    RAISE EXCEPTION 'keep_days must be at least 1';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.outbox_maintain', 0));
  FOR d IN SELECT current_date + i FROM generate_series(0, 2) AS i LOOP
    part := 'outbox_p' || to_char(d, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(quote_ident(part)) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE %I PARTITION OF outbox FOR VALUES FROM (%L) TO (%L)',
                     part, d::timestamptz, (d + 1)::timestamptz);
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
      EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
    EXCEPTION WHEN check_violation THEN
      NULL;  -- rows of that day are in the default partition already; they age out below
    END;
  END LOOP;
  FOR part IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'outbox'::regclass AND c.relname ~ '^outbox_p[0-9]{8}$'
      AND to_date(substr(c.relname, 9), 'YYYYMMDD') < oldest
  LOOP
    EXECUTE format('DROP TABLE %I', part);
  END LOOP;
  DELETE FROM outbox_default WHERE created_at < oldest::timestamptz;
END $$;

-- Deletes at most max_rows old rows and says how many: call it until it returns less.
CREATE FUNCTION request_log_purge(older_than interval, max_rows int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  WITH gone AS (
    DELETE FROM request_log WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM request_log WHERE created_at < now() - older_than
      ORDER BY created_at LIMIT max_rows))
    RETURNING 1)
  SELECT count(*) FROM gone
$$;

CREATE FUNCTION inbox_purge(older_than interval, max_rows int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  WITH gone AS (
    DELETE FROM inbox WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM inbox WHERE received_at < now() - older_than
      ORDER BY received_at LIMIT max_rows))
    RETURNING 1)
  SELECT count(*) FROM gone
$$;

DO $$
DECLARE
  relay text := quote_ident(current_schema() || '_relay');
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['outbox_maintain(int)', 'request_log_purge(interval, int)', 'inbox_purge(interval, int)'] LOOP
    EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || f || ' FROM PUBLIC';
    EXECUTE 'GRANT EXECUTE ON FUNCTION ' || f || ' TO ' || relay;
  END LOOP;
  REVOKE EXECUTE ON PROCEDURE protect(text) FROM PUBLIC;
  EXECUTE 'GRANT SELECT ON outbox TO ' || relay;
  EXECUTE 'CREATE POLICY relay ON outbox FOR SELECT TO ' || relay || ' USING (true)';
  EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_cursor TO ' || relay;
END $$;

SELECT outbox_maintain(7);
