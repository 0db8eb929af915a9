-- How people get in: gates of every kind, applications that wait for a step or carry a payment, counted attempts, and
-- offers of the waiting list that run out.

ALTER TABLE gate
  -- The group that people take their first place in; NULL: main groups in the order of their creation. What else a kind
  -- needs is in "questions": the serialised Gate with only what its maker configures.
  ADD COLUMN group_id uuid,
  ADD FOREIGN KEY (tenant_id, group_id) REFERENCES chat_group;

ALTER TABLE application
  ADD COLUMN payment_reference text NOT NULL DEFAULT '',
  ADD COLUMN contact_time      timestamptz,
  ADD COLUMN values_fit        smallint CHECK (values_fit BETWEEN 0 AND 100);
-- One payment lets one person in; rejected (3) and withdrawn (5) applications free it.
CREATE UNIQUE INDEX application_payment_key ON application (tenant_id, gate_id, payment_reference)
  WHERE payment_reference <> '' AND state NOT IN (3, 5);
-- The queue of what is undecided, beside ever more that is decided.
CREATE INDEX application_state ON application (tenant_id, community_id, state, id);

-- Wrong answers at QUIZ and KEYWORD gates, by identity.
CREATE TABLE gate_attempt (
  tenant_id    uuid NOT NULL,
  community_id uuid NOT NULL,
  channel      smallint NOT NULL,
  user_id      text NOT NULL,
  gate_id      uuid NOT NULL,
  attempts     int NOT NULL,
  last_time    timestamptz NOT NULL,
  -- When the attempts come back; then the row says nothing any more.
  expire_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, community_id, channel, user_id, gate_id)
);
CREATE INDEX gate_attempt_expire ON gate_attempt (expire_time);
CALL protect('gate_attempt');

-- Forgets attempts that came back, of all tenants: identities are kept no longer than they are needed.
CREATE POLICY expired_attempts_of_any_tenant ON gate_attempt TO membership_owner
  USING (expire_time < now()) WITH CHECK (false);
CREATE FUNCTION forget_attempts(max_rows int) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  WITH old AS (SELECT a.tenant_id, a.community_id, a.channel, a.user_id, a.gate_id FROM gate_attempt a
                WHERE a.expire_time < now() ORDER BY a.expire_time LIMIT max_rows FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM gate_attempt a USING old
            WHERE a.tenant_id = old.tenant_id AND a.community_id = old.community_id AND a.channel = old.channel
              AND a.user_id = old.user_id AND a.gate_id = old.gate_id RETURNING 1)
  SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION forget_attempts(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_attempts(int) TO membership_app;

-- Places that are kept for people, of all tenants, the first to run out first: what the promotion worker sweeps.
CREATE POLICY offers_of_any_tenant ON member FOR SELECT TO membership_owner USING (state = 4);
CREATE FUNCTION offered_places(max_rows int)
RETURNS TABLE (tenant_id uuid, community_id uuid, offer_expire_time timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT m.tenant_id, m.community_id, m.offer_expire_time FROM member m
   WHERE m.state = 4 ORDER BY m.offer_expire_time LIMIT max_rows
$$;
REVOKE ALL ON FUNCTION offered_places(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION offered_places(int) TO membership_app;

-- As in 0004, with: of a link the state of its gate (n3), whether its referrer is still there (n4: 1 or 0; of one who was
-- merged it is whom they became), and the gate's group where the link names neither group nor tag.
CREATE OR REPLACE FUNCTION join_view(tenant uuid, communities uuid[], lock boolean, places int, codes text[],
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
      SELECT 2::smallint, l.id, l.community_id,
             coalesce(l.group_id, CASE WHEN l.roll_tag = '' THEN g.group_id END), l.code, l.max_uses::bigint,
             l.uses::bigint, g.state::bigint,
             CASE WHEN l.referrer_id IS NULL THEN 1
                  ELSE (SELECT count(*) FROM member m
                         WHERE m.tenant_id = tenant AND m.id = coalesce(r.merged_into, r.id) AND m.state = 1)
             END,
             l.expire_time, coalesce(r.merged_into, r.id, l.referrer_id), l.roll_tag, l.revoke_time
        FROM invite_link l
        JOIN gate g ON g.tenant_id = tenant AND g.id = l.gate_id
        LEFT JOIN member r ON r.tenant_id = tenant AND r.id = l.referrer_id
       WHERE l.tenant_id = tenant AND l.code = ANY (codes) AND l.community_id = ANY (communities);
    RETURN QUERY
      SELECT 3::smallint, g.id, g.community_id, NULL::uuid, g.tag, g.kind::bigint, g.capacity::bigint,
             g.member_count::bigint, g.version, NULL::timestamptz, NULL::uuid, NULL::text, NULL::timestamptz
        FROM chat_group g
       WHERE g.tenant_id = tenant AND g.state = 1
         AND g.id = ANY (ARRAY(SELECT coalesce(l.group_id, w.group_id) FROM invite_link l
                                 JOIN gate w ON w.tenant_id = tenant AND w.id = l.gate_id
                                WHERE l.tenant_id = tenant AND l.code = ANY (codes)
                                  AND l.community_id = ANY (communities) AND l.roll_tag = ''
                                  AND coalesce(l.group_id, w.group_id) IS NOT NULL));
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
