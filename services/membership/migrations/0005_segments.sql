-- Segments, and the indexes by which members are found and counted.

CREATE TABLE segment (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  community_id uuid NOT NULL,
  display_name text NOT NULL,
  -- As the tenant wrote it; evaluated when it is asked for.
  filter       text NOT NULL,
  description  text NOT NULL,
  create_time  timestamptz NOT NULL,
  update_time  timestamptz NOT NULL,
  version      bigint NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);
CREATE INDEX segment_community ON segment (tenant_id, community_id, id);
CALL protect('segment');

-- What most filters ask for is in the primary key itself, so that a million members are counted without their rows. No
-- index more for a join to write; this one is twice as large. member_community stays without them: it is the smaller one
-- then and the one that pages are read from, in the order of ids, past nobody of another community.
ALTER TABLE member DROP CONSTRAINT member_pkey;
ALTER TABLE member ADD PRIMARY KEY (tenant_id, id)
  INCLUDE (community_id, state, source, customer_class, fan_score, values_fit, join_time);

-- A page of a rare class in the order of ids. Who joins has no class, as a rule, and costs nothing here.
CREATE INDEX member_class ON member (tenant_id, community_id, customer_class, id) WHERE customer_class <> 0;

-- Who is on a channel, from the index alone; in place of the one without the channel.
CREATE INDEX member_identity_of_member ON member_identity (tenant_id, member_id) INCLUDE (channel);
DROP INDEX member_identity_member;

-- A community belongs to one tenant, and a place in a group to one community. Unaware of it the planner multiplies how
-- rare the tenant is by how rare the community is, and takes a large community for a small one.
CREATE STATISTICS member_tenancy (dependencies) ON tenant_id, community_id FROM member;
CREATE STATISTICS member_tag_tenancy (dependencies) ON tenant_id, community_id FROM member_tag;
-- Which tags are frequent is a matter of the community.
CREATE STATISTICS member_tag_frequency (mcv) ON community_id, tag FROM member_tag;
