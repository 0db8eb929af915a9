-- Makes the schema of one service and its three roles. Run by psql as a superuser, once per service and database, and
-- again without harm:
--
--   LANTING_BOOTSTRAP_PASSWORD=... psql -v ON_ERROR_STOP=1 -v service=membership -f bootstrap.sql <database>
--
--   <service>_owner   owns the schema; used by `lantingctl migrate` only
--   <service>_app     DML under row-level security; what the process serves with
--   <service>_relay   reads the outbox of all tenants, keeps its place, drops what is old
--
-- The password is set for all three; leave it out where the server trusts its socket. It comes by the environment, since
-- command lines can be read by every user of the machine.
\getenv password LANTING_BOOTSTRAP_PASSWORD
\if :{?password}
\else
  \set password ''
\endif

SELECT format('CREATE ROLE %I LOGIN', :'service' || suffix)
FROM unnest(ARRAY['_owner', '_app', '_relay']) AS suffix
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service' || suffix) \gexec

SELECT format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', :'service' || suffix)
FROM unnest(ARRAY['_owner', '_app', '_relay']) AS suffix \gexec

SELECT format('ALTER ROLE %I PASSWORD %L', :'service' || suffix, :'password')
FROM unnest(ARRAY['_owner', '_app', '_relay']) AS suffix
WHERE :'password' <> '' \gexec

SELECT format('ALTER ROLE %I SET %s', :'service' || suffix, setting)
FROM unnest(ARRAY['_owner', '_app', '_relay']) AS suffix,
     unnest(ARRAY[format('search_path = %I, pg_temp', :'service'), 'timezone = ''UTC''', 'datestyle = ''ISO''',
                  'synchronous_commit = on', 'default_transaction_isolation = ''read committed''',
                  -- Filters are planned anew each time: to compile one costs more than it saves. And an index is worth
                  -- more than the default says, which is that of a disk with a head.
                  'jit = off', 'random_page_cost = 1.1']) AS setting \gexec

SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', :'service', :'service' || '_owner') \gexec
SELECT format('GRANT USAGE ON SCHEMA %I TO %I, %I', :'service', :'service' || '_app', :'service' || '_relay') \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I, %I, %I', current_database(), :'service' || '_owner',
              :'service' || '_app', :'service' || '_relay') \gexec
-- Nobody needs temporary objects, and pg_temp is where a role could put a table in place of another's.
SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
