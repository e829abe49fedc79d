// The roles that a database needs, as data; the SQL that creates them is written here. Roles belong to the entire
// server, so a restore creates missing roles and never changes existing ones. Roles from an archive that this machine
// does not recognise get nothing that reaches beyond the database.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import type { Ask } from "./ask.ts";
import { makeRoles } from "./make-roles.ts";
import { identifier, literal } from "./names.ts";
import { settingClause, settingName } from "./settings.ts";

/** The attributes that a role may have, and whether each reaches beyond the database. */
const ATTRIBUTES = {
	SUPERUSER: true,
	CREATEROLE: true,
	CREATEDB: true,
	REPLICATION: true,
	BYPASSRLS: true,
	INHERIT: false,
	LOGIN: false,
} as const;
type Attribute = keyof typeof ATTRIBUTES;
const ALL = Object.keys(ATTRIBUTES) as Attribute[];

const roleSchema = v.object({
	name: v.string(),
	attributes: v.array(v.picklist(ALL)),
	connectionLimit: v.pipe(v.number(), v.integer()),
	/** The server's hash. */
	password: v.nullish(v.string()),
	validUntil: v.nullish(v.string()),
	/** `inherit` and `set` exist since PostgreSQL 16. */
	memberOf: v.nullish(
		v.array(
			v.object({
				role: v.string(),
				admin: v.optional(v.boolean(), false),
				inherit: v.nullish(v.boolean()),
				set: v.nullish(v.boolean()),
			}),
		),
	),
	settings: v.nullish(v.array(v.string())),
	comment: v.nullish(v.string()),
});
type Role = v.InferOutput<typeof roleSchema>;

const rolesSchema = v.array(roleSchema);
const heldSchema = v.object({ accounts: rolesSchema });
const oldSchema = v.array(v.object({ name: v.string(), statements: v.array(v.string()) }));

/** Accounts that administer the server, and its own roles: nobody belongs to a database because these reach it. */
const ORDINARY = "NOT rolsuper AND NOT rolcreaterole AND rolname !~ '^pg_'";

/**
 * Returns one row with a JSON list: the owners of and grantees on the database and everything in it (catalog
 * pg_shdepend), those with settings in it, whoever is a member of one of these, since members log in to use their
 * rights, and the groups that these belong to. Not administrators who are members of everything, nor, through them or
 * through a group, the accounts of other services.
 */
const rolesNeeded = (database: string) => `
WITH RECURSIVE here AS (
  SELECT oid, datdba FROM pg_database WHERE datname = ${literal(database)}
), direct AS (
  SELECT datdba AS role FROM here
  UNION SELECT setrole FROM pg_db_role_setting JOIN here ON setdatabase = here.oid
  UNION SELECT refobjid FROM pg_shdepend, here WHERE refclassid = 'pg_authid'::regclass
    AND (dbid = here.oid OR classid = 'pg_database'::regclass AND objid = here.oid)
), below AS (
  SELECT oid AS role FROM pg_roles JOIN direct ON role = oid WHERE ${ORDINARY}
  UNION SELECT member FROM pg_auth_members JOIN below ON roleid = role JOIN pg_roles r ON r.oid = member WHERE ${ORDINARY}
), above AS (
  SELECT role FROM below
  UNION SELECT roleid FROM pg_auth_members JOIN above ON member = role JOIN pg_roles r ON r.oid = roleid
    WHERE ${ORDINARY} AND NOT rolcanlogin
)
SELECT json_agg(DISTINCT rolname) FROM pg_roles JOIN (SELECT role FROM direct UNION SELECT role FROM above) AS reach
  ON role = oid WHERE rolname !~ '^pg_'`;

