// A role that the server does not have, since it could not be created or its definition was not backed up, costs what is its own:
// what it owned belongs to the owner of the rest, and its privileges and settings are left out.
import { present } from "./accounts.ts";
import type { Ask } from "./ask.ts";
import type { Belongings } from "./belongings.ts";
import { makersIn } from "./hand-over.ts";
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
			return `this server has no role ${role}: its privileges in ${live} are left out${isOwner ? `, and what belonged to it belongs to ${belongings.owner ?? properties.owner}` : ""}`;
		}),
	};
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
