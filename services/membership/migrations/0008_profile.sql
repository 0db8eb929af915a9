-- What is known of a member, and how they settle in: notes of staff, the naming convention as a pattern, onboarding.

CREATE TABLE member_note (
  tenant_id    uuid NOT NULL,
  member_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  text         text NOT NULL,
  -- Who wrote it: "keys/<id>", and in the tenant's words.
  author       text NOT NULL,
  author_name  text NOT NULL,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, member_id, id)
);

-- At most one a community; no row: none yet.
CREATE TABLE naming_convention (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  -- lanting.membership.v1.NamingConvention, serialised with what a caller may set: read and written as a whole.
  convention   bytea NOT NULL,
  version      bigint NOT NULL,
  update_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, community_id)
);

-- At most one a community; no row: what its template brings.
CREATE TABLE onboarding (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  -- lanting.membership.v1.Onboarding with only its steps, serialised.
  steps        bytea NOT NULL,
  version      bigint NOT NULL,
  update_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, community_id)
);

-- Steps that are done; that of the house rules is read from rules_acceptance.
CREATE TABLE onboarding_step_done (
  tenant_id    uuid NOT NULL,
  member_id    uuid NOT NULL,
  step         text NOT NULL,
  community_id uuid NOT NULL,
  actor        text NOT NULL,
  done_time    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, member_id, step)
);

-- Whose last required step was done once: the fact goes out once.
CREATE TABLE onboarding_completion (
  tenant_id     uuid NOT NULL,
  member_id     uuid NOT NULL,
  community_id  uuid NOT NULL,
  complete_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, member_id)
);

-- The timeline of a member asks which application brought them.
CREATE INDEX application_member ON application (tenant_id, member_id) WHERE member_id IS NOT NULL;

CALL protect('member_note');
CALL protect('naming_convention');
CALL protect('onboarding');
CALL protect('onboarding_step_done');
CALL protect('onboarding_completion');
