// MariaDB and MySQL, through their own programs. A database of theirs cannot be renamed: a swap moves its tables with
// one RENAME TABLE, which is atomic (MariaDB Knowledge Base, "Atomic DDL", since 10.6; MySQL Reference Manual, "Atomic
// Data Definition Statement Support", since 8.0), and makes views, triggers, routines and events anew around it, which
// is not. See docs/explanation/databases.md.
import { createReadStream } from "node:fs";
import type { MariadbDump } from "../../manifest/dumps.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { dumpBy, perform } from "../client.ts";
import type { DumpFacts, ServerDatabase, Work } from "../database.ts";
import { accountsOf, dropAccount } from "./accounts.ts";
import { bringDefinitions } from "./definitions.ts";
import { dataOf, joined, OBJECTS, objectsOf, readObjects } from "./dump.ts";
import { type Memory, remember, remembered, TABLE } from "./memory.ts";
import { identifier, literal } from "./names.ts";
import { countInserted } from "./rows.ts";
import { type Product, serverOf } from "./server.ts";

interface Facts extends DumpFacts {
	readonly charset: string;
	readonly collation: string;
	/** Undefined in archives of before MySQL's own programs were known: then it was MariaDB's. */
	readonly product?: Product;
}

const OWN = ["mysql", "information_schema", "performance_schema", "sys"];

