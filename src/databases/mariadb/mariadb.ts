// MariaDB and MySQL, through their own programs. They cannot rename a database. A swap therefore moves the tables with
// one RENAME TABLE, which is atomic (MariaDB Knowledge Base, "Atomic DDL", since 10.6; MySQL Reference Manual, "Atomic
// Data Definition Statement Support", since 8.0). Views, triggers, routines and events are dropped before and recreated
// after it, which is not atomic. See docs/explanation/databases.md.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { dumpBy, inLargePieces, LONG_QUESTION_SECONDS, perform } from "../client.ts";
import type { DumpFacts, DumpStream, HeldDump, RowCounts, ServerDatabase, Work } from "../database.ts";
import { accountsOf, createAccounts, dropAccount, grantsOnObjects, missingAccounts } from "./accounts.ts";
import { brokenWords, linesOf, objectsIn } from "./broken.ts";
import { createStatement, dropDatabase, exists, propertiesOf, tablesOf } from "./catalog.ts";
import { requireOwnDefiners } from "./definers.ts";
import { dataOf, partsOf, requireNoSequences, withObjects } from "./dump.ts";
import { crossKeys, keyFacts, keyRights } from "./foreign-keys.ts";
import { dumpsHistory, historyFacts, historyObstacles, versionedTables } from "./history.ts";
import type { Rest } from "./memory.ts";
import { readOnlyObstacles, tablespaceFacts, tablespaceObstacles } from "./mysql.ts";
import { identifier, literal } from "./names.ts";
import { notesOf } from "./notes.ts";
import { objectsOf } from "./objects.ts";
import { answerTo } from "./question.ts";
import { requireReadable, wholeOf } from "./remaking.ts";
import { countInserted } from "./rows.ts";
import { type MariadbDump, OWN } from "./schema.ts";
import { type Server, serverOf, sqlBy } from "./server.ts";
import { engineFacts, engineObstacles, engineWarnings } from "./storage-engines.ts";
import { complete, swap, swapBack } from "./swap.ts";
import { dropTemporary, temporaryAccount } from "./temporary.ts";

const factsSchema = v.looseObject({
	charset: v.string(),
	collation: v.string(),
	comment: v.exactOptional(v.string()),
	refersTo: v.exactOptional(v.array(v.string())),
	/** Undefined in archives from before MySQL's own programs were supported: MariaDB's were used then. */
	product: v.optional(v.picklist(["MariaDB", "MySQL"])),
});
type Facts = v.InferOutput<typeof factsSchema>;

export function mariadb(declared: MariadbDump, signal?: AbortSignal): ServerDatabase {
	const { mariadb: live, ...where } = declared;
	const server = serverOf(where, signal);
	const { client, sql } = server;
	return {
		kind: "server",
		async list() {
			const rows = await sql(["SHOW DATABASES"], "ask the server for its databases");
			return rows.flat().filter((name) => !OWN.includes(name) && !name.startsWith("holdfast_"));
		},
		exists: (name) => exists(server, name),
		async facts() {
			if (!(await exists(server, live)))
				throw new HoldfastError(
					"database-not-found",
					`the ${client.server} database ${live} does not exist`,
					{
						subject: live,
						hint: `list the existing databases with: ${server.program} -e 'SHOW DATABASES'`,
					},
				);
			return {
				...(await propertiesOf(server, live)),
				...(await server.product()),
				...(await historyFacts(server, live)),
				...(await keyFacts(server, live)),
				...(await engineFacts(server, live)),
				...(await tablespaceFacts(server, live)),
			} satisfies Facts;
		},
		dump: (_scratch, work) => dump(server, live, work),
		obstacles: (facts) => obstacles(server, facts),
		async swapObstacles() {
			if (!(await exists(server, live))) return [];
			const { incoming } = await crossKeys(server, live);
			return [
				...(await readOnlyObstacles(server, live)),
				...incoming.map(
					(table) =>
						`${table} refers to it by a foreign key, which would refer to the old tables from then on: drop that key before the restore, and add it again afterwards`,
				),
			];
		},
		rows: () => countRows(server, live),
		rowsOf: (file) => countInserted(file),
		ask: (question, seconds, work) => answerTo(question, declared, seconds, work.signal),
		accounts: () => accountsOf(server, live),
		notes: () => notesOf(server, live),
		missing: (held) => missingAccounts(server, live, held),
		createAccounts: (held, names, { trusted }) => createAccounts(server, live, held, names, trusted),
		async dropAccounts(accounts) {
			for (const name of accounts) await sql([dropAccount(name)], `drop the account ${name}`).catch(() => {});
		},
		async load(held, fresh, work) {
			const { objects, broken = [] } = await load(server, live, held, fresh, work);
			// Triggers and events would run, and views would refer to the wrong tables, so the swap creates them.
			const trusted = held.trust !== "none";
			const agreed = held.trust === "agreed";
			const grants = trusted ? grantsOnObjects(live, held) : [];
			return {
				rest: {
					...{ objects: [...objects], trusted },
					...(agreed ? { agreed } : {}),
					...(broken.length === 0 ? {} : { broken: [...broken] }),
					...(grants.length === 0 ? {} : { grants }),
				} satisfies Rest,
				warnings: await engineWarnings(server, live, held.facts),
			};
		},
		async unload(fresh) {
			await dropDatabase(server, fresh);
			for (const purpose of ["load", "make"] as const) await dropTemporary(server, fresh, purpose);
		},
		swap: (what) => swap(server, serverOf(where, what.signal), what),
		swapBack: (what) => swapBack(server, what),
		complete: (what) => complete(server, serverOf(where, what.signal), what),
		drop: (name) => dropDatabase(server, name),
	};
}

