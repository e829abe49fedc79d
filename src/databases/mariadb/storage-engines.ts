// Storage engines. A server that lacks one makes its tables with its default engine, without an error: a federated table would
// be an empty one of its own, and others have another engine.
import * as v from "valibot";
import type { DumpFacts } from "../database.ts";
import { literal } from "./names.ts";
import type { Server } from "./server.ts";

/** Every server has it. */
const DEFAULT = "InnoDB";
/** Of these the server's program dumps the definition only: their rows are on another server, or in files. */
const ELSEWHERE = ["FEDERATED", "SPIDER", "OQGRAPH", "VP", "SPHINX", "S3"];
/** Its tables are files anywhere on the machine, which the account that loads a dump may not read or write. */
export const ON_FILES = "CONNECT";
const MAX_NAMED = 20;

async function enginesOf({ sql }: Server, database: string): Promise<ReadonlyMap<string, string[]>> {
	const rows = await sql(
		[
			`SELECT table_name, engine FROM information_schema.tables WHERE table_schema = ${literal(database)} AND table_type <> 'VIEW' AND engine <> ${literal(DEFAULT)} ORDER BY 1`,
		],
		`list the tables of ${database}`,
	);
	const found = new Map<string, string[]>();
	for (const [table = "", engine = ""] of rows) found.set(engine, [...(found.get(engine) ?? []), table]);
	return found;
}

/** The engines that a dump which is made now needs, as a fact about it. */
export async function engineFacts(
	server: Server,
	database: string,
): Promise<{ readonly engines?: string[] }> {
	const engines = [...(await enginesOf(server, database)).keys()].filter((one) => one !== ON_FILES);
	return engines.length === 0 ? {} : { engines: engines.sort() };
}

/** The engines that this server lacks of those that a dump with these facts needs. */
async function lackingEngines({ sql }: Server, { engines }: DumpFacts): Promise<string[]> {
	const wanted = v.safeParse(v.array(v.string()), engines);
	if (!wanted.success) return [];
	const rows = await sql(
		["SELECT engine FROM information_schema.engines WHERE support IN ('YES', 'DEFAULT')"],
		"ask the server for its storage engines",
	);
	const there = new Set(rows.flat().map((one) => one.toUpperCase()));
	return wanted.output.filter((one) => !there.has(one.toUpperCase()));
}

const isElsewhere = (engine: string) => [...ELSEWHERE, ON_FILES].includes(engine.toUpperCase());

/** Why this server cannot load a dump with these facts: tables whose rows are elsewhere would be empty ones of its own. */
export async function engineObstacles(server: Server, facts: DumpFacts): Promise<string[]> {
	const lacking = (await lackingEngines(server, facts)).filter(isElsewhere);
	return lacking.length === 0
		? []
		: [
				`its tables need the storage engine ${lacking.slice(0, MAX_NAMED).join(", ")}, and this server, which does not have it, would make them with another one: install it first (INSTALL SONAME)`,
			];
}

/** What becomes of tables whose rows are in the dump. */
export async function engineWarnings(server: Server, database: string, facts: DumpFacts): Promise<string[]> {
	const lacking = (await lackingEngines(server, facts)).filter((one) => !isElsewhere(one));
	if (lacking.length === 0) return [];
	const [[engine = ""] = []] = await server.sql(
		["SELECT @@default_storage_engine"],
		"ask the server for its default storage engine",
	);
	return [
		`this server does not have the storage engine ${lacking.slice(0, MAX_NAMED).join(", ")}: the tables of ${database} that had it are ${engine} tables now, with the rows of the dump`,
	];
}

/** What a dump does not hold of the tables of such engines. */
export async function engineNotes(server: Server, database: string): Promise<string[]> {
	const found = await enginesOf(server, database);
	const named = (engine: string) => {
		const tables = found.get(engine) ?? [];
		const more = tables.length > MAX_NAMED ? ` and ${tables.length - MAX_NAMED} more` : "";
		return `${tables.slice(0, MAX_NAMED).join(", ")}${more} (${engine})`;
	};
	return [
		...ELSEWHERE.filter((one) => found.has(one)).map(
			(one) =>
				`the rows of the tables ${named(one)} are not in the dump, but where these tables find them: they come back as they are defined, with a password in plain text if one is in their definition`,
		),
		...(found.has(ON_FILES)
			? [
					`the tables ${named(ON_FILES)} are left out: the account that loads a dump may not touch the machine's files; keep what SHOW CREATE TABLE says of them`,
				]
			: []),
	];
}
