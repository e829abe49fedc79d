// MariaDB and MySQL, through their own programs. A database of theirs cannot be renamed: a swap moves its tables with
// one RENAME TABLE, which is atomic (MariaDB Knowledge Base, "Atomic DDL", since 10.6; MySQL Reference Manual, "Atomic
// Data Definition Statement Support", since 8.0), and makes views, triggers, routines and events again around it, which
// is not. See docs/explanation/databases.md.
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { dumpBy, LONG_QUESTION_SECONDS, perform } from "../client.ts";
import type { DumpFacts, ServerDatabase } from "../database.ts";
import { accountsOf, createAccounts, dropAccount, missingAccounts } from "./accounts.ts";
import { requireOwnDefiners } from "./definers.ts";
import { bringDefinitions } from "./definitions.ts";
import { dataOf, partsOf, withObjects } from "./dump.ts";
import {
	forgetLegacy,
	LEGACY,
	legacyMemory,
	type Memory,
	memorySchema,
	type Rest,
	restSchema,
} from "./memory.ts";
import { identifier, literal, word } from "./names.ts";
import { dropObjects, objectsOf, putObjects, requireReadable, requireWhole } from "./objects.ts";
import { answerTo } from "./question.ts";
import { countInserted } from "./rows.ts";
import type { MariadbDump } from "./schema.ts";
import { type Product, serverOf, sqlBy } from "./server.ts";
import { dropTemporary, temporaryAccount } from "./temporary.ts";

const factsSchema = v.looseObject({
	charset: v.string(),
	collation: v.string(),
	/** Undefined in archives of before MySQL's own programs were known: then it was MariaDB's. */
	product: v.optional(v.picklist(["MariaDB", "MySQL"])),
});
type Facts = v.InferOutput<typeof factsSchema>;

const OWN = ["mysql", "information_schema", "performance_schema", "sys"];

