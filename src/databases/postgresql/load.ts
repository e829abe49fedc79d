// Load a dump beside the live database, with no more rights than over the new one; then give it its owners and rights.
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import * as v from "valibot";
import { HoldfastError } from "../../manifest/error.ts";
import { perform } from "../client.ts";
import type { HeldDump, Loaded, Work } from "../database.ts";
import { ordinarySettings } from "./accounts.ts";
import { type Ask, asker, type Connection, connectionTo } from "./ask.ts";
import { type Belongings, belongingsSchema, ownerStatements } from "./belongings.ts";
import { type DumpFile, withDumpFile } from "./dump-file.ts";
import { identifier, literal } from "./names.ts";
import { requireOrdinaryOwners } from "./owners.ts";
import { applyProperties, localeClause, type Properties, propertiesSchema } from "./properties.ts";
import { commentStatements, foreignRights, isComment, nameAt, ownership, rightStatements } from "./rights.ts";
import { settingName } from "./settings.ts";
import { isSuperuser, makeLoader, reach, type Temporary } from "./temporary.ts";
import { type Entry, isKind, needsSuperuser, statementsIn, type Token } from "./toc.ts";

/** From this size on a dump is loaded by several sessions at once. */
const LARGE_BYTES = 16 * 1024 * 1024;
const MOST_JOBS = 4;

interface Loading {
	readonly ask: Ask;
	readonly connection: Connection;
	readonly live: string;
	readonly fresh: string;
	readonly file: string;
	readonly trusted: boolean;
	readonly facts: Properties;
	readonly work: Work;
}

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
	const loading: Loading = { ask, connection, live, fresh, work, facts, trusted, file: held.file };
	return withDumpFile(connection.client, held.file, async (dump) => {
		// Without a superuser's rights it can do no more than it could anyway; and a dump of 0.1.0 does not say what needs them.
		const asItself = !(await isSuperuser(ask)) || (held.trust === "agreed" && belongings === undefined);
		return asItself ? loadAsItself(loading, dump) : loadAsLoader(loading, dump, belongings);
	});
}

/** Facts of an archive's are somebody's word. */
function factsOf({ facts }: HeldDump, database: string): Properties {
	const { success, output, issues } = v.safeParse(propertiesSchema, facts);
	if (success) return output;
	throw new HoldfastError("failed", `what the archive says of the database ${database} is not understood`, {
		details: issues.slice(0, 3).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
	});
}

async function loadAsItself(loading: Loading, dump: DumpFile): Promise<Loaded> {
	const { ask, connection, live, fresh, facts } = loading;
	const { properties, warnings } = await givenProperties(loading);
	await ask(
		[
			`CREATE DATABASE ${identifier(fresh)} OWNER ${identifier(facts.owner)} ${localeClause(facts)}`,
			...applyProperties(fresh, properties),
		],
		`make a database for ${live}`,
	);
	await restore(loading, dump, connection, []);
	await ask(["ANALYZE"], `analyse ${fresh}`, fresh);
	return { rest: null, warnings };
}

