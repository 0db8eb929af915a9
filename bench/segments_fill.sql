-- Fills community :community of tenant :tenant with :rows members as a superuser (row-level security does not bind it):
--
--   psql -v tenant=... -v community=... -v rows=1000000 -v prefix=m -f segments_fill.sql
--
-- Groups of 500; 94 % in, 3 % waiting, 3 % gone; 60 tags whose frequency falls with their rank (0.3 / rank), "老客" for
-- 100 people whatever the size; four customer classes; cities as attributes. Deterministic.
SET search_path = membership;
SET synchronous_commit = off;
SET work_mem = '256MB';

CREATE TEMP TABLE g AS
SELECT n, (lpad(to_hex(1767225600000 + n), 12, '0') || '7' || substr(md5(:'prefix' || n), 1, 3) || '9'
           || substr(md5(:'prefix' || n), 4, 15))::uuid AS id
  FROM generate_series(0, (:rows - 1) / 500) n;
CREATE TEMP TABLE p AS
SELECT n, h, (lpad(to_hex(1767225600000 + n), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid AS id,
       ('x' || substr(h, 20, 6))::bit(24)::int / 16777216.0 AS a, ('x' || substr(h, 26, 6))::bit(24)::int / 16777216.0 AS b,
       '2026-01-01'::timestamptz + n * interval '1 ms' AS at
  FROM (SELECT n, md5(:'prefix' || n) AS h FROM generate_series(1, :rows) n) r;
ANALYZE g, p;

INSERT INTO chat_group (tenant_id, id, community_id, display_name, kind, channel, channel_group_id, capacity,
                        member_count, version, create_time, update_time)
SELECT :'tenant', id, :'community', '文案 ' || n || ' 群', CASE n WHEN 0 THEN 2 ELSE 1 END, 1, '', 1000, 500, 1, now(), now()
  FROM g;

INSERT INTO member (tenant_id, id, community_id, external_id, display_name, expectation, state, group_id, source,
                    accepted_rules_version, waiting_ticket, join_time, create_time, update_time, version, attributes,
                    customer_class, fan_score, values_fit, leave_time)
SELECT :'tenant', p.id, :'community', :'prefix' || '-' || p.n, '深圳-晓雯-文案' || p.n, '认识同行',
       s.state, CASE WHEN s.state <> 2 THEN g.id END,
       CASE WHEN b < 0.5 THEN 4 WHEN b < 0.75 THEN 3 WHEN b < 0.9 THEN 2 WHEN b < 0.97 THEN 5 ELSE 1 END, 1,
       CASE WHEN s.state = 2 THEN p.n END, at, at, at, 1,
       jsonb_build_object('city', (ARRAY['深圳', '广州', '杭州', '上海', '北京', '成都', '绍兴', '苏州'])[1 + floor(8 * b * b)::int],
                          'level', 'v' || 1 + floor(5 * a)::int),
       CASE WHEN b < 0.02 THEN 4 WHEN b < 0.05 THEN 3 WHEN b < 0.2 THEN 2 WHEN b < 0.5 THEN 1 ELSE 0 END,
       CASE WHEN a < 0.6 THEN floor(101 * a * a / 0.36)::int % 101 END, CASE WHEN a < 0.3 THEN floor(100 * b)::int END,
       CASE WHEN s.state = 3 THEN at END
  FROM p JOIN g ON g.n = (p.n - 1) / 500
  CROSS JOIN LATERAL (SELECT CASE WHEN a < 0.94 THEN 1 WHEN a < 0.97 THEN 2 ELSE 3 END AS state) s
 ORDER BY p.n;

INSERT INTO member_identity (tenant_id, community_id, channel, user_id, member_id)
SELECT :'tenant', :'community', 1 + (n % 4 = 0)::int, 'wm-' || :'prefix' || '-' || n, id FROM p WHERE a < 0.97 ORDER BY n;

INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)
SELECT :'tenant', :'community', t.tag, p.id, at
  FROM p JOIN (SELECT k, (ARRAY['绘画', '书法', '摄影', '写作', '文案'])[1 + k % 5] || k AS tag, 0.3 / k * 1048576 AS share
                 FROM generate_series(1, 60) k) t ON (hashint8extended(p.n, t.k) & 1048575) < t.share
 ORDER BY t.k, p.n;
INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)
SELECT :'tenant', :'community', '老客', id, at FROM p WHERE n % (:rows / 100) = 0;

INSERT INTO group_place (tenant_id, community_id, group_id, member_id, join_time)
SELECT :'tenant', :'community', (SELECT id FROM g WHERE n = 0), id, at FROM p WHERE n % (:rows / 500) = 0 AND a < 0.94;

UPDATE community SET waiting_count = (SELECT count(*) FROM p WHERE a >= 0.94 AND a < 0.97), next_ticket = :rows + 1
 WHERE tenant_id = :'tenant' AND id = :'community';
