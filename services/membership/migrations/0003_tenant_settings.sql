-- What the gateway needs to know of a tenant. Without a row the defaults are in force.

-- The tenant's own.
CREATE TABLE tenant_settings (
  tenant_id            uuid PRIMARY KEY REFERENCES tenant,
  cors_allowed_origins text[] NOT NULL,
  version              bigint NOT NULL,
  update_time          timestamptz NOT NULL
);

-- The operator's; NULL is the gateway's default, 0 no limit.
CREATE TABLE tenant_limits (
  tenant_id         uuid PRIMARY KEY REFERENCES tenant,
  key_per_second    int,
  key_burst         int,
  tenant_per_second int,
  tenant_burst      int,
  max_in_flight     int,
  update_time       timestamptz NOT NULL
);

CALL protect('tenant_settings');
CALL protect('tenant_limits');