export function mariadb({ mariadb: live, ...where }: MariadbDump, signal?: AbortSignal): ServerDatabase {
	const server = serverOf(where, signal);
	const { client, sql } = server;
	const exists = async (name: string) =>
		(
			await sql(
				[`SELECT 1 FROM information_schema.schemata WHERE schema_name = ${literal(name)}`],
				`look for the database ${name}`,
			)
		).length > 0;
	const tables = async (name: string) =>
		(
			await sql(
				[
					`SELECT table_name FROM information_schema.tables WHERE table_schema = ${literal(name)} AND table_type IN ('BASE TABLE', 'SEQUENCE', 'SYSTEM VERSIONED') ORDER BY 1`,
				],
				`look for the tables of ${name}`,
			)
		)
			.flat()
			// What 0.1.0 kept in a database that it loaded is no table of the application's.
			.filter((table) => !(isLegacy && table === LEGACY));
	let isLegacy = false;

	const move = (names: readonly string[], from: string, to: string) =>
		names.map(
			(table) => `${identifier(from)}.${identifier(table)} TO ${identifier(to)}.${identifier(table)}`,
		);
	const renameAll = async (moves: readonly string[]) => {
		if (moves.length > 0) await sql([`RENAME TABLE ${moves.join(", ")}`], `swap the tables of ${live}`);
	};
	const properties = async (name: string) => {
		const [[charset = "utf8mb4", collation = "utf8mb4_general_ci"] = []] = await sql(
			[
				`SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(name)}`,
			],
			`look at the database ${name}`,
		);
		return { charset, collation };
	};
	const create = (name: string, { charset, collation }: Pick<Facts, "charset" | "collation">) =>
		`CREATE DATABASE IF NOT EXISTS ${identifier(name)} CHARACTER SET ${word(charset)} COLLATE ${word(collation, "collation")}`;
	const alter = (name: string, { charset, collation }: Pick<Facts, "charset" | "collation">) =>
		`ALTER DATABASE ${identifier(name)} CHARACTER SET ${word(charset)} COLLATE ${word(collation, "collation")}`;
	const endSessions = async (name: string) => {
		const sessions = await sql(
			[`SELECT id FROM information_schema.processlist WHERE db = ${literal(name)} AND id <> CONNECTION_ID()`],
			`look for sessions of ${name}`,
		);
		// One that has ended meanwhile is no fault.
		for (const [id] of sessions)
			await sql([`KILL CONNECTION ${Number(id)}`], `end a session of ${name}`).catch(() => {});
	};

	return {
		kind: "server",
		exists,
		async list() {
			const rows = await sql(["SHOW DATABASES"], "ask the server for its databases");
			return rows.flat().filter((name) => !OWN.includes(name) && !name.startsWith("holdfast_"));
		},
		async facts() {
			if (!(await exists(live)))
				throw new HoldfastError("database-not-found", `there is no ${client.server} database ${live}`, {
					hint: `see those there are: ${server.program} -e 'SHOW DATABASES'`,
				});
			return { ...(await properties(live)), ...(await server.product()) } satisfies Facts;
		},
		async dump(_scratch, work) {
			const doing = `dump the database ${live}`;
			const options = await dataOf(server, live);
			// In the place of a table its owner could put a view, whose functions would run with our rights.
			const reader = await temporaryAccount(server, live, "read");
			const tables = await dumpBy(reader.client, doing, [...reader.connect("dump"), ...options], work);
			const released = tables.whole.then(reader.release, async (error: Error) => {
				await reader.release();
				throw error;
			});
			released.catch(() => {});
			return withObjects({ ...tables, whole: released }, async () => {
				const objects = await objectsOf(server, live);
				await requireWhole(server, live, objects);
				return objects;
			});
		},
		async obstacles(facts) {
			const { product: theirs = "MariaDB", version: wanted } = facts as DumpFacts & { product?: Product };
			const { product, version } = await server.product();
			// The two have parted: collations, types and accounts of one are not the other's.
			if (product !== theirs)
				return [
					`it was dumped by ${theirs} ${wanted}, and the server here is ${product} ${version}; neither reads the other's (to have it as a file: --into FOLDER)`,
				];
			// A newer one of the same may hold what is not known here.
			return version < wanted
				? [`it was dumped by ${theirs} ${wanted}, and the server here is version ${version}`]
				: [];
		},
		async rows() {
			const names = await tables(live);
			if (names.length === 0) return new Map();
			// In the place of a table its owner could put a view, whose functions would run with our rights.
			const reader = await temporaryAccount(server, live, "ask");
			const statements = names.map(
				(name) => `SELECT ${literal(name)}, count(*) FROM ${identifier(live)}.${identifier(name)}`,
			);
			const patient = { ...reader, seconds: LONG_QUESTION_SECONDS };
			const counts = await sqlBy(patient, statements, `count the rows of ${live}`).finally(reader.release);
			return new Map(counts.map(([name = "", count]) => [name, Number(count)]));
		},
		rowsOf: (file) => countInserted(file),
		ask: (question, seconds, work) => answerTo(question, { mariadb: live, ...where }, seconds, work.signal),
		accounts: () => accountsOf(server, live),
		missing: (held) => missingAccounts(server, live, held),
		createAccounts: (held, names, { trusted }) => createAccounts(server, live, held, names, trusted),
		async dropAccounts(accounts) {
			for (const name of accounts) await sql([dropAccount(name)], `drop the account ${name}`).catch(() => {});
		},
		async load({ file, facts, trust }, fresh, work) {
			const known = factsOf(facts, live);
			const { tables: bytes, objects } = await partsOf(file, trust !== "none");
			if (trust === "none") await requireOwnDefiners(server, live, await exists(live), objects);
			await sql([create(fresh, known)], `make a database for ${live}`);
			await requireReadable(server, live, fresh, objects, trust !== "none");
			const loader = await temporaryAccount(server, fresh, "load");
			try {
				const input = bytes === 0 ? Readable.from([]) : createReadStream(file, { end: bytes - 1 });
				const words = [...loader.connect("client"), fresh];
				await perform(loader.client, `load the dump of ${live}`, words, work, { input });
			} finally {
				await loader.release();
			}
			// Triggers and events would run, and views would name the wrong tables: they come with the swap.
			return { rest: { objects: [...objects], trusted: trust !== "none" } satisfies Rest, warnings: [] };
		},
		async unload(fresh) {
			await dropDatabase(fresh);
			for (const purpose of ["load", "make"] as const) await dropTemporary(server, fresh, purpose);
		},
		async swap({ fresh, live: name, old, rest, memory: before, keep, point = () => {}, signal: until }) {
			if (!(await exists(fresh)))
				throw new HoldfastError(
					"database-failed",
					`there is no database ${fresh} to put in the place of ${name}`,
				);
			const memory = await beginning(fresh, name, rest, before);
			// On disk before anything is dropped: an undo makes all of it again.
			keep(memory);
			point("remembered");
			const { hadLive } = memory;
			const theirs = await properties(fresh);
			if (hadLive) {
				await endSessions(name);
				await sql([create(old, await properties(name))], `make room for the old ${name}`);
			} else await sql([create(name, theirs)], `make the database ${name}`);
			await server.settle();
			point("made-room");
			await dropObjects(server, name);
			await dropObjects(server, fresh);
			await server.settle();
			point("views-dropped");
			const coming = await tables(fresh);
			if (coming.length > 0 || (await tables(old)).length === 0)
				await renameAll([
					...(hadLive ? move(await tables(name), name, old) : []),
					...move(coming, fresh, name),
				]);
			point("tables-renamed");
			await server.settle();
			point("tables-moved");
			await sql([alter(name, theirs)], `swap the database ${name}`);
			const { objects, trusted = false } = memory.rest;
			await putObjects(server, name, objects, { trusted, within: serverOf(where, until) });
			await server.settle();
		},
		async swapBack({ fresh, live: name, old, memory: kept, point = () => {} }) {
			if (!(await exists(fresh))) return;
			const memory = kept === undefined ? await legacySwap(fresh) : v.parse(v.nullable(memorySchema), kept);
			// Nothing was dropped before this was written.
			if (!memory) return;
			if (!memory.hadLive) {
				if (!(await exists(name))) return;
				await endSessions(name);
				await dropObjects(server, name);
				await renameAll(move(await tables(name), name, fresh));
				await server.settle();
				await sql([`DROP DATABASE IF EXISTS ${identifier(name)}`], `take the new ${name} away`);
				return;
			}
			await endSessions(name);
			await bringDefinitions(server, [name, fresh, old]);
			await dropObjects(server, name);
			await server.settle();
			const aside = (await exists(old)) ? await tables(old) : [];
			// All were moved, or none, or after a power cut some of them: a table is the fresh one's where the old one's
			// is aside, and where the old one had none.
			const left = new Set(await tables(fresh));
			const olds = new Set(memory.moved);
			const swapped = aside.length > 0 || olds.size === 0;
			const fresher = (await tables(name)).filter(
				(table) => !left.has(table) && (aside.includes(table) || !olds.has(table)),
			);
			if (swapped) await renameAll([...move(fresher, name, fresh), ...move(aside, old, name)]);
			await server.settle();
			point("tables-back");
			if (await exists(old))
				await sql([alter(name, await properties(old))], `swap the database ${name} back`);
			await putObjects(server, name, memory.aside.objects);
			await server.settle();
			point("views-back");
			await sql([`DROP DATABASE IF EXISTS ${identifier(old)}`], `tidy up after ${name}`);
			if (isLegacy) await forgetLegacy(server, fresh);
		},
		async drop(name) {
			await dropDatabase(name);
		},
	};

	async function dropDatabase(name: string): Promise<void> {
		const patient = { ...server, seconds: LONG_QUESTION_SECONDS };
		await sqlBy(patient, [`DROP DATABASE IF EXISTS ${identifier(name)}`], `drop the database ${name}`);
	}

	/** What a swap will have to know, or what an earlier try of it knew. */
	async function beginning(fresh: string, name: string, rest: unknown, before: unknown): Promise<Memory> {
		if (before !== null) return v.parse(memorySchema, before);
		const hadLive = await exists(name);
		const objects = hadLive ? await objectsOf(server, name) : [];
		// What could not be made again must not be dropped.
		if (hadLive) await requireWhole(server, name, objects);
		return {
			rest: rest == null ? await legacyRest(fresh, name, hadLive, rest === null) : v.parse(restSchema, rest),
			aside: { objects },
			hadLive,
			moved: hadLive ? await tables(name) : [],
		};
	}

	/** What was live before has what it had; what came from an archive is a stranger's. */
	async function legacyRest(fresh: string, name: string, hadLive: boolean, wasLive: boolean): Promise<Rest> {
		const found = await legacyMemory(server, fresh);
		if (!found) return { objects: [] };
		if (!wasLive) await requireOwnDefiners(server, name, hadLive, found.rest.objects);
		await forgetLegacy(server, fresh);
		return found.rest;
	}

	async function legacySwap(fresh: string): Promise<Memory | undefined> {
		const found = await legacyMemory(server, fresh);
		isLegacy = found !== undefined;
		return found?.swap;
	}
}

/** Facts of an archive's are somebody's word. */
function factsOf(facts: DumpFacts, database: string): Facts {
	const { success, output, issues } = v.safeParse(factsSchema, facts);
	if (success) return output;
	throw new HoldfastError(
		"archive-damaged",
		`what the archive says of the database ${database} is not understood`,
		{
			details: issues.slice(0, 3).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
		},
	);
}
