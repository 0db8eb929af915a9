-- Who people are and where they are: tags, what staff know of a member, topic groups, offers of the waiting list,
-- lineage of groups, consent. Columns have defaults, so that the binary of before runs on.

ALTER TABLE member
  -- What staff note of a person, key -> text.
  ADD COLUMN attributes        jsonb NOT NULL DEFAULT '{}',
  -- lanting.membership.v1.CustomerClass.
  ADD COLUMN customer_class    smallint NOT NULL DEFAULT 0,
  ADD COLUMN fan_score         smallint CHECK (fan_score BETWEEN 0 AND 100),
  ADD COLUMN values_fit        smallint CHECK (values_fit BETWEEN 0 AND 100),
  ADD COLUMN consent_time      timestamptz,
  ADD COLUMN consent_statement text NOT NULL DEFAULT '',
  -- Who brought the person; one level: nothing is derived from the referrer's referrer.
  ADD COLUMN referrer_id       uuid,
  -- While OFFERED: until when the place is kept. How many offers ran out so far.
  ADD COLUMN offer_expire_time timestamptz,
  ADD COLUMN missed_offers     smallint NOT NULL DEFAULT 0,
  -- While MERGED: the member that the person is part of.
  ADD COLUMN merged_into       uuid,
  ADD COLUMN leave_time        timestamptz,
  ADD COLUMN leave_reason      text NOT NULL DEFAULT '',
  ADD CHECK (state <> 4 OR (group_id IS NOT NULL AND offer_expire_time IS NOT NULL)),
  ADD CHECK ((state = 5) = (merged_into IS NOT NULL));
CREATE INDEX member_offered ON member (offer_expire_time) WHERE state = 4;
CREATE INDEX member_group ON member (tenant_id, community_id, group_id, id);
CREATE INDEX member_referrer ON member (tenant_id, referrer_id) WHERE referrer_id IS NOT NULL;

-- By tag first, then by member: a page of the members with a tag is read in the order of their ids.
CREATE TABLE member_tag (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  tag          text NOT NULL,
  member_id    uuid NOT NULL,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, community_id, tag, member_id)
);
CREATE INDEX member_tag_member ON member_tag (tenant_id, member_id);

-- Places beside the one of member.group_id: topic, learning and benefits groups. They count in chat_group.member_count.
CREATE TABLE group_place (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  group_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  join_time    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id)
);
CREATE INDEX group_place_member ON group_place (tenant_id, member_id);

-- Which version of the house rules each member accepted, and when.
CREATE TABLE rules_acceptance (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  member_id    uuid NOT NULL,
  version      int NOT NULL,
  accept_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, member_id, version)
);

-- What happened to a member after the join, append only: moves, offers, tags, merges ...
CREATE TABLE member_history (
  tenant_id    uuid NOT NULL,
  member_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  -- lanting.membership.v1.TimelineKind.
  kind         smallint NOT NULL,
  -- Key -> text; personal data only under the key "text".
  detail       jsonb NOT NULL,
  -- Who did it: "keys/<id>", or '' for Lanting itself.
  actor        text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, member_id, id)
);

ALTER TABLE community
  ADD COLUMN positioning   text NOT NULL DEFAULT '',
  -- Minutes for which a place is offered to the first of the waiting list; 0: the person comes in at once.
  ADD COLUMN offer_minutes int NOT NULL DEFAULT 0 CHECK (offer_minutes >= 0);

ALTER TABLE chat_group
  -- 1 open, 2 closed: nobody comes in any more.
  ADD COLUMN state           smallint NOT NULL DEFAULT 1,
  -- Given to whoever joins the group (R66); routes those who carry it (R67).
  ADD COLUMN tag             text NOT NULL DEFAULT '',
  ADD COLUMN purpose         text NOT NULL DEFAULT '',
  -- Who runs it, in the tenant's words.
  ADD COLUMN owner           text NOT NULL DEFAULT '',
  -- Lineage: the group it was split off from, and the split.
  ADD COLUMN parent_group_id uuid,
  ADD COLUMN split_id        uuid;
CREATE INDEX chat_group_parent ON chat_group (tenant_id, parent_group_id) WHERE parent_group_id IS NOT NULL;
CREATE INDEX chat_group_tag ON chat_group (tenant_id, community_id, tag, id) WHERE tag <> '';

ALTER TABLE gate
  -- 1 open, 2 closed.
  ADD COLUMN state       smallint NOT NULL DEFAULT 1,
  ADD COLUMN version     bigint NOT NULL DEFAULT 1,
  ADD COLUMN update_time timestamptz;

ALTER TABLE invite_link
  -- The member who hands it out: whoever comes by it was referred by them.
  ADD COLUMN referrer_id uuid,
  -- Leads to the open groups with this tag, in the order of their creation.
  ADD COLUMN roll_tag    text NOT NULL DEFAULT '',
  ADD COLUMN revoke_time timestamptz;

CALL protect('member_tag');
CALL protect('group_place');
CALL protect('rules_acceptance');
CALL protect('member_history');

CREATE OR REPLACE FUNCTION waiting_communities(max_rows int) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT c.tenant_id, c.id FROM community c
   WHERE c.waiting_count > 0
     AND EXISTS (SELECT FROM chat_group g WHERE g.tenant_id = c.tenant_id AND g.community_id = c.id AND g.kind = 1
                                            AND g.state = 1 AND g.member_count < g.capacity)
   LIMIT max_rows
$$;

