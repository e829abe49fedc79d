// A dump in one file that the server's own client can read: first the tables, then what is made of them. A restore
// needs the two apart, since triggers and events would begin to run beside the live database.
import { open } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { dumpBy } from "../client.ts";
import type { DumpStream, Work } from "../database.ts";
import { literal } from "./names.ts";
import type { Server } from "./server.ts";

/** The line between the two parts. */
export const OBJECTS = "-- Holdfast: views, triggers, routines and events\n";

/** Engines that a transaction shows as they were at its begin. */
const TRANSACTIONAL = ["InnoDB", "TokuDB", "MyRocks", "ROCKSDB", "SEQUENCE"];

/** The command that dumps the tables. */
export async function dataOf(server: Server, name: string): Promise<string[]> {
	const rows = await server.sql(
		[
			`SELECT table_name, table_type, IFNULL(engine, '') FROM information_schema.tables WHERE table_schema = ${literal(name)}`,
		],
		`look for the tables of ${name}`,
	);
	const views = rows.filter(([, type]) => type === "VIEW").map(([view]) => view);
	const locked = rows.some(
		([, type, engine = ""]) => type === "BASE TABLE" && !TRANSACTIONAL.includes(engine),
	);
	return [
		...server.connect("dump"),
		// One state of the database, without a lock where its engines can; MyISAM and its like need one meanwhile.
		...(locked ? ["--lock-tables"] : ["--single-transaction"]),
		"--quick",
		"--hex-blob",
		"--skip-triggers",
		"--skip-dump-date",
		...views.map((view) => `--ignore-table=${name}.${view}`),
		"--",
		name,
	];
}

/** The rest: views first, since routines and events may use them. */
export async function objectsOf(server: Server, name: string, work: Work): Promise<DumpStream> {
	const views = (
		await server.sql(
			[`SELECT table_name FROM information_schema.views WHERE table_schema = ${literal(name)}`],
			`look for the views of ${name}`,
		)
	).flat();
	const words = [...server.connect("dump"), "--no-data", "--skip-dump-date"];
	const parts: string[][] = [
		...(views.length > 0 ? [[...words, "--skip-triggers", "--", name, ...views]] : []),
		[...words, "--no-create-info", "--routines", "--events", "--triggers", "--", name],
	];
	const output = new PassThrough();
	output.write(OBJECTS);
	const whole = (async () => {
		for (const argv of parts) {
			const one = await dumpBy(server.client, `dump the views and routines of ${name}`, argv, work);
			await pipeline(one.output, output, { end: false });
			await one.whole;
		}
		output.end();
	})();
	whole.catch((error: Error) => output.destroy(error));
	return { output, whole };
}

/** One dump after another, as one. */
export function joined(first: DumpStream, then: () => Promise<DumpStream>): DumpStream {
	const output = new PassThrough();
	const whole = (async () => {
		await pipeline(first.output, output, { end: false });
		await first.whole;
		const second = await then();
		await pipeline(second.output, output, { end: false });
		await second.whole;
		output.end();
	})();
	whole.catch((error: Error) => output.destroy(error));
	return { output, whole };
}

/** Where the second part begins, and its text; undefined when there is none. It is small and stands at the end. */
export async function readObjects(file: string): Promise<{ at: number; text: string } | undefined> {
	const mark = Buffer.from(`\n${OBJECTS}`);
	const size = 1024 * 1024;
	const handle = await open(file);
	try {
		let tail = Buffer.alloc(0);
		let from = (await handle.stat()).size;
		while (from > 0) {
			const length = Math.min(size, from);
			from -= length;
			const { buffer } = await handle.read(Buffer.alloc(length), 0, length, from);
			tail = Buffer.concat([buffer, tail]);
			const found = tail.lastIndexOf(mark);
			if (found >= 0) return { at: from + found + 1, text: tail.toString("utf8", found + mark.length) };
			// The second part is text that people wrote; a file without the mark is not searched to its begin.
			if (tail.length > 64 * size) return undefined;
		}
		return undefined;
	} finally {
		await handle.close();
	}
}
