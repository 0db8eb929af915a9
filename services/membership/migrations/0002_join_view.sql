-- What a join needs to know, in one round trip. With `lock` the communities are locked first, in the order of their ids;
-- whoever changes places, groups' counts or links' uses holds that lock, so nothing else needs one. A VOLATILE function
-- takes a new snapshot for each of its statements, so what is read after the lock was waited for is what its last holder
-- committed; in one plain statement it would be what was there before the wait.
--
-- Rows by kind: 1 community (n1 state, n2 version of the house rules, n3 waiting, n4 next ticket); 2 invite link (txt
-- code, n1 max uses, n2 uses); 3 group (n1 kind, n2 capacity, n3 members, n4 version); 4 external id taken (txt);
-- 5 identity taken (txt user id, n1 channel). Of the main groups only the first `places` with a free place are given.
CREATE FUNCTION join_view(tenant uuid, communities uuid[], lock boolean, places int, codes text[],
                          external_communities uuid[], external_ids text[], identity_communities uuid[],
                          channels int[], user_ids text[])
RETURNS TABLE (row_kind smallint, row_id uuid, row_community uuid, row_group uuid, txt text, n1 bigint, n2 bigint,
               n3 bigint, n4 bigint, row_time timestamptz)
LANGUAGE plpgsql VOLATILE
-- A plan made while the tables were empty must not scan them when they have grown, nor be made anew for each call.
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  IF lock THEN
    PERFORM FROM community c WHERE c.tenant_id = tenant AND c.id = ANY (communities) ORDER BY c.id FOR NO KEY UPDATE;
  END IF;
  RETURN QUERY
    SELECT 1::smallint, c.id, c.id, NULL::uuid, NULL::text, c.state::bigint, c.house_rules_version::bigint,
           c.waiting_count::bigint, c.next_ticket, NULL::timestamptz
      FROM community c WHERE c.tenant_id = tenant AND c.id = ANY (communities);
  IF cardinality(codes) > 0 THEN
    RETURN QUERY
      SELECT 2::smallint, l.id, l.community_id, l.group_id, l.code, l.max_uses::bigint, l.uses::bigint, NULL::bigint,
             NULL::bigint, l.expire_time
        FROM invite_link l
       WHERE l.tenant_id = tenant AND l.code = ANY (codes) AND l.community_id = ANY (communities);
    RETURN QUERY
      SELECT 3::smallint, g.id, g.community_id, NULL::uuid, NULL::text, g.kind::bigint, g.capacity::bigint,
             g.member_count::bigint, g.version, NULL::timestamptz
        FROM chat_group g
       WHERE g.tenant_id = tenant
         AND g.id = ANY (ARRAY(SELECT l.group_id FROM invite_link l
                                WHERE l.tenant_id = tenant AND l.code = ANY (codes)
                                  AND l.community_id = ANY (communities) AND l.group_id IS NOT NULL));
  END IF;
  RETURN QUERY
    SELECT 3::smallint, p.id, p.community_id, NULL::uuid, NULL::text, 1::bigint, p.capacity::bigint,
           p.member_count::bigint, p.version, NULL::timestamptz
      FROM unnest(communities) AS c (id)
     CROSS JOIN LATERAL (SELECT g.id, g.community_id, g.capacity, g.member_count, g.version FROM chat_group g
                          WHERE g.tenant_id = tenant AND g.community_id = c.id AND g.kind = 1
                            AND g.member_count < g.capacity
                          ORDER BY g.id LIMIT places) p;
  IF cardinality(external_ids) > 0 THEN
    RETURN QUERY
      SELECT 4::smallint, NULL::uuid, e.community, NULL::uuid, e.external_id, NULL::bigint, NULL::bigint, NULL::bigint,
             NULL::bigint, NULL::timestamptz
        FROM unnest(external_communities, external_ids) AS e (community, external_id)
       CROSS JOIN LATERAL (SELECT FROM member m
                            WHERE m.tenant_id = tenant AND m.community_id = e.community
                              AND m.external_id = e.external_id AND m.state <> 3
                            LIMIT 1) taken;
  END IF;
  IF cardinality(user_ids) > 0 THEN
    RETURN QUERY
      SELECT 5::smallint, NULL::uuid, i.community, NULL::uuid, i.user_id, i.channel::bigint, NULL::bigint, NULL::bigint,
             NULL::bigint, NULL::timestamptz
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
