-- Keys that rotate and are for a role, when they were used; staff of a community, their duties and what they did.

ALTER TABLE service_key
  -- lanting.membership.v1.StaffRole; 0: none.
  ADD COLUMN role             smallint NOT NULL DEFAULT 0,
  ADD COLUMN rotated_from     uuid,
  ADD COLUMN replaced_by      uuid,
  -- How long it was made for (NULL: for ever), kept when a rotation shortens expire_time; until then it is by that.
  ADD COLUMN lifetime_seconds bigint,
  ADD COLUMN version          bigint NOT NULL DEFAULT 1;

-- Apart from service_key: it is written while keys are used, and holds nobody's lock.
CREATE TABLE key_use (
  tenant_id      uuid NOT NULL,
  key_id         uuid NOT NULL,
  last_used_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key_id),
  FOREIGN KEY (tenant_id, key_id) REFERENCES service_key
);

CREATE TABLE staff (
  tenant_id       uuid NOT NULL,
  id              uuid NOT NULL,
  community_id    uuid NOT NULL,
  role            smallint NOT NULL,
  display_name    text NOT NULL,
  member_id       uuid,
  -- 0 and '': none.
  contact_channel smallint NOT NULL,
  contact_user_id text NOT NULL,
  -- Empty: all of them.
  groups          uuid[] NOT NULL,
  grade           text NOT NULL,
  version         bigint NOT NULL,
  create_time     timestamptz NOT NULL,
  update_time     timestamptz NOT NULL,
  end_time        timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);
CREATE INDEX staff_community ON staff (tenant_id, community_id, id);
CREATE INDEX staff_member ON staff (tenant_id, member_id) WHERE member_id IS NOT NULL;
-- A member has a role once at a time.
CREATE UNIQUE INDEX staff_member_role_key ON staff (tenant_id, community_id, member_id, role)
  WHERE end_time IS NULL AND member_id IS NOT NULL;

CREATE TABLE duty (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  role         smallint NOT NULL,
  title        text NOT NULL,
  description  text NOT NULL,
  -- NULL: anybody of the role.
  assignee_id  uuid,
  -- Of which template it was made; '': by hand.
  template_key text NOT NULL,
  version      bigint NOT NULL,
  create_time  timestamptz NOT NULL,
  update_time  timestamptz NOT NULL,
  -- Kept for what was to be done before.
  delete_time  timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);
CREATE INDEX duty_community ON duty (tenant_id, community_id, id);
CREATE UNIQUE INDEX duty_template_key ON duty (tenant_id, community_id, template_key)
  WHERE delete_time IS NULL AND template_key <> '';

-- When a duty is to be done, by the time it was declared so: the one without an end is in force. What lies in the past
-- is never computed anew by another rule.
CREATE TABLE duty_schedule (
  tenant_id    uuid NOT NULL,
  duty_id      uuid NOT NULL,
  community_id uuid NOT NULL,
  from_time    timestamptz NOT NULL,
  to_time      timestamptz,
  rrule        text NOT NULL,
  -- In the zone of the community, whichever it is.
  start_local  timestamp NOT NULL,
  due_minutes  int NOT NULL,
  PRIMARY KEY (tenant_id, duty_id, from_time),
  FOREIGN KEY (tenant_id, duty_id) REFERENCES duty
);
CREATE UNIQUE INDEX duty_schedule_in_force ON duty_schedule (tenant_id, duty_id) WHERE to_time IS NULL;

-- An occurrence is known by its local time, which does not move when the zone of the community does.
CREATE TABLE duty_completion (
  tenant_id        uuid NOT NULL,
  duty_id          uuid NOT NULL,
  occurrence_local timestamp NOT NULL,
  community_id     uuid NOT NULL,
  staff_id         uuid,
  note             text NOT NULL,
  complete_time    timestamptz NOT NULL,
  late             boolean NOT NULL,
  PRIMARY KEY (tenant_id, duty_id, occurrence_local),
  FOREIGN KEY (tenant_id, duty_id) REFERENCES duty
);
CREATE INDEX duty_completion_community ON duty_completion (tenant_id, community_id, occurrence_local);

CALL protect('key_use');
CALL protect('staff');
CALL protect('duty');
CALL protect('duty_schedule');
CALL protect('duty_completion');
