// Dump the dataset: stream it as the server would send it to a replica, or, if the server refuses that, have it save to
// its own file.
import { once } from "node:events";
import { closeSync, createReadStream, fstatSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { openFileBelow, openFolder, split } from "../../host/folder.ts";
import { resolvePath } from "../../host/trust.ts";
import { HoldfastError, reportOf } from "../../values/error.ts";
import { dumpBy } from "../client.ts";
import type { DumpStream, Work } from "../database.ts";
import { rdbStream } from "./rdb-stream.ts";
import { isRefused, type Server } from "./server.ts";

/** The clock of a file system may be slightly behind. */
const CLOCK_MS = 2_000;
const SAVE_POLL_MS = 200;

export async function dumpDataset(server: Server, live: string, work: Work): Promise<DumpStream> {
	let marked = false;
	const doing = `dump the dataset ${live}`;
	const { output, whole } = await dumpBy(await server.client(), doing, [...server.cli, "--rdb", "-"], {
		signal: work.signal,
		log: (line) => {
			if (line.includes("until EOF marker")) marked = true;
			work.log(line);
		},
	});
	const held = rdbStream(() => marked);
	held.stream.on("close", () => output.destroy());
	// A stream that ends without any data becomes readable as well.
	const begun = once(output, "readable").then(() => (output.readableLength > 0 ? undefined : whole));
	const refused = await Promise.race([begun, whole]).then(
		() => undefined,
		(error: unknown) => reportOf(error).details ?? [],
	);
	if (refused !== undefined && isRefused(refused)) {
		output.destroy();
		return savedDataset(server, live, work);
	}
	return {
		output: output.on("error", (error) => held.stream.destroy(error)).pipe(held.stream),
		whole: whole
			.then(() => held.whole)
			.then((good) => {
				if (!good) throw new HoldfastError("database-failed", `could not ${doing}: it is truncated`);
			}),
	};
}

/** Have the server save to its own file, and copy that. */
async function savedDataset(server: Server, live: string, work: Work): Promise<DumpStream> {
	const began = Date.now();
	await save(server, live, work);
	const [above, name] = split(resolvePath(live).path);
	using folder = openFolder(above);
	const fd = openFileBelow(folder, name);
	if (fstatSync(fd).mtimeMs < began - CLOCK_MS) {
		closeSync(fd);
		throw new HoldfastError("database-failed", `the server saved its dataset, but not to ${live}`, {
			hint: "use the file that the server's settings dir and dbfilename point to",
		});
	}
	const held = rdbStream(() => false);
	const output = createReadStream("", { fd, start: 0 });
	output.on("error", (error) => held.stream.destroy(error));
	return {
		output: output.pipe(held.stream),
		whole: held.whole.then((good) => {
			if (!good)
				throw new HoldfastError(
					"database-failed",
					`could not dump the dataset ${live}: the file is truncated`,
				);
		}),
		warnings: [
			`the server refuses SYNC: the dataset ${live} was saved by the server itself (BGSAVE), and that file was copied`,
		],
	};
}

async function save(server: Server, live: string, work: Work): Promise<void> {
	const begin = () => server.ask(["BGSAVE"], "make the server save its dataset");
	try {
		await begin();
	} catch (error) {
		// A save in progress may have started before the latest writes, so wait for it and start another.
		if (!/in progress/.test(reportOf(error).details?.join("\n") ?? "")) throw error;
		await untilSaved(server, work);
		await begin();
	}
	if ((await untilSaved(server, work)) !== "ok")
		throw new HoldfastError(
			"database-failed",
			`could not dump the dataset ${live}: the server failed to save it`,
			{
				hint: "see the server's log for the reason, such as a full disk",
			},
		);
}

async function untilSaved(server: Server, { signal }: Work): Promise<string | undefined> {
	for (;;) {
		const said = await server.persistence();
		if (said("rdb_bgsave_in_progress") !== "1") return said("rdb_last_bgsave_status");
		await pause(SAVE_POLL_MS, undefined, { signal });
	}
}
