-- The membership service, first schema. Tenant first in every key; row-level security by protect().
-- Small integers are the numbers of the proto enums.

CREATE TABLE tenant (
  tenant_id    uuid PRIMARY KEY,
  display_name text NOT NULL,
  create_time  timestamptz NOT NULL
);

CREATE TABLE service_key (
  tenant_id    uuid NOT NULL REFERENCES tenant,
  id           uuid NOT NULL,
  display_name text NOT NULL,
  -- SHA-256 of the whole key text; the key itself is never stored.
  secret_hash  bytea NOT NULL,
  scopes       text[] NOT NULL,
  create_time  timestamptz NOT NULL,
  expire_time  timestamptz,
  revoke_time  timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, secret_hash)
);

CREATE TABLE community (
  tenant_id           uuid NOT NULL REFERENCES tenant,
  id                  uuid NOT NULL,
  external_id         text,
  display_name        text NOT NULL,
  template            smallint NOT NULL,
  structure           smallint NOT NULL,
  purpose             text NOT NULL CHECK (purpose <> ''),
  vision              text NOT NULL,
  target_user         text NOT NULL,
  product             text NOT NULL,
  -- lanting.membership.v1.Declarations, serialised: read and written as a whole.
  declarations        bytea NOT NULL,
  locale              text NOT NULL,
  time_zone           text NOT NULL,
  state               smallint NOT NULL,
  house_rules_version int NOT NULL,
  waiting_count       int NOT NULL DEFAULT 0 CHECK (waiting_count >= 0),
  -- Number of the next place in the queue; grows for ever, so that the order never depends on a clock.
  next_ticket         bigint NOT NULL DEFAULT 1,
  version             bigint NOT NULL,
  create_time         timestamptz NOT NULL,
  update_time         timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
-- What waiting_communities() looks through.
CREATE INDEX community_waiting ON community (tenant_id, id) WHERE waiting_count > 0;
CREATE UNIQUE INDEX community_external_id_key ON community (tenant_id, external_id);

CREATE TABLE house_rules (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  version      int NOT NULL,
  text         text NOT NULL,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, community_id, version),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);

-- "group" is a reserved word.
CREATE TABLE chat_group (
  tenant_id        uuid NOT NULL,
  id               uuid NOT NULL,
  community_id     uuid NOT NULL,
  display_name     text NOT NULL,
  kind             smallint NOT NULL,
  channel          smallint NOT NULL,
  channel_group_id text NOT NULL,
  capacity         int NOT NULL CHECK (capacity > 0),
  member_count     int NOT NULL DEFAULT 0 CHECK (member_count BETWEEN 0 AND capacity),
  version          bigint NOT NULL,
  create_time      timestamptz NOT NULL,
  update_time      timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);
CREATE INDEX chat_group_community ON chat_group (tenant_id, community_id, id);

CREATE TABLE gate (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  display_name text NOT NULL,
  kind         smallint NOT NULL,
  -- [{"key": .., "text": .., "required": ..}]: the serialised Gate with only its questions.
  questions    bytea NOT NULL,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);
CREATE INDEX gate_community ON gate (tenant_id, community_id, id);

CREATE TABLE invite_link (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  gate_id      uuid NOT NULL,
  group_id     uuid,
  code         text NOT NULL,
  max_uses     int NOT NULL,
  uses         int NOT NULL DEFAULT 0 CHECK (max_uses = 0 OR uses <= max_uses),
  expire_time  timestamptz,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community,
  FOREIGN KEY (tenant_id, gate_id) REFERENCES gate,
  FOREIGN KEY (tenant_id, group_id) REFERENCES chat_group
);
CREATE UNIQUE INDEX invite_link_code_key ON invite_link (tenant_id, code);
CREATE INDEX invite_link_community ON invite_link (tenant_id, community_id, id);

CREATE TABLE member (
  tenant_id              uuid NOT NULL,
  id                     uuid NOT NULL,
  community_id           uuid NOT NULL,
  external_id            text,
  display_name           text NOT NULL,
  expectation            text NOT NULL,
  state                  smallint NOT NULL,
  -- Set while ACTIVE; kept when the person left.
  group_id               uuid,
  source                 smallint NOT NULL,
  accepted_rules_version int NOT NULL,
  -- Place in the queue, set while WAITING.
  waiting_ticket         bigint,
  join_time              timestamptz NOT NULL,
  create_time            timestamptz NOT NULL,
  update_time            timestamptz NOT NULL,
  version                bigint NOT NULL,
  -- No foreign key to community, on purpose: whoever inserts holds that row's lock (store/join_store.h), and the check by
  -- trigger would be a fifth of the cost of an import.
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 2) = (waiting_ticket IS NOT NULL)),
  CHECK (state <> 1 OR group_id IS NOT NULL)
);
-- People who left (3) free their id: they may come back as a new member.
CREATE UNIQUE INDEX member_external_id_key ON member (tenant_id, community_id, external_id) WHERE state <> 3;
CREATE INDEX member_community ON member (tenant_id, community_id, id);
CREATE UNIQUE INDEX member_waiting ON member (tenant_id, community_id, waiting_ticket) WHERE state = 2;

CREATE TABLE member_identity (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  channel      smallint NOT NULL,
  user_id      text NOT NULL,
  member_id    uuid NOT NULL,
  PRIMARY KEY (tenant_id, community_id, channel, user_id)
);
CREATE INDEX member_identity_member ON member_identity (tenant_id, member_id);

