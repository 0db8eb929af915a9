-- What brings people together and what for, in words the software understands; routing of members by their tags;
-- groups split off from others.

ALTER TABLE community
  -- lanting.membership.v1.CommunityType, PurposeKind and ProductKind; 0: not said.
  ADD COLUMN type         smallint NOT NULL DEFAULT 0,
  ADD COLUMN purposes     int[] NOT NULL DEFAULT '{}',
  ADD COLUMN product_kind smallint NOT NULL DEFAULT 0;

-- A community's further places are counted.
CREATE INDEX group_place_community ON group_place (tenant_id, community_id);
CREATE INDEX chat_group_split ON chat_group (tenant_id, split_id) WHERE split_id IS NOT NULL;

-- Where the members with a tag are sent.
CREATE TABLE routing_rule (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  tag          text NOT NULL,
  group_id     uuid NOT NULL,
  priority     int NOT NULL,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community,
  FOREIGN KEY (tenant_id, group_id) REFERENCES chat_group
);
CREATE INDEX routing_rule_community ON routing_rule (tenant_id, community_id, id);
CREATE UNIQUE INDEX routing_rule_target_key ON routing_rule (tenant_id, community_id, tag, group_id);

CREATE TABLE group_split (
  tenant_id           uuid NOT NULL,
  id                  uuid NOT NULL,
  community_id        uuid NOT NULL,
  parent_group_id     uuid NOT NULL,
  reason              text NOT NULL,
  -- Whether members gave up their place in the parent.
  move                boolean NOT NULL,
  -- Places taken in the parent at the moment before.
  parent_member_count int NOT NULL,
  create_time         timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community,
  FOREIGN KEY (tenant_id, parent_group_id) REFERENCES chat_group
);

-- Whom a group took at the split that made it: what it has won and lost since is told from them.
CREATE TABLE group_founder (
  tenant_id uuid NOT NULL,
  group_id  uuid NOT NULL,
  member_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id)
);
CREATE INDEX group_founder_member ON group_founder (tenant_id, member_id);

CALL protect('routing_rule');
CALL protect('group_split');
CALL protect('group_founder');

-- As before, without archived communities, where nobody comes in.
CREATE OR REPLACE FUNCTION waiting_communities(max_rows int) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT c.tenant_id, c.id FROM community c
   WHERE c.waiting_count > 0 AND c.state = 1
     AND EXISTS (SELECT FROM chat_group g WHERE g.tenant_id = c.tenant_id AND g.community_id = c.id AND g.kind = 1
                                            AND g.state = 1 AND g.member_count < g.capacity)
   LIMIT max_rows
$$;
