// Load a dump next to the live database with rights on the new one only, then give it its owners and rights.
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { LONG_QUESTION_SECONDS, perform } from "../client.ts";
import type { HeldDump, Loaded, Work } from "../database.ts";
import { type Ask, asker, type Connection, connectionTo } from "./ask.ts";
import { type Belongings, belongingsSchema } from "./belongings.ts";
import { dropDatabase } from "./catalog.ts";
import { type DumpFile, withDumpFile } from "./dump-file.ts";
import { lend, makeExtensions, type Table, takePublic } from "./extensions.ts";
import { grantsOfUnknown } from "./grantees.ts";
import { givenProperties, giveWithin, makersIn, ownersOf } from "./hand-over.ts";
import { withoutLacking } from "./lacking.ts";
import type { Loading } from "./loading.ts";
import { namedRoles } from "./named-roles.ts";
import { identifier } from "./names.ts";
import { applyProperties, localeClause, type Properties, propertiesSchema } from "./properties.ts";
import { commentStatements, isComment, isOnEventTrigger, rightStatements } from "./rights.ts";
import { isAfterDefinitions, isForWantOfPath, lendPath } from "./search-path.ts";
import { placementOf } from "./tablespaces.ts";
import { dropTemporary, isSuperuser, makeLoader, reach } from "./temporary.ts";
import { type Entry, isKind, needsSuperuser } from "./toc.ts";

/** A dump of at least this size is loaded by several sessions in parallel. */
const LARGE_BYTES = 16 * 1024 * 1024;
const MAX_JOBS = 4;

export async function loadDump(
	ask: Ask,
	connection: Connection,
	live: string,
	fresh: string,
	held: HeldDump,
	work: Work,
): Promise<Loaded> {
	const found = v.safeParse(v.object({ contents: belongingsSchema }), held.accounts);
	const belongings = found.success ? found.output.contents : undefined;
	const trusted = held.trust === "agreed" || (held.trust === "written" && belongings !== undefined);
	const facts = factsOf(held, live);
	const placement = await placementOf(ask, live, facts);
	const loading: Loading = { ask, connection, live, fresh, work, facts, placement, trusted, file: held.file };
	const load = async (dump: DumpFile) => {
		// Without superuser rights the connection can do no harm beyond its own rights. A dump of 0.1.0 does not record
		// which objects need a superuser.
		const asItself = !(await isSuperuser(ask)) || (held.trust === "agreed" && belongings === undefined);
		if (asItself) return loadAsItself(loading, dump);
		return loadAsLoader(loading, dump, belongings).catch(async (error: unknown) => {
			if (!isForWantOfPath(error)) throw error;
			work.log(
				"a function does not find what it names: loading once more, with the search path of its database",
			);
			await unload(ask, fresh);
			return loadAsLoader(loading, dump, belongings, true);
		});
	};
	return withDumpFile(connection.client, held.file, load, held.trust !== "none");
}

/** Remove what an interrupted load left. */
export async function unload(ask: Ask, fresh: string): Promise<void> {
	await dropDatabase(ask, fresh);
	await dropTemporary(ask, "load", fresh);
}

/** Facts from an archive are untrusted input. */
function factsOf({ facts }: HeldDump, database: string): Properties {
	const { success, output, issues } = v.safeParse(propertiesSchema, facts);
	if (success) return output;
	throw new HoldfastError(
		"archive-damaged",
		`the properties of the database ${database} in the archive cannot be read`,
		{
			details: issues.slice(0, 3).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
		},
	);
}

async function loadAsItself(loading: Loading, dump: DumpFile): Promise<Loaded> {
	const { ask, connection, live, fresh, facts, placement } = loading;
	const { properties, warnings } = await givenProperties(loading);
	const owner = identifier(facts.owner);
	const isOurs = await isSuperuser(ask);
	await ask(
		[
			`CREATE DATABASE ${identifier(fresh)} ${isOurs ? "" : `OWNER ${owner} `}${localeClause(facts)}${placement.clause}`,
			...(isOurs ? keptFrom(fresh, owner) : []),
		],
		`create a database for ${live}`,
	);
	await restore(loading, dump, connection, []);
	await ask(["ANALYZE"], `analyse ${fresh}`, fresh, LONG_QUESTION_SECONDS);
	// Last: they act on every session, and may make it read-only.
	await ask(applyProperties(fresh, properties), `set the properties of ${fresh}`);
	return { rest: isOurs ? { owner: facts.owner } : null, warnings: [...placement.warnings, ...warnings] };
}

