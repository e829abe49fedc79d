// What belongs to a database itself and is in no dump of its content: owner, locale, who may connect, settings
// (pg_dump's manual: without --create, "database-level properties" are left out).
import { identifier, literal } from "./names.ts";

export interface Properties {
	readonly owner: string;
	readonly encoding: string;
	readonly collate: string;
	readonly ctype: string;
	/** The ICU locale, where that provides the collation. */
	readonly icu?: string | null;
	readonly connections?: number;
	/** Null when nobody changed it. A grantee of "" is everyone. */
	readonly grants?: readonly { grantee: string; privilege: string; grantable: boolean }[] | null;
	/** `role` is null for a setting that is for everyone; `setting` is `name=value`. */
	readonly settings?: readonly { role: string | null; setting: string }[] | null;
}

/** One row with a JSON object. The ICU column came with PostgreSQL 15, and has another name since 17. */
export const PROPERTIES = (name: string) => `
SELECT json_build_object(
  'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype,
  'icu', CASE WHEN to_jsonb(d)->>'datlocprovider' = 'i' THEN coalesce(to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale') END,
  'connections', datconnlimit,
  'grants', (SELECT json_agg(json_build_object('grantee', coalesce(pg_get_userbyid(nullif(grantee, 0)), ''), 'privilege', privilege_type, 'grantable', is_grantable)) FROM aclexplode(datacl)),
  'settings', (SELECT json_agg(json_build_object('role', CASE WHEN setrole <> 0 THEN pg_get_userbyid(setrole) END, 'setting', one)) FROM pg_db_role_setting, unnest(setconfig) AS one WHERE setdatabase = d.oid)
) FROM pg_database d WHERE datname = ${literal(name)}`;

/** Settings whose stored value is a list of names, quoted already (PostgreSQL, src/bin/pg_dump/dumputils.c). */
const LISTS = new Set([
	"local_preload_libraries",
	"search_path",
	"session_preload_libraries",
	"shared_preload_libraries",
	"temp_tablespaces",
	"unix_socket_directories",
]);
const PRIVILEGES = new Set(["CONNECT", "CREATE", "TEMPORARY"]);

/** Statements that give the database `name` these properties; owner and locale it got when it was made. */
export function applyProperties(name: string, { connections, grants, settings }: Properties): string[] {
	const database = identifier(name);
	return [
		...(connections === undefined || connections < 0
			? []
			: [`ALTER DATABASE ${database} WITH CONNECTION LIMIT ${Number(connections)}`]),
		...(grants ? [`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`] : []),
		...(grants ?? [])
			.filter(({ privilege }) => PRIVILEGES.has(privilege))
			.map(
				({ grantee, privilege, grantable }) =>
					`GRANT ${privilege} ON DATABASE ${database} TO ${grantee === "" ? "PUBLIC" : identifier(grantee)}${grantable ? " WITH GRANT OPTION" : ""}`,
			),
		...(settings ?? []).map(({ role, setting }) => {
			const at = setting.indexOf("=");
			const [key, value] = [setting.slice(0, at), setting.slice(at + 1)];
			const whose =
				role === null ? `DATABASE ${database}` : `ROLE ${identifier(role)} IN DATABASE ${database}`;
			return `ALTER ${whose} SET ${key.split(".").map(identifier).join(".")} TO ${LISTS.has(key) ? value : literal(value)}`;
		}),
	];
}
