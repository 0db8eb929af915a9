-- Files of people beyond one request: how an import reads its file, and files that are sent in parts.

ALTER TABLE member_import
  -- lanting.membership.v1.TextEncoding; 0: found out by whoever reads the file.
  ADD COLUMN encoding               smallint NOT NULL DEFAULT 0,
  -- "<field>:<title of the column>".
  ADD COLUMN mapping                text[] NOT NULL DEFAULT '{}',
  -- lanting.membership.v1.Channel of every user id; 0: a column says.
  ADD COLUMN channel                smallint NOT NULL DEFAULT 0,
  ADD COLUMN ignore_unknown_columns boolean NOT NULL DEFAULT false,
  -- What was found in the header, in its order: the titles, and the field that each is ('': ignored).
  ADD COLUMN titles                 text[] NOT NULL DEFAULT '{}',
  ADD COLUMN fields                 text[] NOT NULL DEFAULT '{}',
  -- The file, if it is not in csv.
  ADD COLUMN upload_id              uuid,
  ADD COLUMN total_bytes            bigint NOT NULL DEFAULT 0,
  ADD COLUMN processed_bytes        bigint NOT NULL DEFAULT 0;

CREATE TABLE member_upload (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL,
  community_id   uuid NOT NULL,
  size           bigint NOT NULL CHECK (size > 0),
  -- As announced, in hex; '': not announced.
  sha256         text NOT NULL,
  received_bytes bigint NOT NULL DEFAULT 0 CHECK (received_bytes BETWEEN 0 AND size),
  -- The import that reads it at this moment.
  import_id      uuid,
  create_time    timestamptz NOT NULL,
  -- When it may be deleted.
  expire_time    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, community_id) REFERENCES community
);
CREATE INDEX member_upload_expire ON member_upload (expire_time);

CREATE TABLE member_upload_part (
  tenant_id   uuid NOT NULL,
  upload_id   uuid NOT NULL,
  part_offset bigint NOT NULL,
  data        bytea NOT NULL,
  PRIMARY KEY (tenant_id, upload_id, part_offset),
  FOREIGN KEY (tenant_id, upload_id) REFERENCES member_upload
);
-- It is read in slices: what is compressed would be unpacked from its beginning for each.
ALTER TABLE member_upload_part ALTER COLUMN data SET STORAGE EXTERNAL;

CALL protect('member_upload');
CALL protect('member_upload_part');

CREATE POLICY upload_of_any_tenant ON member_upload FOR SELECT TO membership_owner USING (expire_time < now());

-- Uploads of all tenants that may be deleted.
CREATE FUNCTION expired_uploads(max_rows int) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT u.tenant_id, u.id FROM member_upload u WHERE u.expire_time < now() ORDER BY u.expire_time LIMIT max_rows
$$;
REVOKE ALL ON FUNCTION expired_uploads(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expired_uploads(int) TO membership_app;

-- As running_imports(int), of those that read an upload or of those that do not; NULL: of both.
CREATE FUNCTION running_imports(max_rows int, of_uploads boolean) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = membership, pg_temp AS $$
  SELECT i.tenant_id, i.id FROM member_import i
   WHERE i.state = 1 AND (of_uploads IS NULL OR (i.upload_id IS NOT NULL) = of_uploads)
   ORDER BY i.id LIMIT max_rows
$$;
REVOKE ALL ON FUNCTION running_imports(int, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION running_imports(int, boolean) TO membership_app;
