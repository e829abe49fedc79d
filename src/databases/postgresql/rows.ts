// Rows by table in a dump, without a server: its data are COPY blocks, one line a row.
import { createReadStream } from "node:fs";
import { start } from "../../host/exec.ts";
import { everyLine } from "../../host/lines.ts";
import { type Client, fault, optionsOf } from "../client.ts";
import type { RowCounts, Work } from "../database.ts";

export async function countCopied(client: Client, file: string, { signal, log }: Work): Promise<RowCounts> {
	const counts = new Map<string, number>();
	const child = await start(["pg_restore", "--data-only", "--file=-"], {
		...(await optionsOf(client)),
		pipeIn: true,
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
				if (table !== undefined) counts.set(table, 0);
			} else if (line === "\\.") table = undefined;
			else counts.set(table, (counts.get(table) ?? 0) + 1);
		});
	if (child.stdin) createReadStream(file).pipe(child.stdin);
	await read;
	const result = await child.done;
	signal.throwIfAborted();
	if (result.code !== 0) throw fault(client, `read the dump ${file}`, result);
	return counts;
}
