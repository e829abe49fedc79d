// Decide who may own the content of a dump. For an archive that this machine did not write exactly as it is, nothing
// may be given to a role with rights beyond the database, because a function can run with its owner's rights.
import { HoldfastError } from "../../values/error.ts";
import type { Ask } from "./ask.ts";
import { literal } from "./names.ts";

/**
 * The roles in this list that may own content of an unknown archive: they own something in the live database already,
 * or have nothing anywhere else. Roles with server-wide powers never qualify.
 */
export async function ordinaryOwners(
	ask: Ask,
	live: string,
	fresh: string,
	owners: readonly string[],
): Promise<Set<string>> {
	if (owners.length === 0) return new Set();
	const own = `(SELECT oid FROM pg_database WHERE datname IN (${literal(live)}, ${literal(fresh)}))`;
	const ofLive = `(SELECT oid FROM pg_database WHERE datname = ${literal(live)})`;
	const rows = await ask(
		[
			`
WITH wanted AS (
  SELECT oid, rolname FROM pg_roles WHERE rolname IN (${owners.map(literal).join(", ")})
), reach AS (
  SELECT w.oid, w.rolname, r.oid AS other, r.rolname AS other_name,
    r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls OR r.rolname ~ '^pg_' AS powerful
  FROM wanted w JOIN pg_roles r ON r.rolname <> 'pg_database_owner' AND (r.oid = w.oid OR pg_has_role(w.oid, r.oid, 'MEMBER'))
), stakes AS (
  SELECT refobjid AS role, dbid IN ${ofLive} OR classid = 'pg_database'::regclass AND objid IN ${ofLive} AS in_live, deptype = 'o' AS owns,
    NOT (dbid IN ${own} OR classid = 'pg_database'::regclass AND objid IN ${own}) AS elsewhere
  FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND deptype IN ('o', 'a')
)
SELECT rolname FROM wanted w
WHERE NOT EXISTS (SELECT FROM reach r WHERE r.oid = w.oid AND powerful)
  AND (EXISTS (SELECT FROM stakes WHERE role = w.oid AND in_live AND owns)
    OR NOT EXISTS (SELECT FROM stakes s JOIN reach r ON r.oid = w.oid AND r.other = s.role WHERE elsewhere))`,
		],
		"read the privileges of the roles",
	);
	return new Set(rows.flat());
}

export async function requireOrdinaryOwners(
	ask: Ask,
	live: string,
	fresh: string,
	owners: readonly string[],
): Promise<void> {
	const ordinary = await ordinaryOwners(ask, live, fresh, owners);
	const others = [...new Set(owners)].filter((one) => !ordinary.has(one));
	if (others.length === 0) return;
	throw new HoldfastError(
		"archive-not-trusted",
		`objects in the dump of ${live} would belong to ${others.join(", ")}: roles that do not exist or have rights outside this database`,
		{
			hint: "this archive was not written by this machine, or was modified since; if you trust its contents, restore it with --trust-archive",
		},
	);
}