CREATE TABLE application (
  tenant_id              uuid NOT NULL,
  id                     uuid NOT NULL,
  community_id           uuid NOT NULL,
  gate_id                uuid NOT NULL,
  display_name           text NOT NULL,
  external_id            text,
  -- lanting.membership.v1.Application with only identities and answers, serialised.
  form                   bytea NOT NULL,
  accepted_rules_version int NOT NULL,
  state                  smallint NOT NULL,
  decision_reason        text NOT NULL DEFAULT '',
  member_id              uuid,
  version                bigint NOT NULL,
  create_time            timestamptz NOT NULL,
  decide_time            timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community,
  FOREIGN KEY (tenant_id, gate_id) REFERENCES gate
);
CREATE INDEX application_community ON application (tenant_id, community_id, id);

-- Identities of applications that are not decided yet: one open application each.
CREATE TABLE application_identity (
  tenant_id      uuid NOT NULL,
  community_id   uuid NOT NULL,
  channel        smallint NOT NULL,
  user_id        text NOT NULL,
  application_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, community_id, channel, user_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES application
);
CREATE INDEX application_identity_application ON application_identity (tenant_id, application_id);

CREATE TABLE member_import (
  tenant_id       uuid NOT NULL,
  id              uuid NOT NULL,
  community_id    uuid NOT NULL,
  state           smallint NOT NULL,
  bad_rows        smallint NOT NULL,
  validate_only   boolean NOT NULL,
  -- The file, until the import is finished.
  csv             bytea,
  -- Who asked, for the trace of the events.
  traceparent     text NOT NULL,
  row_count       int NOT NULL DEFAULT 0,
  processed_count int NOT NULL DEFAULT 0,
  imported_count  int NOT NULL DEFAULT 0,
  waiting_count   int NOT NULL DEFAULT 0,
  bad_row_count   int NOT NULL DEFAULT 0,
  error_reason    text NOT NULL DEFAULT '',
  error_message   text NOT NULL DEFAULT '',
  version         bigint NOT NULL,
  create_time     timestamptz NOT NULL,
  finish_time     timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);
CREATE INDEX member_import_community ON member_import (tenant_id, community_id, id);
-- What running_imports() asks twice a second, of all tenants.
CREATE INDEX member_import_running ON member_import (id) WHERE state = 1;

CREATE TABLE import_row_error (
  tenant_id  uuid NOT NULL,
  import_id  uuid NOT NULL,
  row_number int NOT NULL,
  line       int NOT NULL,
  column_name text NOT NULL,
  reason     text NOT NULL,
  message    text NOT NULL,
  PRIMARY KEY (tenant_id, import_id, row_number, column_name),
  FOREIGN KEY (tenant_id, import_id) REFERENCES member_import
);

CALL protect('tenant');
CALL protect('service_key');
CALL protect('community');
CALL protect('house_rules');
CALL protect('chat_group');
CALL protect('gate');
CALL protect('invite_link');
CALL protect('member');
CALL protect('member_identity');
CALL protect('application');
CALL protect('application_identity');
CALL protect('member_import');
CALL protect('import_row_error');

-- The three places where the service must look across tenants, each as narrow as its question. Row-level security is
-- forced also on the owner of these functions, so each opens one policy for the owner alone. pg_temp is named, and last:
-- unnamed it is searched first, and a caller's temporary table would be taken for ours.
CREATE POLICY import_of_any_tenant ON member_import FOR SELECT TO membership_owner USING (state = 1);
CREATE POLICY tenant_of_any ON tenant FOR SELECT TO membership_owner USING (true);
CREATE POLICY waiting_of_any_tenant ON community FOR SELECT TO membership_owner USING (waiting_count > 0);
CREATE POLICY places_of_any_tenant ON chat_group FOR SELECT TO membership_owner USING (member_count < capacity);

-- Running imports of all tenants, oldest first: what the import worker takes up, also after a crash.
CREATE FUNCTION running_imports(max_rows int) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT i.tenant_id, i.id FROM member_import i WHERE i.state = 1 ORDER BY i.id LIMIT max_rows
$$;

-- Communities of all tenants where people wait beside a free place: for a moment while a new group takes them in, and for
-- longer when the process that was doing it died.
CREATE FUNCTION waiting_communities(max_rows int) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT c.tenant_id, c.id FROM community c
   WHERE c.waiting_count > 0
     AND EXISTS (SELECT FROM chat_group g WHERE g.tenant_id = c.tenant_id AND g.community_id = c.id AND g.kind = 1
                                            AND g.member_count < g.capacity)
   LIMIT max_rows
$$;

-- Tenants for the operator, oldest first. By time, since the id of a tenant made under a request_id is a hash.
CREATE FUNCTION all_tenants(after_time timestamptz, after_id uuid, max_rows int)
RETURNS TABLE (tenant_id uuid, display_name text, create_time timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT t.tenant_id, t.display_name, t.create_time FROM tenant t
   WHERE after_id IS NULL OR (t.create_time, t.tenant_id) > (after_time, after_id)
   ORDER BY t.create_time, t.tenant_id LIMIT max_rows
$$;
REVOKE ALL ON FUNCTION running_imports(int), waiting_communities(int), all_tenants(timestamptz, uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION running_imports(int), waiting_communities(int), all_tenants(timestamptz, uuid, int) TO membership_app;