/** Returns one row with a JSON list of roles. */
const rolesOf = (names: readonly string[]) => `
SELECT json_agg(json_build_object('name', rolname,
  'attributes', array_to_json(array_remove(ARRAY[
    CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
    CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN rolinherit THEN 'INHERIT' END, CASE WHEN rolcanlogin THEN 'LOGIN' END], NULL)),
  'connectionLimit', rolconnlimit, 'password', rolpassword, 'validUntil', rolvaliduntil,
  'memberOf', (SELECT json_agg(json_build_object('role', g.rolname, 'admin', m.admin_option,
      'inherit', to_jsonb(m)->'inherit_option', 'set', to_jsonb(m)->'set_option'))
    FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = a.oid),
  'settings', (SELECT to_json(setconfig) FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0),
  'comment', shobj_description(a.oid, 'pg_authid')
) ORDER BY rolname) FROM pg_authid a WHERE rolname IN (${names.map(literal).join(", ")})`;

export async function accountsOf(ask: Ask, database: string): Promise<readonly Role[]> {
	const [needed] = await ask([rolesNeeded(database)], `list the roles of ${database}`);
	const names = v.parse(v.array(v.string()), JSON.parse(needed?.[0] || "[]"));
	if (names.length === 0) return [];
	const [row] = await ask([rolesOf(names)], `read the roles of ${database}`);
	return v.parse(rolesSchema, JSON.parse(row?.[0] || "[]"));
}

/** Parse roles from an archive, of this version or of 0.1.0. `faults` describes what was not understood. */
function held(accounts: unknown): { roles: readonly Role[]; faults: string[] } {
	const found = v.safeParse(heldSchema, accounts);
	if (found.success) return { roles: found.output.accounts, faults: [] };
	const old = v.safeParse(oldSchema, accounts);
	if (!old.success)
		throw new HoldfastError("archive-damaged", "the accounts in the archive cannot be read", {
			hint: "the archive is damaged or was modified; choose another one",
		});
	const faults: string[] = [];
	const roles = old.output.flatMap(({ name, statements }) => {
		const role = oldRole(name, statements);
		if (!role) faults.push(`the role ${name} was skipped: its definition cannot be parsed`);
		return role ?? [];
	});
	return { roles, faults };
}

const NAME = '("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)';
const TEXT = "(E?'(?:[^']|'')*')";
const CREATE = new RegExp(
	`^CREATE ROLE ${NAME} WITH (\\w+) (\\w+) (\\w+) (\\w+) (\\w+) (\\w+) (\\w+) CONNECTION LIMIT (-?\\d+)(?: PASSWORD ${TEXT})?(?: VALID UNTIL ${TEXT})?$`,
);
const MEMBER = new RegExp(
	`^DO \\$do\\$ BEGIN IF EXISTS \\(SELECT FROM pg_roles WHERE rolname = ${TEXT}\\) THEN GRANT ${NAME} TO ${NAME}; END IF; END \\$do\\$$`,
);

/** Parses the statements that 0.1.0 wrote; undefined for any other. */
function oldRole(name: string, [create = "", ...others]: readonly string[]): Role | undefined {
	const made = CREATE.exec(create);
	const members = others.map((one) => MEMBER.exec(one));
	if (!made || bareName(made[1] ?? "") !== name) return undefined;
	if (members.some((one) => !one || bareName(one[3] ?? "") !== name)) return undefined;
	const words = made.slice(2, 9);
	return {
		name,
		attributes: ALL.filter((one) => words.includes(one)),
		connectionLimit: Number(made[9]),
		...(made[10] === undefined ? {} : { password: bareText(made[10]) }),
		...(made[11] === undefined ? {} : { validUntil: bareText(made[11]) }),
		memberOf: members.map((one) => ({ role: bareName(one?.[2] ?? ""), admin: false })),
	};
}

const bareName = (text: string) => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
/** Undo the quoting of format('%L'). */
const bareText = (text: string) =>
	text.startsWith("E")
		? text.slice(2, -1).replaceAll("''", "'").replaceAll("\\\\", "\\")
		: text.slice(1, -1).replaceAll("''", "'");

export async function missingAccounts(ask: Ask, accounts: unknown): Promise<string[]> {
	const names = held(accounts).roles.map(({ name }) => name);
	const there = await present(ask, names);
	return names.filter((name) => !there.has(name));
}

