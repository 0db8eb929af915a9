-- One row per event seen. The primary key refuses a second effect of the same event instead of hiding it.
CREATE TABLE audit_entry (
  tenant_id         uuid NOT NULL,
  event_id          uuid NOT NULL,
  type              text NOT NULL,
  subject           text NOT NULL,
  aggregate_version bigint NOT NULL,
  occurred_at       timestamptz NOT NULL,
  recorded_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, event_id)
);
CALL protect('audit_entry');