/** The owner could drop it before the swap, which gives it to them. Fails if there is no such role. */
const keptFrom = (fresh: string, owner: string) => [
	"BEGIN",
	`ALTER DATABASE ${identifier(fresh)} OWNER TO ${owner}`,
	`ALTER DATABASE ${identifier(fresh)} OWNER TO SESSION_USER`,
	"COMMIT",
];

async function restore(
	{ live, fresh, file, work, placement }: Loading,
	dump: DumpFile,
	connection: Connection,
	options: readonly string[],
	entries?: readonly Entry[],
): Promise<void> {
	const jobs = Math.min(availableParallelism(), MAX_JOBS);
	const large = jobs > 1 && (await stat(file)).size >= LARGE_BYTES;
	const { files, words } = await dump.handed(entries);
	await perform(
		connection.client,
		`load the dump of ${live}`,
		[
			...["pg_restore", "--exit-on-error", ...connectionTo(connection, fresh), ...placement.options],
			...options,
			...[large ? `--jobs=${jobs}` : "--single-transaction", ...words],
		],
		work,
		{ files },
	);
}

async function loadAsLoader(
	loading: Loading,
	dump: DumpFile,
	belongings: Belongings | undefined,
	withPath = false,
): Promise<Loaded> {
	const { ask, connection, live, fresh, trusted, facts, placement } = loading;
	const entries = await dump.entries();
	const privileged = new Set(belongings?.privileged ?? []);
	const isPrivileged = (entry: Entry) => privileged.has(entry.origin) || needsSuperuser(entry);
	if (!trusted) requireNone(live, entries.filter(isPrivileged));
	const of = (...kinds: string[]) => entries.filter((entry) => kinds.some((kind) => isKind(entry, kind)));
	const extensions = of("EXTENSION");
	const schemas = extensions.length === 0 ? [] : of("SCHEMA");
	const [comments, rights, triggers] = [of("COMMENT"), of("ACL", "DEFAULT ACL"), of("EVENT TRIGGER")];
	const later = new Set([...extensions, ...schemas, ...comments, ...rights, ...triggers]);
	const named = await namedRoles(ask, live, dump, entries);
	const now = entries.filter((entry) => !later.has(entry) && !named.without.has(entry));

	const made = await makeLoader(ask, fresh, `${localeClause(facts)}${placement.clause}`);
	const loader = await reach(ask, connection, fresh, made, dump.reader);
	const publicOwner = await takePublic(loading, loader.role);
	const lent =
		extensions.length === 0
			? undefined
			: await makeExtensions(
					loading,
					loader.role,
					await dump.statements(schemas),
					await dump.statements(extensions),
				);
	const [given, foreign] = apart(
		now,
		(entry) => trusted || !lent?.tables.some((one) => isRowsOf(entry, one)),
	);
	const make = async (some: readonly Entry[]) => {
		for (const { by, some: part } of parts(some, isPrivileged)) {
			const who = by === "superuser" ? connection : loader.connection;
			await restore(loading, dump, who, ["--no-owner", "--no-privileges"], part);
			if (by === "superuser") await lend(loading, loader.role);
		}
	};
	const definitions = withPath ? given.findIndex(isAfterDefinitions) : -1;
	let takeBack = async () => {};
	if (definitions < 0) await make(given);
	else {
		await make(given.slice(0, definitions));
		takeBack = await lendPath(loading);
		await make(given.slice(definitions));
	}
	const loaderAsks = asker(loader.connection);
	if (named.instead.length > 0) await loaderAsks(named.instead, `load the policies of ${live}`, fresh);
	await loaderAsks(["ANALYZE"], `analyse ${fresh}`, fresh, LONG_QUESTION_SECONDS);
	await takeBack();

	const statements = await dump.statements([...rights, ...comments], "--no-owner");
	const [comment, allGranted] = apart(statements, isComment);
	const [saidLast, said] = apart(
		comment.filter((one) => !named.isOnLeftOut(one)),
		isOnEventTrigger,
	);
	const { given: mayBeGranted, warnings: notGranted } = trusted
		? { given: allGranted, warnings: [] }
		: await grantsOfUnknown(ask, live, facts.owner, allGranted);
	const { properties: mayBeGiven, warnings } = await givenProperties(loading);
	const whole = { belongings, granted: mayBeGranted, properties: mayBeGiven };
	const {
		granted,
		properties,
		belongings: owned,
		warnings: ofLacking,
	} = trusted ? await withoutLacking(ask, live, whole) : { ...whole, warnings: [] };
	const dumped = new Set(entries.map(({ origin }) => origin));
	const giving = [
		...(await ownersOf(loading, dump, loader.role, owned, dumped, publicOwner)),
		...rightStatements(granted),
	];
	if (!trusted) await giveWithin(loading, giving, makersIn(granted));
	await ask(
		[
			...(trusted ? giving : []),
			...commentStatements(said),
			...(belongings?.publicOwner === null && (await isPublicEmpty(loading))
				? ["DROP SCHEMA IF EXISTS public"]
				: []),
			`DROP OWNED BY ${identifier(loader.role)}`,
			`ALTER DATABASE ${identifier(fresh)} RESET ALL`,
			...keptFrom(fresh, identifier(facts.owner)),
			`DROP ROLE ${identifier(loader.role)}`,
		],
		`assign the objects in ${fresh} to their owners`,
		fresh,
	);
	if (triggers.length > 0) await restore(loading, dump, connection, [], triggers);
	await ask(commentStatements(saidLast), `comment on the event triggers of ${fresh}`, fresh);
	// Last: they act on every session, and may make it read-only.
	await ask(applyProperties(fresh, properties), `set the properties of ${fresh}`);
	return {
		rest: { owner: facts.owner },
		warnings: [
			...placement.warnings,
			...warnings,
			...notGranted,
			...ofLacking,
			...named.warnings,
			...foreign.map(
				({ words }) =>
					`${words.toLowerCase()}: rows of an extension's own table are left out, because this machine did not write the archive`,
			),
		],
	};
}

