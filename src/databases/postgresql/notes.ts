// What a restore does not bring back as it is now. It is said when the backup is made, since afterwards it is too late.
import type { Ask } from "./ask.ts";

const NOTES = `
SELECT 'the index ' || indexrelid::regclass || ' is not valid, and is not in the dump: REINDEX or DROP it' FROM pg_index WHERE NOT indisvalid
  AND NOT EXISTS (SELECT FROM pg_class WHERE oid = indrelid AND relkind = 'p')
UNION ALL SELECT 'the subscription ' || quote_ident(subname) || ' comes back disabled; after a restore: ALTER SUBSCRIPTION ' || quote_ident(subname) || ' ENABLE'
  FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database() AND subenabled
UNION ALL SELECT 'the replication slot ' || quote_ident(slot_name) || ' is not in the dump, and is dropped with the database' FROM pg_replication_slots
  WHERE database = current_database() AND NOT temporary
UNION ALL SELECT 'the prepared transaction ' || quote_literal(gid) || ' is not in the dump, and a restore waits for its end' FROM pg_prepared_xacts
  WHERE database = current_database()
LIMIT 20`;

export async function notesOf(ask: Ask, database: string): Promise<string[]> {
	const rows = await ask([NOTES], `look for what a dump of ${database} leaves out`, database);
	return rows.map(([note = ""]) => `PostgreSQL database ${database}: ${note}`);
}