async function restore(
	{ live, fresh, file, work }: Loading,
	dump: DumpFile,
	connection: Connection,
	options: readonly string[],
	entries?: readonly Entry[],
): Promise<void> {
	const jobs = Math.min(availableParallelism(), MOST_JOBS);
	const large = jobs > 1 && (await stat(file)).size >= LARGE_BYTES;
	const { files, words } = await dump.handed(entries);
	await perform(
		connection.client,
		`load the dump of ${live}`,
		[
			...["pg_restore", "--exit-on-error", ...connectionTo(connection, fresh), ...options],
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
): Promise<Loaded> {
	const { ask, connection, live, fresh, trusted, facts } = loading;
	const entries = await dump.entries();
	const privileged = new Set(belongings?.privileged ?? []);
	const isPrivileged = (entry: Entry) => privileged.has(entry.origin) || needsSuperuser(entry);
	if (!trusted) requireNone(live, entries.filter(isPrivileged));
	const of = (...kinds: string[]) => entries.filter((entry) => kinds.some((kind) => isKind(entry, kind)));
	const extensions = of("EXTENSION");
	const schemas = extensions.length === 0 ? [] : of("SCHEMA");
	const [comments, rights, triggers] = [of("COMMENT"), of("ACL", "DEFAULT ACL"), of("EVENT TRIGGER")];
	const later = new Set([...extensions, ...schemas, ...comments, ...rights, ...triggers]);
	const now = entries.filter((entry) => !later.has(entry));

	const made = await makeLoader(ask, fresh, localeClause(facts));
	const loader = await reach(ask, connection, fresh, made, dump.reader);
	const publicOwner = await takePublic(loading, loader);
	const lent =
		extensions.length === 0
			? undefined
			: await makeExtensions(
					loading,
					loader,
					await dump.statements(schemas),
					await dump.statements(extensions),
				);
	const [given, foreign] = apart(
		now,
		(entry) => trusted || !lent?.tables.some((one) => isRowsOf(entry, one)),
	);
	for (const { by, some } of parts(given, isPrivileged)) {
		const who = by === "superuser" ? connection : loader.connection;
		await restore(loading, dump, who, ["--no-owner", "--no-privileges"], some);
		if (by === "superuser") await lend(loading, loader.role);
	}
	await asker(loader.connection)(["ANALYZE"], `analyse ${fresh}`, fresh);

	const statements = await dump.statements([...rights, ...comments], "--no-owner");
	const [said, granted] = apart(statements, isComment);
	const { properties, warnings } = await givenProperties(loading);
	const dumped = new Set(entries.map(({ origin }) => origin));
	const giving = [
		...(await ownersOf(loading, dump, loader, belongings, dumped, publicOwner)),
		...rightStatements(granted),
	];
	if (!trusted) await giveWithin(loading, giving, makersIn(granted));
	await ask(
		[
			...(trusted ? giving : []),
			...commentStatements(said),
			`DROP OWNED BY ${identifier(loader.role)}`,
			`ALTER DATABASE ${identifier(fresh)} RESET ALL`,
			`ALTER DATABASE ${identifier(fresh)} OWNER TO ${identifier(facts.owner)}`,
			...applyProperties(fresh, properties),
			`DROP ROLE ${identifier(loader.role)}`,
		],
		`give what is in ${fresh} to its owners`,
		fresh,
	);
	if (triggers.length > 0) await restore(loading, dump, connection, [], triggers);
	return {
		rest: null,
		warnings: [
			...warnings,
			...foreign.map(
				({ words }) =>
					`${words.toLowerCase()}: rows of an extension's own table are left out, since this machine did not write the archive`,
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

/** Neighbours that the same role makes, in the order of the dump, which is that of what needs what. */
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
	throw new HoldfastError("failed", `the dump of ${live} holds what only a superuser can make`, {
		details: entries.slice(0, 10).map(({ words }) => words),
		hint: "this machine did not write this archive as it is now; if you trust what it holds, restore it with --trust-archive",
	});
}

/** The schema that every new database has is its loader's meanwhile; whose it was. */
async function takePublic({ ask, fresh }: Loading, { role }: Temporary): Promise<string | undefined> {
	const [[owner] = []] = await ask(
		[
			"SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'",
			`ALTER SCHEMA public OWNER TO ${identifier(role)}`,
		],
		`prepare ${fresh}`,
		fresh,
	);
	return owner;
}

interface Table {
	readonly schema: string;
	readonly name: string;
}

/** Extensions are the server's own programs, which mostly a superuser must put in: before anything of the dump is there. */
async function makeExtensions(
	loading: Loading,
	{ role }: Temporary,
	schemas: readonly Token[][],
	extensions: readonly Token[][],
): Promise<{ readonly tables: readonly Table[] }> {
	const { ask, fresh } = loading;
	const names = (statements: readonly Token[][], length: number, ...at: number[]) =>
		statements.map((tokens) =>
			at.map((index) => (tokens.length === length ? nameAt(tokens, index) : undefined)),
		);
	// CREATE SCHEMA name; CREATE EXTENSION IF NOT EXISTS name WITH SCHEMA schema.
	const owners = (all: readonly Token[][]) => all.filter((tokens) => ownership(tokens) === undefined);
	const made = names(owners(schemas), 3, 2);
	const put = names(owners(extensions), 9, 5, 8);
	if ([...made, ...put].flat().includes(undefined))
		throw new HoldfastError("failed", "the dump names its extensions in a form that is not understood");
	await ask(
		[
			...made.map(([name = ""]) => `CREATE SCHEMA ${identifier(name)} AUTHORIZATION ${identifier(role)}`),
			...put.map(
				([name = "", schema = ""]) =>
					`CREATE EXTENSION IF NOT EXISTS ${identifier(name)} WITH SCHEMA ${identifier(schema)}`,
			),
		],
		`make the extensions of ${fresh}`,
		fresh,
	);
	return lend(loading, role);
}

/**
 * What others own that a dump may go on from: rows for an extension's tables, servers of its wrappers. One that is not
 * trusted only sees it: such rows may say what is run, and as whom.
 */
async function lend(
	{ ask, fresh, trusted }: Loading,
	role: string,
): Promise<{ readonly tables: readonly Table[] }> {
	const rows = await ask(
		[
			`SELECT 'TABLE', n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' WHERE relkind IN ('r', 'p', 'S')
			UNION ALL SELECT 'FOREIGN DATA WRAPPER', fdwname, NULL FROM pg_foreign_data_wrapper
			UNION ALL SELECT 'SCHEMA', nspname, NULL FROM pg_namespace WHERE oid >= 16384 AND pg_get_userbyid(nspowner) <> ${literal(role)}`,
		],
		`look at ${fresh}`,
		fresh,
	);
	await ask(
		rows
			.filter(([kind]) => trusted || kind === "SCHEMA")
			.map(
				([kind = "", first = "", second]) =>
					`GRANT ${trusted ? "ALL" : "USAGE"} ON ${kind} ${second ? `${identifier(first)}.${identifier(second)}` : identifier(first)} TO ${identifier(role)}`,
			),
		`prepare ${fresh}`,
		fresh,
	);
	return {
		tables: rows.flatMap(([kind, schema = "", name = ""]) => (kind === "TABLE" ? [{ schema, name }] : [])),
	};
}

/** All of it is the loader's until now: what gives it to its owners. */
async function ownersOf(
	{ ask, live, fresh, trusted, facts }: Loading,
	dump: DumpFile,
	{ role }: Temporary,
	belongings: Belongings | undefined,
	dumped: ReadonlySet<string>,
	publicOwner: string | undefined,
): Promise<string[]> {
	const most = belongings?.owner ?? facts.owner;
	const old = belongings ? [] : await oldOwners(dump, most);
	const others = belongings ? Object.keys(belongings.others) : old.map(({ owner }) => owner);
	if (!trusted) await requireOrdinaryOwners(ask, live, fresh, [...new Set([most, ...others])]);
	const ofPublic = belongings?.publicOwner ?? publicOwner ?? most;
	return [
		...(belongings
			? await ownerStatements(ask, fresh, belongings, dumped)
			: old.map(({ statement }) => statement)),
		...(publicOwner === undefined ? [] : [`ALTER SCHEMA public OWNER TO ${identifier(publicOwner)}`]),
		// On another server that role may not be.
		...(publicOwner === undefined || ofPublic === publicOwner
			? []
			: [
					`DO ${literal(`BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(ofPublic)}) THEN EXECUTE format('ALTER SCHEMA public OWNER TO %I', ${literal(ofPublic)}); END IF; END`)}`,
				]),
		`REASSIGN OWNED BY ${identifier(role)} TO ${identifier(most)}`,
	];
}

/** What a dump of 0.1.0 says: a line for each thing. One that a function's body spells out is no worse than that. */
async function oldOwners(dump: DumpFile, most: string) {
	return (await dump.schemaText())
		.split("\n")
		.filter((line) => line.startsWith("ALTER ") && line.includes(" OWNER TO "))
		.flatMap((line) => (statementsIn(line) ?? []).flatMap((tokens) => ownership(tokens) ?? []))
		.filter(({ owner }) => owner !== most);
}

/** ALTER DEFAULT PRIVILEGES FOR ROLE these: what they make later. */
function makersIn(statements: readonly Token[][]): string[] {
	return statements.flatMap((tokens) => {
		if (nameAt(tokens, 1) !== "DEFAULT") return [];
		const end = tokens.findIndex((token) => "word" in token && /^(IN|GRANT|REVOKE)$/.test(token.word));
		return tokens.slice(5, end).flatMap((_, index) => nameAt(tokens, index + 5) ?? []);
	});
}

/** Of a dump that is not trusted: nothing that the server or an extension brought changes its owner or the rights on it. */
async function giveWithin(
	{ ask, live, fresh }: Loading,
	statements: readonly string[],
	makers: readonly string[],
): Promise<void> {
	await requireOrdinaryOwners(ask, live, fresh, makers);
	const before = await foreignRights(ask, fresh);
	await ask(statements, `give what is in ${fresh} to its owners`, fresh);
	if (before === (await foreignRights(ask, fresh))) return;
	throw new HoldfastError(
		"failed",
		`the dump of ${live} gives rights on what belongs to the server or an extension`,
		{
			hint: "this machine did not write this archive as it is now; if you trust what it holds, restore it with --trust-archive",
		},
	);
}

/** Of a dump that is not trusted, the settings that whoever connects could change as well. */
async function givenProperties({ ask, facts, trusted }: Loading) {
	if (trusted || !facts.settings) return { properties: facts, warnings: [] };
	const ordinary = await ordinarySettings(ask);
	const isOrdinary = (setting: string) => ordinary.has(settingName(setting).toLowerCase());
	return {
		properties: { ...facts, settings: facts.settings.filter(({ setting }) => isOrdinary(setting)) },
		warnings: facts.settings
			.filter(({ setting }) => !isOrdinary(setting))
			.map(
				({ setting }) =>
					`the setting ${settingName(setting)} of the database is left out, since only a superuser may give it and this machine did not write the archive`,
			),
	};
}