-- As in 0002, with: groups that are closed take nobody; a group's tag (txt); of a link who referred (row_member), its
-- rolling tag (txt2) and the groups that it leads to (kind 6: row_id the link's, row_group; the group itself as kind 3),
-- and when it was revoked (row_time2).
DROP FUNCTION join_view(uuid, uuid[], boolean, int, text[], uuid[], text[], uuid[], int[], text[]);
CREATE FUNCTION join_view(tenant uuid, communities uuid[], lock boolean, places int, codes text[],
                          external_communities uuid[], external_ids text[], identity_communities uuid[],
                          channels int[], user_ids text[])
RETURNS TABLE (row_kind smallint, row_id uuid, row_community uuid, row_group uuid, txt text, n1 bigint, n2 bigint,
               n3 bigint, n4 bigint, row_time timestamptz, row_member uuid, txt2 text, row_time2 timestamptz)
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  IF lock THEN
    PERFORM FROM community c WHERE c.tenant_id = tenant AND c.id = ANY (communities) ORDER BY c.id FOR NO KEY UPDATE;
  END IF;
  RETURN QUERY
    SELECT 1::smallint, c.id, c.id, NULL::uuid, NULL::text, c.state::bigint, c.house_rules_version::bigint,
           c.waiting_count::bigint, c.next_ticket, NULL::timestamptz, NULL::uuid, NULL::text, NULL::timestamptz
      FROM community c WHERE c.tenant_id = tenant AND c.id = ANY (communities);
  IF cardinality(codes) > 0 THEN
    RETURN QUERY
      SELECT 2::smallint, l.id, l.community_id, l.group_id, l.code, l.max_uses::bigint, l.uses::bigint, NULL::bigint,
             NULL::bigint, l.expire_time, l.referrer_id, l.roll_tag, l.revoke_time
        FROM invite_link l
       WHERE l.tenant_id = tenant AND l.code = ANY (codes) AND l.community_id = ANY (communities);
    RETURN QUERY
      SELECT 3::smallint, g.id, g.community_id, NULL::uuid, g.tag, g.kind::bigint, g.capacity::bigint,
             g.member_count::bigint, g.version, NULL::timestamptz, NULL::uuid, NULL::text, NULL::timestamptz
        FROM chat_group g
       WHERE g.tenant_id = tenant AND g.state = 1
         AND g.id = ANY (ARRAY(SELECT l.group_id FROM invite_link l
                                WHERE l.tenant_id = tenant AND l.code = ANY (codes)
                                  AND l.community_id = ANY (communities) AND l.group_id IS NOT NULL));
    RETURN QUERY
      SELECT k.kind, CASE k.kind WHEN 6 THEN r.link ELSE r.id END, r.community_id, r.id, r.tag, r.kind::bigint,
             r.capacity::bigint, r.member_count::bigint, r.version, NULL::timestamptz, NULL::uuid, r.code,
             NULL::timestamptz
        FROM (SELECT l.id AS link, l.code, p.* FROM invite_link l
               CROSS JOIN LATERAL (SELECT g.id, g.community_id, g.tag, g.kind, g.capacity, g.member_count, g.version
                                     FROM chat_group g
                                    WHERE g.tenant_id = tenant AND g.community_id = l.community_id
                                      AND g.tag = l.roll_tag AND g.tag <> '' AND g.state = 1
                                      AND g.member_count < g.capacity
                                    ORDER BY g.id LIMIT places) p
               WHERE l.tenant_id = tenant AND l.code = ANY (codes) AND l.community_id = ANY (communities)
                 AND l.roll_tag <> '') r
       CROSS JOIN (VALUES (3::smallint), (6::smallint)) AS k (kind)
       ORDER BY r.id;
  END IF;
  RETURN QUERY
    SELECT 3::smallint, p.id, p.community_id, NULL::uuid, p.tag, 1::bigint, p.capacity::bigint,
           p.member_count::bigint, p.version, NULL::timestamptz, NULL::uuid, NULL::text, NULL::timestamptz
      FROM unnest(communities) AS c (id)
     CROSS JOIN LATERAL (SELECT g.id, g.community_id, g.tag, g.capacity, g.member_count, g.version FROM chat_group g
                          WHERE g.tenant_id = tenant AND g.community_id = c.id AND g.kind = 1 AND g.state = 1
                            AND g.member_count < g.capacity
                          ORDER BY g.id LIMIT places) p;
  IF cardinality(external_ids) > 0 THEN
    RETURN QUERY
      SELECT 4::smallint, NULL::uuid, e.community, NULL::uuid, e.external_id, NULL::bigint, NULL::bigint, NULL::bigint,
             NULL::bigint, NULL::timestamptz, NULL::uuid, NULL::text, NULL::timestamptz
        FROM unnest(external_communities, external_ids) AS e (community, external_id)
       CROSS JOIN LATERAL (SELECT FROM member m
                            WHERE m.tenant_id = tenant AND m.community_id = e.community
                              AND m.external_id = e.external_id AND m.state <> 3
                            LIMIT 1) taken;
  END IF;
  IF cardinality(user_ids) > 0 THEN
    RETURN QUERY
      SELECT 5::smallint, NULL::uuid, i.community, NULL::uuid, i.user_id, i.channel::bigint, NULL::bigint, NULL::bigint,
             NULL::bigint, NULL::timestamptz, NULL::uuid, NULL::text, NULL::timestamptz
        FROM unnest(identity_communities, channels, user_ids) AS i (community, channel, user_id)
       CROSS JOIN LATERAL (SELECT FROM member_identity m
                            WHERE m.tenant_id = tenant AND m.community_id = i.community AND m.channel = i.channel
                              AND m.user_id = i.user_id
                            LIMIT 1) taken;
  END IF;
END
$$;
REVOKE ALL ON FUNCTION join_view(uuid, uuid[], boolean, int, text[], uuid[], text[], uuid[], int[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION join_view(uuid, uuid[], boolean, int, text[], uuid[], text[], uuid[], int[], text[])
  TO membership_app;
