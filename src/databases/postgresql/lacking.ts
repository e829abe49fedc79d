// A role that the server does not have, since it could not be created or its definition was not backed up, costs what is its own:
// what it owned belongs to the owner of the rest, unless that one has powers on the server, and its privileges and settings are left out.
import { HoldfastError } from "../../values/error.ts";
import { present } from "./accounts.ts";
import type { Ask } from "./ask.ts";
import type { Belongings } from "./belongings.ts";
import { makersIn } from "./hand-over.ts";
import { literal } from "./names.ts";
import type { Properties } from "./properties.ts";
import { nameAt } from "./rights.ts";
import type { Token } from "./toc.ts";

interface Given {
	readonly belongings: Belongings | undefined;
	readonly granted: readonly Token[][];
	readonly properties: Properties;
}

export async function withoutLacking(
	ask: Ask,
	live: string,
	{ belongings, granted, properties }: Given,
): Promise<Given & { readonly warnings: readonly string[] }> {
	const { grants, settings } = properties;
	const owners = Object.keys(belongings?.others ?? {});
	const inGrants = granted.flatMap(rolesIn);
	const inProperties = [
		...(grants ?? []).map(({ grantee }) => grantee),
		...(settings ?? []).flatMap(({ role }) => role ?? []),
	];
	const named = new Set([...owners, ...inGrants, ...inProperties].filter((one) => one !== ""));
	const there = await present(ask, [...named]);
	const lacking = new Set([...named].filter((one) => !there.has(one)));
	if (lacking.size === 0) return { belongings, granted, properties, warnings: [] };
	const heir = belongings?.owner ?? properties.owner;
	const left = belongings ? owners.filter((one) => lacking.has(one)) : [];
	if (left.length > 0) await requireHarmless(ask, live, heir, left);
	return {
		belongings: belongings && {
			...belongings,
			others: Object.fromEntries(Object.entries(belongings.others).filter(([owner]) => !lacking.has(owner))),
		},
		granted: granted.filter((tokens) => !rolesIn(tokens).some((role) => lacking.has(role))),
		properties: {
			...properties,
			grants: grants?.filter(({ grantee }) => !lacking.has(grantee)),
			settings: settings?.filter(({ role }) => role === null || !lacking.has(role)),
		},
		warnings: [...lacking].map((role) => {
			const isOwner = owners.includes(role) && belongings !== undefined;
			return `this server has no role ${role}: its privileges in ${live} are left out${isOwner ? `, and what belonged to it belongs to ${heir}` : ""}`;
		}),
	};
}

/** Functions of those roles, and of their indexes, would run with all that this role may do. */
async function requireHarmless(
	ask: Ask,
	live: string,
	heir: string,
	lacking: readonly string[],
): Promise<void> {
	const rows = await ask(
		[
			`SELECT 1 FROM pg_roles h JOIN pg_roles r ON r.oid = h.oid OR pg_has_role(h.oid, r.oid, 'MEMBER') WHERE h.rolname = ${literal(heir)} AND r.rolname <> 'pg_database_owner' AND (r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls OR r.rolname ~ '^pg_') LIMIT 1`,
		],
		"read the privileges of the roles",
	);
	if (rows.length === 0) return;
	throw new HoldfastError(
		"database-failed",
		`this server has no role ${lacking.join(", ")}, and what belonged to it in ${live} would belong to ${heir}, which may do more than use this database`,
		{ hint: "create the role as it was, or one of its name without any rights, and run the restore again" },
	);
}

/** The roles that a statement about privileges names. */
function rolesIn(tokens: readonly Token[]): string[] {
	if (nameAt(tokens, 0) === "SET") return [nameAt(tokens, 3) ?? []].flat();
	const isWord = (token: Token, words: RegExp) => "word" in token && words.test(token.word);
	const what = tokens.findIndex((token) => isWord(token, /^(GRANT|REVOKE)$/));
	const whose = tokens.findIndex((token, index) => index > what && isWord(token, /^(TO|FROM)$/));
	if (what < 0 || whose < 0) return makersIn([[...tokens]]);
	const end = tokens.findIndex((token, index) => index > whose && isWord(token, /^(WITH|GRANTED|CASCADE)$/));
	const those = tokens.slice(whose + 1, end < 0 ? undefined : end);
	return [
		...makersIn([[...tokens]]),
		...those.flatMap((token, index) =>
			isWord(token, /^(PUBLIC|GROUP)$/) ? [] : (nameAt(tokens, whose + 1 + index) ?? []),
		),
	];
}
