// Properties of the database itself that a dump of its content does not contain: owner, locale, who may connect,
// settings (pg_dump's manual: without --create, "database-level properties" are left out).
import * as v from "valibot";
import { identifier, literal } from "./names.ts";
import { settingClause } from "./settings.ts";

export const propertiesSchema = v.object({
	owner: v.string(),
	encoding: v.string(),
	collate: v.string(),
	ctype: v.string(),
	/** The ICU locale, if ICU provides the collation. */
	icu: v.nullish(v.string()),
	/** Additions to the rules of the ICU locale. */
	icuRules: v.nullish(v.string()),
	/** The locale, if PostgreSQL itself provides the collation (since 17). */
	builtin: v.nullish(v.string()),
	/** The database's own tablespace, unless it is the default one, and those of its tables and indexes. */
	tablespace: v.nullish(v.string()),
	tablespaces: v.exactOptional(v.array(v.string())),
	connections: v.optional(v.pipe(v.number(), v.integer())),
	/** Null if nobody changed the default grants. A grantee of "" is everyone. */
	grants: v.nullish(
		v.array(v.object({ grantee: v.string(), privilege: v.string(), grantable: v.boolean() })),
	),
	/** `role` is null for a setting that applies to all roles; `setting` is `name=value`. */
	settings: v.nullish(v.array(v.object({ role: v.nullable(v.string()), setting: v.string() }))),
	comment: v.nullish(v.string()),
});
export type Properties = v.InferOutput<typeof propertiesSchema>;

/** Returns one row with a JSON object. The ICU column was added in PostgreSQL 15 and renamed in 17. */
export const PROPERTIES = (name: string) => `
SELECT json_build_object(
  'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype,
  'icu', CASE WHEN to_jsonb(d)->>'datlocprovider' = 'i' THEN coalesce(to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale') END,
  'icuRules', to_jsonb(d)->>'daticurules',
  'builtin', CASE WHEN to_jsonb(d)->>'datlocprovider' = 'b' THEN to_jsonb(d)->>'datlocale' END,
  'tablespace', (SELECT nullif(spcname, 'pg_default') FROM pg_tablespace t WHERE t.oid = dattablespace),
  'connections', datconnlimit,
  'grants', (SELECT json_agg(json_build_object('grantee', coalesce(pg_get_userbyid(nullif(grantee, 0)), ''), 'privilege', privilege_type, 'grantable', is_grantable)) FROM aclexplode(datacl)),
  'settings', (SELECT json_agg(json_build_object('role', CASE WHEN setrole <> 0 THEN pg_get_userbyid(setrole) END, 'setting', one)) FROM pg_db_role_setting, unnest(setconfig) AS one WHERE setdatabase = d.oid),
  'comment', shobj_description(d.oid, 'pg_database')
) FROM pg_database d WHERE datname = ${literal(name)}`;

const PRIVILEGES = new Set(["CONNECT", "CREATE", "TEMPORARY"]);

/** The clause after CREATE DATABASE … OWNER …. */
export function localeClause({ encoding, collate, ctype, icu, icuRules, builtin }: Properties): string {
	const provider = icu
		? ` LOCALE_PROVIDER icu ICU_LOCALE ${literal(icu)}${icuRules ? ` ICU_RULES ${literal(icuRules)}` : ""}`
		: builtin
			? ` LOCALE_PROVIDER builtin BUILTIN_LOCALE ${literal(builtin)}`
			: "";
	return `TEMPLATE template0 ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}${provider}`;
}

/** Statements that give the database `name` these properties, except for its locale. */
export function applyProperties(
	name: string,
	{ connections, grants, settings, comment }: Omit<Properties, "owner">,
): string[] {
	const database = identifier(name);
	return [
		...(connections === undefined || connections < 0
			? []
			: [`ALTER DATABASE ${database} WITH CONNECTION LIMIT ${connections}`]),
		...(grants ? [`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`] : []),
		...(grants ?? [])
			.filter(({ privilege }) => PRIVILEGES.has(privilege))
			.map(
				({ grantee, privilege, grantable }) =>
					`GRANT ${privilege} ON DATABASE ${database} TO ${grantee === "" ? "PUBLIC" : identifier(grantee)}${grantable ? " WITH GRANT OPTION" : ""}`,
			),
		...(settings ?? []).map(({ role, setting }) => {
			const whose =
				role === null ? `DATABASE ${database}` : `ROLE ${identifier(role)} IN DATABASE ${database}`;
			return `ALTER ${whose} ${settingClause(setting)}`;
		}),
		...(comment ? [`COMMENT ON DATABASE ${database} IS ${literal(comment)}`] : []),
	];
}