export function mariadb({ mariadb: live, ...where }: MariadbDump): ServerDatabase {
	const server = serverOf(where);
	const { client, connect, sql } = server;
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
			.filter((table) => table !== TABLE);
	const feedTo = (name: string, doing: string, input: NodeJS.ReadableStream, work: Work) =>
		perform(client, doing, [...connect("client"), name], work, input);

	/** Views, triggers, routines and events: all gone, or as a text of SQL says. */
	async function putObjects(name: string, text: string): Promise<void> {
		const parts = [
			["'TRIGGER', trigger_name", "triggers", "trigger_schema"],
			["'VIEW', table_name", "views", "table_schema"],
			["'EVENT', event_name", "events", "event_schema"],
			["routine_type, routine_name", "routines", "routine_schema"],
		];
		const found = await sql(
			[
				parts
					.map(
						([what, from, schema]) =>
							`SELECT ${what} FROM information_schema.${from} WHERE ${schema} = ${literal(name)}`,
					)
					.join(" UNION ALL "),
			],
			`look for the views and routines of ${name}`,
		);
		const drops = found
			.filter(([kind = ""]) => /^(TRIGGER|VIEW|EVENT|FUNCTION|PROCEDURE)$/.test(kind))
			.map(([kind, one = ""]) => `DROP ${kind} IF EXISTS ${identifier(name)}.${identifier(one)}`);
		if (drops.length > 0) await sql(drops, `make room for the views and routines of ${name}`);
		if (text.trim() === "") return;
		const { Readable } = await import("node:stream");
		await feedTo(name, `make the views and routines of ${name}`, Readable.from([text]), NOBODY);
	}

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
		`CREATE DATABASE IF NOT EXISTS ${identifier(name)} CHARACTER SET ${word(charset)} COLLATE ${word(collation)}`;
	const alter = (name: string, { charset, collation }: Pick<Facts, "charset" | "collation">) =>
		`ALTER DATABASE ${identifier(name)} CHARACTER SET ${word(charset)} COLLATE ${word(collation)}`;
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
				throw new HoldfastError("failed", `there is no ${client.server} database ${live}`, {
					hint: `see those there are: ${server.program} -e 'SHOW DATABASES'`,
				});
			return { ...(await properties(live)), ...(await server.product()) } satisfies Facts;
		},
		async dump(_scratch, work) {
			const doing = `dump the database ${live}`;
			const data = await dumpBy(client, doing, await dataOf(server, live), work);
			return joined(data, async () => objectsOf(server, live, work));
		},
		async obstacles(facts) {
			const { product: theirs = "MariaDB", version: wanted } = facts as Facts;
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
			const counts = await sql(
				names.map((name) => `SELECT ${literal(name)}, count(*) FROM ${identifier(live)}.${identifier(name)}`),
				`count the rows of ${live}`,
			);
			return new Map(counts.map(([name = "", count]) => [name, Number(count)]));
		},
		rowsOf: (file) => countInserted(file),
		accounts: () => accountsOf(server, live),
		async missing(accounts) {
			const rows = await sql(["SELECT CONCAT(User, '@', Host) FROM mysql.user"], "look for accounts");
			const there = new Set(rows.flat());
			return accounts.filter((name) => !there.has(name));
		},
		async createAccounts(accounts) {
			await sql(
				accounts.flatMap(({ statements }) => statements),
				"create accounts",
			);
		},
		async dropAccounts(accounts) {
			for (const name of accounts) await sql([dropAccount(name)], `drop the account ${name}`).catch(() => {});
		},
		async load(file, facts, fresh, work) {
			await sql([create(fresh, facts as Facts)], `make a database for ${live}`);
			const objects = await readObjects(file);
			// Triggers and events would run, and views would name the wrong tables: they come with the swap.
			await feedTo(
				fresh,
				`load the dump of ${live}`,
				createReadStream(file, objects === undefined ? {} : { end: objects.at - 1 }),
				work,
			);
			await remember(server, fresh, { own: objects?.text ?? "" });
		},
		async swap(fresh, name, old, point = () => {}) {
			if (!(await exists(fresh)))
				throw new HoldfastError("failed", `there is no database ${fresh} to put in the place of ${name}`);
			const known = await remembered(server, fresh);
			const hadLive = known.hadLive ?? (await exists(name));
			const memory: Memory = {
				own: known.own,
				hadLive,
				live: known.live ?? (hadLive ? await objectsText(name) : ""),
				moved: known.moved ?? (hadLive ? await tables(name) : []),
			};
			// On disk before anything is dropped: an undo makes all of it anew.
			await remember(server, fresh, memory);
			point("remembered");
			const theirs = await properties(fresh);
			if (hadLive) {
				await endSessions(name);
				await sql([create(old, await properties(name))], `make room for the old ${name}`);
				await remember(server, old, { own: memory.live ?? "" });
			} else await sql([create(name, theirs)], `make the database ${name}`);
			await server.settle();
			point("made-room");
			await putObjects(name, "");
			await putObjects(fresh, "");
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
			await putObjects(name, memory.own ?? "");
			await server.settle();
		},
		async swapBack(fresh, name, old, point = () => {}) {
			if (!(await exists(fresh))) return;
			const memory = await remembered(server, fresh);
			// Nothing was dropped before this was written.
			if (memory.hadLive === undefined) return;
			if (!memory.hadLive) {
				if (!(await exists(name))) return;
				await endSessions(name);
				await putObjects(name, "");
				await renameAll(move(await tables(name), name, fresh));
				await server.settle();
				await sql([`DROP DATABASE IF EXISTS ${identifier(name)}`], `take the new ${name} away`);
				return;
			}
			await endSessions(name);
			await bringDefinitions(server, [name, fresh, old]);
			await putObjects(name, "");
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
			await putObjects(name, memory.live ?? "");
			await server.settle();
			point("views-back");
			await sql([`DROP DATABASE IF EXISTS ${identifier(old)}`], `tidy up after ${name}`);
			await remember(server, fresh, { own: memory.own });
		},
		async drop(name) {
			await sql([`DROP DATABASE IF EXISTS ${identifier(name)}`], `drop the database ${name}`);
		},
	};

	async function objectsText(name: string): Promise<string> {
		const { output, whole } = await objectsOf(server, name, NOBODY);
		const chunks: Buffer[] = [];
		for await (const chunk of output) chunks.push(chunk as Buffer);
		await whole;
		return Buffer.concat(chunks).toString("utf8").replace(OBJECTS, "");
	}
}

const NOBODY: Work = { signal: new AbortController().signal, log: () => {} };

/** Character sets and collations are plain words; an archive's could be anything. */
function word(text: string): string {
	if (/^[a-zA-Z0-9_]+$/.test(text)) return text;
	throw new HoldfastError("failed", `${JSON.stringify(text)} is no character set`);
}
