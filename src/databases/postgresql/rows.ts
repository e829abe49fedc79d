// Count the rows of each table: in a live database, and in a dump without a server. A dump's data is in COPY blocks
// with one row per line.
import { start } from "../../host/exec.ts";
import { everyLine } from "../../host/lines.ts";
import { type Client, fault, LONG_QUESTION_SECONDS } from "../client.ts";
import type { RowCounts, Work } from "../database.ts";
import { requireFew } from "../row-counts.ts";
import type { Ask } from "./ask.ts";
import { withDumpFile } from "./dump-file.ts";
import { literal } from "./names.ts";
import { plainEnvironment } from "./temporary.ts";

/**
 * Count the rows of each table itself, without its child tables, after checking under a lock that it still is a table.
 * Otherwise its owner could replace it with a view, whose functions would run with our rights, or add a foreign table
 * below it, which would connect to another server as us.
 */
export async function countRows(ask: Ask, live: string): Promise<RowCounts> {
	const tables = await ask(
		[
			"SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema$)'",
		],
		`count the rows of ${live}`,
		live,
	);
	const names = tables.flat();
	if (names.length === 0) return new Map();
	const isLocked = `c.relkind = 'r' AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.relation = c.oid AND l.granted AND l.mode = 'AccessShareLock')`;
	const count = (name: string) =>
		`DO ${literal(`BEGIN IF (SELECT NOT (${isLocked}) FROM pg_class c WHERE c.oid = ${literal(name)}::regclass) THEN RAISE EXCEPTION 'a table was replaced while its rows were counted'; END IF; END`)}; SELECT ${literal(name)}, count(*) FROM ONLY ${name}`;
	const counts = await ask(
		[
			"BEGIN READ ONLY",
			`LOCK TABLE ${names.map((name) => `ONLY ${name}`).join(", ")} IN ACCESS SHARE MODE`,
			...names.map(count),
			"COMMIT",
		],
		`count the rows of ${live}`,
		live,
		LONG_QUESTION_SECONDS,
	);
	return new Map(counts.map(([name = "", rows]) => [name, Number(rows)]));
}

export async function countCopied(client: Client, file: string, { signal, log }: Work): Promise<RowCounts> {
	return withDumpFile(client, file, async ({ handed, reader }) => {
		const counts = new Map<string, number>();
		const { files, words } = await handed();
		const child = await start(["pg_restore", "--data-only", "--file=-", ...words], {
			...{ env: plainEnvironment(), files },
			...(reader === undefined ? {} : { user: reader }),
			pipeOut: true,
			signal,
			onStderr: log,
		});
		let table: string | undefined;
		const read =
			child.stdout &&
			everyLine(child.stdout, (line) => {
				if (table === undefined) {
					table = /^COPY (.+?) (?:\(.*\) )?FROM stdin;$/.exec(line)?.[1];
					if (table !== undefined) requireFew(counts.set(table, 0));
				} else if (line === "\\.") table = undefined;
				else counts.set(table, (counts.get(table) ?? 0) + 1);
			});
		await read;
		const result = await child.done;
		signal.throwIfAborted();
		if (result.code !== 0) throw fault(client, `read the dump ${file}`, result);
		return counts;
	});
}
