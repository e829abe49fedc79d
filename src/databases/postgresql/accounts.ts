// The roles that a database needs, as statements that make them anew. Roles belong to the whole server, so a restore
// makes those that are missing and changes none that is there.
import { literal } from "./names.ts";

/** One row with a JSON list: owners and grantees of the database and of all in it (the catalog pg_shdepend). */
export const rolesNeeded = (database: string) => `
SELECT json_agg(DISTINCT rolname) FROM pg_roles r WHERE rolname !~ '^pg_' AND (
  r.oid = (SELECT datdba FROM pg_database WHERE datname = ${literal(database)})
  OR r.oid IN (SELECT refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND (
    dbid = (SELECT oid FROM pg_database WHERE datname = ${literal(database)})
    OR (classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = ${literal(database)})))))`;

/** One row with a JSON list of { name, statements }. A password is kept as the server keeps it, hashed. */
export const accountStatements = (names: readonly string[]) => `
SELECT json_agg(json_build_object('name', rolname, 'statements', array_to_json(
  ARRAY[format('CREATE ROLE %I WITH %s %s %s %s %s %s %s CONNECTION LIMIT %s%s%s', rolname,
    CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
    CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
    CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
    CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
    CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
    CASE WHEN rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
    rolconnlimit,
    CASE WHEN rolpassword IS NULL THEN '' ELSE format(' PASSWORD %L', rolpassword) END,
    CASE WHEN rolvaliduntil IS NULL THEN '' ELSE format(' VALID UNTIL %L', rolvaliduntil) END)]
  || ARRAY(SELECT format('DO $do$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = %L) THEN GRANT %I TO %I; END IF; END $do$', g.rolname, g.rolname, a.rolname)
       FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = a.oid)
)) ORDER BY rolname) FROM pg_authid a WHERE rolname IN (${names.map(literal).join(", ")})`;
