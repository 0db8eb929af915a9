-- One person, one member: what duplicates are found by, merges that can be undone, and the proof of erasures.

-- A name as it is compared: 王小明, 王 小 明 and ＷＡＮＧ as wang. NFKC makes full width and other forms of
-- compatibility plain; then case, white space and punctuation go: by ranges of code points, since what a class of
-- characters holds depends on the locale (々 and 〇 stay). Bounded, since NFKC may make a character eighteen and an index
-- row has its limit. A generated column and not an index on the expression: below row-level security an index is used for
-- nothing but leakproof comparisons of columns.
CREATE FUNCTION compare_key(text text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT left(regexp_replace(lower(normalize(text, NFKC)),
    '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u2000-\u206F\u3000-\u3004\u3008-\u3020\u3030\u30FB\uFE0F\uFEFF]+',
    '', 'g'), 200)
$$;
-- Digits alone; a mainland mobile number without the country's code. Not STRICT, since NULLIF is not: STRICT, it would
-- not be inlined.
CREATE FUNCTION phone_key(text text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT NULLIF(left(regexp_replace(regexp_replace(normalize(text, NFKC), '[^0-9]', '', 'g'),
                                    '^(0086|086|86)(1[0-9]{10})$', '\2'), 40), '')
$$;
CREATE FUNCTION contact_key(text text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT NULLIF(left(lower(btrim(normalize(text, NFKC))), 200), '')
$$;

ALTER TABLE member
  ADD COLUMN name_key        text COLLATE "C" NOT NULL GENERATED ALWAYS AS (compare_key(display_name)) STORED,
  ADD COLUMN expectation_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS
    (left(compare_key(left(expectation, 120)), 60)) STORED,
  -- What the tenant calls phone, mobile, email, unionid or union_id in the attributes.
  ADD COLUMN phone_key   text COLLATE "C" GENERATED ALWAYS AS
    (phone_key(coalesce(attributes ->> 'phone', attributes ->> 'mobile'))) STORED,
  ADD COLUMN email_key   text COLLATE "C" GENERATED ALWAYS AS (contact_key(attributes ->> 'email')) STORED,
  ADD COLUMN unionid_key text COLLATE "C" GENERATED ALWAYS AS
    (contact_key(coalesce(attributes ->> 'unionid', attributes ->> 'union_id'))) STORED;
CREATE INDEX member_name_key ON member (tenant_id, community_id, name_key, id) WHERE name_key <> '';
CREATE INDEX member_expectation_key ON member (tenant_id, community_id, expectation_key, id)
  WHERE expectation_key <> '';
CREATE INDEX member_phone_key ON member (tenant_id, community_id, phone_key, id) WHERE phone_key IS NOT NULL;
CREATE INDEX member_email_key ON member (tenant_id, community_id, email_key, id) WHERE email_key IS NOT NULL;
CREATE INDEX member_unionid_key ON member (tenant_id, community_id, unionid_key, id) WHERE unionid_key IS NOT NULL;
CREATE INDEX member_merged ON member (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
-- Earlier stays of somebody who came back.
CREATE INDEX member_left_external_id ON member (tenant_id, community_id, external_id)
  WHERE state = 3 AND external_id IS NOT NULL;
CREATE INDEX invite_link_referrer ON invite_link (tenant_id, referrer_id) WHERE referrer_id IS NOT NULL;
CREATE INDEX application_external_id ON application (tenant_id, community_id, external_id)
  WHERE external_id IS NOT NULL;

-- Two members that staff know to be two people; the lower id first.
CREATE TABLE duplicate_dismissal (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  member_id    uuid NOT NULL,
  other_id     uuid NOT NULL,
  actor        text NOT NULL,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, member_id, other_id),
  CHECK (member_id < other_id)
);

CREATE TABLE member_merge (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  target_id    uuid NOT NULL,
  source_id    uuid NOT NULL,
  reason       text NOT NULL,
  -- lanting.membership.v1.MergeSnapshot, serialised: exactly what was moved and changed. Empty once undone or erased.
  snapshot     bytea NOT NULL,
  -- lanting.membership.v1.MergeState.
  state        smallint NOT NULL,
  actor        text NOT NULL,
  create_time  timestamptz NOT NULL,
  undo_time    timestamptz,
  undo_actor   text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX member_merge_community ON member_merge (tenant_id, community_id, id);
CREATE INDEX member_merge_target ON member_merge (tenant_id, target_id);
CREATE INDEX member_merge_source ON member_merge (tenant_id, source_id);

-- That a person was forgotten, when and on what ground; nothing of the person.
CREATE TABLE erasure (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  member_id    uuid NOT NULL,
  -- lanting.membership.v1.ErasureReason.
  reason       smallint NOT NULL,
  actor        text NOT NULL,
  erase_time   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX erasure_community ON erasure (tenant_id, community_id, id);
CREATE UNIQUE INDEX erasure_member_key ON erasure (tenant_id, member_id);

CALL protect('duplicate_dismissal');
CALL protect('member_merge');
CALL protect('erasure');
