// Decide which roles may get rights or settings from an archive that this machine did not write exactly as it is: roles
// that the live database already knows, superusers, who have every right anyway, and roles that nobody can log in as and
// that have no members, such as those that a restore creates. All others get nothing, and a warning names them.
import type { Ask } from "./ask.ts";
import { literal } from "./names.ts";
import type { Properties } from "./properties.ts";
import { nameAt } from "./rights.ts";
import type { Token } from "./toc.ts";

/** The roles in this list that may get rights on the database and its content. */
export async function mayGet(
	ask: Ask,
	live: string,
	owner: string,
	roles: readonly string[],
): Promise<ReadonlySet<string>> {
	const names = [...new Set(roles)].filter((one) => one !== "" && one !== owner);
	if (names.length === 0) return new Set(["", owner]);
	const ofLive = `(SELECT oid FROM pg_database WHERE datname = ${literal(live)})`;
	const rows = await ask(
		[
			`SELECT rolname FROM pg_roles r WHERE rolname IN (${names.map(literal).join(", ")}) AND (
				rolsuper OR rolname = 'pg_database_owner'
				OR NOT rolcanlogin AND rolname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = r.oid)
				OR EXISTS (SELECT FROM pg_database WHERE oid = ${ofLive} AND datdba = r.oid)
				OR EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid
					AND (dbid = ${ofLive} OR classid = 'pg_database'::regclass AND objid = ${ofLive}))
				OR EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = r.oid AND setdatabase = ${ofLive}))`,
		],
		"read the roles that are granted privileges",
	);
	return new Set(["", owner, ...rows.flat()]);
}

const leftOut = (what: string, role: string, live: string) =>
	`${what} of the role ${role} was not restored, because that role is not used by the database ${live} on this machine and this machine did not write the archive; to restore it, use --trust-archive or grant it by hand`;

/** Settings that determine which role a session runs as. No archive may set them. */
const AS_WHOM = new Set(["role", "session_authorization"]);

/** The grants and settings of the database, without those of roles that may not get any. */
export async function propertiesOfUnknown(
	ask: Ask,
	live: string,
	properties: Properties,
): Promise<{ properties: Properties; warnings: string[] }> {
	const { owner, grants, settings } = properties;
	const known = await mayGet(ask, live, owner, [
		...(grants ?? []).map(({ grantee }) => grantee),
		...(settings ?? []).flatMap(({ role }) => role ?? []),
	]);
	const warnings: string[] = [];
	return {
		warnings,
		properties: {
			...properties,
			grants: grants?.filter(({ grantee, privilege }) => {
				if (!known.has(grantee)) warnings.push(leftOut(`the privilege ${privilege}`, grantee, live));
				return known.has(grantee);
			}),
			settings: settings?.filter(({ role, setting }) => {
				const name = setting.split("=")[0] ?? "";
				if (AS_WHOM.has(name.toLowerCase())) {
					warnings.push(
						`the setting ${name} of the database was not restored, because this machine did not write the archive`,
					);
					return false;
				}
				if (!known.has(role ?? "")) warnings.push(leftOut(`the setting ${name}`, role ?? "", live));
				return known.has(role ?? "");
			}),
		},
	};
}

/** GRANT and ALTER DEFAULT PRIVILEGES from a dump, without those to roles that may not get any. REVOKE is harmless. */
export async function grantsOfUnknown(
	ask: Ask,
	live: string,
	owner: string,
	statements: readonly Token[][],
): Promise<{ given: Token[][]; warnings: string[] }> {
	const named = statements.map((tokens) => ({ tokens, to: granteesIn(tokens) }));
	const known = await mayGet(
		ask,
		live,
		owner,
		named.flatMap(({ to }) => to),
	);
	const others = new Map<string, number>();
	const given = named.filter(({ to }) => {
		const strangers = to.filter((role) => !known.has(role));
		for (const role of strangers) others.set(role, (others.get(role) ?? 0) + 1);
		return strangers.length === 0;
	});
	return {
		given: given.map(({ tokens }) => tokens),
		warnings: [...others].map(([role, count]) => leftOut(`the grant in the dump (${count})`, role, live)),
	};
}

/** The roles after TO. PUBLIC is left out, because it means everyone. */
function granteesIn(tokens: readonly Token[]): string[] {
	const grant = tokens.findIndex((token) => "word" in token && token.word === "GRANT");
	const to = tokens.findIndex((token, index) => index > grant && "word" in token && token.word === "TO");
	if (grant < 0 || to < 0) return [];
	const end = tokens.findIndex((token, index) => index > to && "word" in token && token.word === "WITH");
	return tokens.slice(to + 1, end < 0 ? undefined : end).flatMap((token, index) => {
		if ("word" in token && /^(PUBLIC|GROUP)$/.test(token.word)) return [];
		return nameAt(tokens, to + 1 + index) ?? [];
	});
}
