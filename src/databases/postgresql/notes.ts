// What a restore does not bring back as it is now. It is said when the backup is made, since afterwards it is too late.
import type { Ask } from "./ask.ts";

const NOTES = `
SELECT 'the index ' || indexrelid::regclass || ' is not valid, and is not in the dump: REINDEX or DROP it' FROM pg_index WHERE NOT indisvalid
  AND NOT EXISTS (SELECT FROM pg_class WHERE oid = indrelid AND relkind = 'p')
UNION ALL SELECT 'the subscription ' || quote_ident(subname) || ' comes back disabled; after a restore: ALTER SUBSCRIPTION ' || quote_ident(subname) || ' ENABLE'
  FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database() AND subenabled
UNION ALL SELECT 'the replication slot ' || quote_ident(slot_name) || ' is not in the dump, and is dropped with the database' FROM pg_replication_slots
  WHERE database = current_database() AND NOT temporary
UNION ALL SELECT 'the settings that ALTER ROLE ALL makes (' || (SELECT string_agg(split_part(one, '=', 1), ', ') FROM unnest(setconfig) AS one) || ') belong to the entire server and are not backed up'
  FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0
UNION ALL SELECT 'the prepared transaction ' || quote_literal(gid) || ' is not in the dump, and a restore waits for its end' FROM pg_prepared_xacts
  WHERE database = current_database()
LIMIT 20`;

/** Since PostgreSQL 15. Of the roles that have something in the database. */
const PARAMETERS = `
SELECT 'the privileges of the role ' || grantee::regrole || ' on settings of the server (' || string_agg(DISTINCT parname, ', ') || ') are not backed up: they belong to the entire server'
  FROM pg_parameter_acl, aclexplode(paracl) AS a JOIN pg_roles r ON r.oid = grantee
  WHERE NOT rolsuper AND EXISTS (SELECT FROM pg_shdepend, pg_database d WHERE datname = current_database() AND refclassid = 'pg_authid'::regclass
    AND refobjid = grantee AND (dbid = d.oid OR classid = 'pg_database'::regclass AND objid = d.oid))
  GROUP BY grantee LIMIT 20`;

export async function notesOf(ask: Ask, database: string): Promise<string[]> {
	const doing = `look for what a dump of ${database} leaves out`;
	const [[parameters = ""] = []] = await ask(
		["SELECT to_regclass('pg_catalog.pg_parameter_acl')"],
		doing,
		database,
	);
	const rows = await ask([NOTES, ...(parameters === "" ? [] : [PARAMETERS])], doing, database);
	return rows.map(([note = ""]) => `PostgreSQL database ${database}: ${note}`);
}
