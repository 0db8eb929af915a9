-- The smallest service: what the platform's own tests write to.
CREATE TABLE account (
  tenant_id uuid NOT NULL,
  id        uuid NOT NULL,
  handle    text NOT NULL,
  balance   bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX account_handle_key ON account (tenant_id, handle);
CALL protect('account');

-- Every type a parameter may have.
CREATE TABLE sample (
  tenant_id uuid NOT NULL,
  id        uuid NOT NULL,
  name      text,
  flag      boolean,
  small     int,
  big       bigint,
  at        timestamptz,
  raw       bytea,
  names     text[],
  raws      bytea[],
  PRIMARY KEY (tenant_id, id)
);
CALL protect('sample');