function apart<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
	return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function isRowsOf({ words }: Entry, { schema, name }: Table): boolean {
	return words.startsWith(`TABLE DATA ${schema} ${name} `);
}

/** Group consecutive entries that the same role creates. Keeps the dump's order, which follows dependencies. */
function parts(entries: readonly Entry[], isPrivileged: (entry: Entry) => boolean) {
	const all: { by: "superuser" | "loader"; some: Entry[] }[] = [];
	for (const entry of entries) {
		const by = isPrivileged(entry) ? "superuser" : "loader";
		const last = all.at(-1);
		if (last?.by === by) last.some.push(entry);
		else all.push({ by, some: [entry] });
	}
	return all;
}

function requireNone(live: string, entries: readonly Entry[]): void {
	if (entries.length === 0) return;
	throw new HoldfastError(
		"archive-not-trusted",
		`the dump of ${live} contains objects that only a superuser can create`,
		{
			details: entries.slice(0, 10).map(({ words }) => words),
			hint: "this archive was not written by this machine, or was modified since; if you trust its contents, restore it with --trust-archive",
		},
	);
}

/** An archive may say that there was no schema `public`, and have something in it. */
async function isPublicEmpty({ ask, fresh }: Loading): Promise<boolean> {
	const rows = await ask(
		[
			"SELECT 1 FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = (SELECT oid FROM pg_namespace WHERE nspname = 'public') LIMIT 1",
		],
		`look into the schema public of ${fresh}`,
		fresh,
	);
	return rows.length === 0;
}
