-- Makes the roles of the service's database and their passwords. An administrator of the database runs this file with
-- psql, before the tables are made and again to change a password. Running it again changes nothing else:
--
--     psql --dbname challenges --variable secrets=/run/secrets --file deploy/roles.sql
--
-- In that folder, the file database-owner holds the password of challenges_owner, and so on for worker, desk and reader.
-- What each role may do with each table stands in store/database/grants.sql, which `starter.py migrate` carries out.

\set ON_ERROR_STOP on
-- What follows has passwords in it: the server's log gets none, even if a statement fails.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;

\set file :secrets '/database-owner'
\set owner `cat :'file'`
\set file :secrets '/database-worker'
\set worker `cat :'file'`
\set file :secrets '/database-desk'
\set desk `cat :'file'`
\set file :secrets '/database-reader'
\set reader `cat :'file'`

-- PostgreSQL takes an empty password for none, and a role without a password lets nobody in, for no visible reason.
SELECT '' IN (:'owner', :'worker', :'desk', :'reader') AS missing \gset
\if :missing
DO $$ BEGIN RAISE EXCEPTION 'one of the four passwords is missing: write it into its file'; END $$;
\endif

BEGIN;

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['challenges_owner', 'challenges_worker', 'challenges_desk', 'challenges_reader']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE challenges_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner';
ALTER ROLE challenges_worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD :'worker';
ALTER ROLE challenges_desk LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD :'desk';
ALTER ROLE challenges_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD :'reader';
ALTER ROLE challenges_reader SET default_transaction_read_only = on;

-- The database belongs to the owner of the tables, and nobody else makes anything in it.
SELECT format('ALTER DATABASE %I OWNER TO challenges_owner', current_database())
\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format(
    'GRANT CONNECT ON DATABASE %I TO challenges_worker, challenges_desk, challenges_reader', current_database()
)
\gexec
ALTER SCHEMA public OWNER TO challenges_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO challenges_worker, challenges_desk, challenges_reader;

-- An erasure has the statistics of the planner written again, which hold examples of what was in the tables.
GRANT MAINTAIN ON pg_catalog.pg_statistic TO challenges_desk;

COMMIT;