export async function present(ask: Ask, names: readonly string[]): Promise<Set<string>> {
	if (names.length === 0) return new Set();
	const rows = await ask(
		[`SELECT rolname FROM pg_roles WHERE rolname IN (${names.map(literal).join(", ")})`],
		"list the roles",
	);
	return new Set(rows.flat());
}

/** The settings known to this server that any session may change. The others can affect what the server runs. */
export async function ordinarySettings(ask: Ask): Promise<Set<string>> {
	const rows = await ask(
		["SELECT lower(name) FROM pg_settings WHERE context = 'user'"],
		"ask PostgreSQL for its settings",
	);
	return new Set(rows.flat());
}

/**
 * Create the roles. For an untrusted archive only the database's owner may log in, because the service needs that role;
 * any other login would give the archive's author access to the server.
 */
export async function createAccounts(
	ask: Ask,
	accounts: unknown,
	names: readonly string[],
	trust: "all" | { readonly owner: string },
): Promise<string[]> {
	const trusted = trust === "all";
	const { roles, faults } = held(accounts);
	const wanted = roles.filter(({ name }) => names.includes(name));
	if (wanted.length === 0) return faults;
	const others = await present(
		ask,
		wanted.flatMap(({ memberOf }) => (memberOf ?? []).map(({ role }) => role)),
	);
	const [[number = "0"] = []] = await ask(["SHOW server_version_num"], "ask PostgreSQL for its version");
	const ordinary = await ordinarySettings(ask);
	const leftOut = (name: string, what: string, how: string) =>
		faults.push(
			`${what} of the role ${name} was not restored, because this machine did not write the archive; to restore it: ${how}`,
		);
	const created = wanted.map((role) => {
		const { name, attributes, connectionLimit, password, validUntil } = role;
		const mayHave = (one: Attribute) =>
			trusted || (one === "LOGIN" ? name === trust.owner : !ATTRIBUTES[one]);
		const given = ALL.filter((one) => attributes.includes(one) && mayHave(one));
		for (const one of attributes)
			if (!given.includes(one)) leftOut(name, one, `ALTER ROLE ${identifier(name)} ${one}`);
		const statement = [
			`CREATE ROLE ${identifier(name)} WITH ${ALL.map((one) => (given.includes(one) ? one : `NO${one}`)).join(" ")} CONNECTION LIMIT ${connectionLimit}`,
			...(password ? [` PASSWORD ${literal(password)}`] : []),
			...(validUntil ? [` VALID UNTIL ${literal(validUntil)}`] : []),
		].join("");
		return { name, statement };
	});
	const belonging = wanted.map(({ name, memberOf, settings, comment }) => ({
		name,
		statements: [
			...(memberOf ?? []).flatMap(({ role, admin, inherit, set }) => {
				const isNew = names.includes(role);
				if (!isNew && !others.has(role)) return [];
				const grant = `GRANT ${identifier(role)} TO ${identifier(name)}`;
				if (!isNew && !trusted) {
					leftOut(name, `membership in ${role}`, grant);
					return [];
				}
				return Number(number) >= 160_000 && inherit != null && set != null
					? [`${grant} WITH ADMIN ${admin}, INHERIT ${inherit}, SET ${set}`]
					: [`${grant}${admin ? " WITH ADMIN OPTION" : ""}`];
			}),
			...(settings ?? []).flatMap((setting) => {
				const statement = `ALTER ROLE ${identifier(name)} ${settingClause(setting)}`;
				if (trusted || ordinary.has(settingName(setting).toLowerCase())) return [statement];
				leftOut(name, `the setting ${settingName(setting)}`, statement);
				return [];
			}),
			...(comment ? [`COMMENT ON ROLE ${identifier(name)} IS ${literal(comment)}`] : []),
		],
	}));
	return [...faults, ...(await makeRoles(ask, created, belonging))];
}

export async function dropAccounts(ask: Ask, names: readonly string[]): Promise<void> {
	for (const name of names)
		await ask([`DROP ROLE IF EXISTS ${identifier(name)}`], `drop the role ${name}`).catch(() => {});
}
