// Policies and user mappings name roles. If the server lacks one, only that role is left out: a mapping of it, a policy for it
// alone, or its name in a policy for others too.
import { present } from "./accounts.ts";
import type { Ask } from "./ask.ts";
import type { DumpFile } from "./dump-file.ts";
import { nameAt } from "./rights.ts";
import { type Entry, isKind, type Token } from "./toc.ts";

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\w$\x80-\uffff]+)`;
/** As pg_dump writes them. Without TO, a policy is for everybody. */
const POLICY = new RegExp(
	`^CREATE POLICY (${NAME}) ON (${NAME}\\.${NAME})(?: AS RESTRICTIVE)?(?: FOR \\w+)?(?: TO (${NAME}(?:, ${NAME})*))?(?= USING| WITH CHECK|;$)`,
	"gm",
);
const MAPPING = new RegExp(`^CREATE USER MAPPING FOR (${NAME}) SERVER `, "gm");

export interface NamedRoles {
	/** The entries that are not to be loaded as they are. */
	readonly without: ReadonlySet<Entry>;
	/** What is created in their place, after everything else. */
	readonly instead: readonly string[];
	/** Whether a comment is on a policy that is left out. */
	isOnLeftOut(comment: readonly Token[]): boolean;
	readonly warnings: readonly string[];
}

export async function namedRoles(
	ask: Ask,
	live: string,
	dump: Pick<DumpFile, "text">,
	entries: readonly Entry[],
): Promise<NamedRoles> {
	const of = (kind: string) => entries.filter((entry) => isKind(entry, kind));
	const policies = await found(dump, of("POLICY"), POLICY, 3);
	const mappings = await found(dump, of("USER MAPPING"), MAPPING, 1);
	const named = [...policies, ...mappings].flatMap(({ roles }) => roles);
	const there = await present(ask, [...new Set(named.map(bare))]);
	const isThere = (role: string) => role === "public" || there.has(bare(role));
	const without = new Set<Entry>();
	const gone = new Set<string>();
	const lacking = new Set<string>();
	const instead: string[] = [];
	for (const { entry, roles, match, text } of [...policies, ...mappings]) {
		const left = roles.filter(isThere);
		if (left.length === roles.length) continue;
		for (const role of roles) if (!isThere(role)) lacking.add(bare(role));
		without.add(entry);
		if (left.length > 0) instead.push(withRoles(text, left));
		else gone.add(`${bare(match[1] ?? "")} ${match[2] ?? ""}`);
	}
	return {
		without,
		instead,
		isOnLeftOut: (comment) => gone.has(policyOf(comment)),
		warnings: [...lacking].map(
			(role) =>
				`this server has no role ${role}: the policies and user mappings of ${live} that are for it alone are left out, and its name in others`,
		),
	};
}

interface Found {
	readonly entry: Entry;
	/** As they are written. */
	readonly roles: readonly string[];
	readonly match: RegExpMatchArray;
	/** From its statement on. */
	readonly text: string;
}

/** None if a text of theirs looks like another one: then they are loaded as they are. */
async function found(
	dump: Pick<DumpFile, "text">,
	entries: readonly Entry[],
	pattern: RegExp,
	group: number,
): Promise<readonly Found[]> {
	if (entries.length === 0) return [];
	// One program reads all of them.
	const text = await dump.text(entries);
	const all = [...text.matchAll(pattern)];
	if (all.length !== entries.length) return [];
	return entries.flatMap((entry, index) => {
		const match = all[index];
		const roles = match?.[group]?.match(new RegExp(NAME, "g")) ?? [];
		return match ? [{ entry, match, roles, text: text.slice(match.index, all[index + 1]?.index) }] : [];
	});
}

/** The statement that creates this policy, for these roles only. */
function withRoles(text: string, roles: readonly string[]): string {
	return text
		.slice(0, text.lastIndexOf(";\n"))
		.replace(new RegExp(POLICY.source), (whole, _name, _table, all: string) =>
			whole.slice(0, whole.length - all.length).concat(roles.join(", ")),
		);
}

/** COMMENT ON POLICY name ON schema.table: the table as pg_dump writes it. */
function policyOf(tokens: readonly Token[]): string {
	if (nameAt(tokens, 2) !== "POLICY") return "";
	const written = (token: Token | undefined) =>
		token && "name" in token
			? `"${token.name.replaceAll('"', '""')}"`
			: token && "word" in token
				? token.word
				: "";
	return `${nameAt(tokens, 3)} ${written(tokens[5])}.${written(tokens[7])}`;
}

const bare = (name: string) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