async function dump(server: Server, live: string, work: Work): Promise<DumpStream> {
	const doing = `dump the database ${live}`;
	const options = await dataOf(server, live);
	// The owner could replace a table with a view, whose functions would then run with our rights.
	const reader = await temporaryAccount(server, live, "read");
	const tables = await requireNoSequences(reader, live)
		.then(async () =>
			dumpBy(reader.client, doing, await inLargePieces([...reader.connect("dump"), ...options]), work),
		)
		.catch(async (error: unknown) => {
			await reader.release();
			throw error;
		});
	const released = tables.whole.then(reader.release, async (error: Error) => {
		await reader.release();
		throw error;
	});
	released.catch(() => {});
	const warnings: string[] = [];
	return withObjects({ ...tables, whole: released, warnings }, async () => {
		const objects = await wholeOf(server, live, await objectsOf(server, live));
		warnings.push(
			...linesOf(
				objects.broken,
				(one) => `${brokenWords(live, one)}: a restore may have to leave it out; fix or drop it`,
			),
		);
		return objects;
	});
}

async function obstacles(server: Server, facts: DumpFacts): Promise<string[]> {
	const { product: theirs = "MariaDB", version: wanted } = facts;
	const { product, version } = await server.product();
	// MariaDB and MySQL have diverged: collations, types and accounts are not compatible.
	if (product !== theirs)
		return [
			`it was dumped by ${theirs} ${wanted}, but this server is ${product} ${version}; neither can read the other's dumps (to get it as a file: --into FOLDER)`,
		];
	// A dump from a newer version may use features that this server does not know.
	return version < wanted
		? [`it was dumped by ${theirs} ${wanted}, but this server is version ${version}, which is older`]
		: [
				...(await historyObstacles(server, facts)),
				...(await engineObstacles(server, facts)),
				...(await tablespaceObstacles(server, facts)),
			];
}

async function countRows(server: Server, live: string): Promise<RowCounts> {
	const names = await tablesOf(server, live);
	const withHistory = new Set((await dumpsHistory(server)) ? await versionedTables(server, live) : []);
	if (names.length === 0) return new Map();
	// The owner could replace a table with a view, whose functions would then run with our rights.
	const reader = await temporaryAccount(server, live, "ask");
	const statements = names.map(
		(name) =>
			`SELECT ${literal(name)}, count(*) FROM ${identifier(live)}.${identifier(name)}${withHistory.has(name) ? " FOR SYSTEM_TIME ALL" : ""}`,
	);
	const patient = { ...reader, seconds: LONG_QUESTION_SECONDS };
	const counts = await sqlBy(patient, statements, `count the rows of ${live}`).finally(reader.release);
	return new Map(counts.map(([name = "", count]) => [name, Number(count)]));
}

/** Load the tables. Returns the views, triggers, routines and events, which the swap creates. */
async function load(
	server: Server,
	live: string,
	{ file, facts, trust }: HeldDump,
	fresh: string,
	work: Work,
) {
	const known = factsOf(facts, live);
	const { tables: bytes, objects, broken } = await partsOf(file, trust !== "none");
	const all = [...objects, ...objectsIn(broken)];
	if (trust === "none") await requireOwnDefiners(server, live, await exists(server, live), all);
	await server.sql([createStatement(fresh, known)], `create a database for ${live}`);
	await requireReadable(server, live, fresh, objects, trust);
	// A key to another database makes that one's rows undeletable: nothing that a stranger's archive may ask for.
	const rights = trust === "none" ? [] : await keyRights(server, known.refersTo ?? []);
	const like = rights.length === 0 ? undefined : { account: { user: "keys", host: "" }, rights };
	const loader = await temporaryAccount(server, fresh, "load", like);
	try {
		const words = [...loader.connect("client"), fresh];
		await perform(loader.client, `load the dump of ${live}`, words, work, {
			input: { path: file, bytes },
		});
	} finally {
		await loader.release();
	}
	return { objects, broken };
}

/** Facts from an archive are untrusted input. */
function factsOf(facts: DumpFacts, database: string): Facts {
	const { success, output, issues } = v.safeParse(factsSchema, facts);
	if (success) return output;
	throw new HoldfastError(
		"archive-damaged",
		`the properties of the database ${database} in the archive cannot be read`,
		{
			details: issues.slice(0, 3).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
		},
	);
}
