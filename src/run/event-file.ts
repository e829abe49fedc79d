// The events of the latest runs, as JSON lines in the runtime folder, so that anyone who attaches later, or reconnects, can
// follow a run. They are lost on reboot; what must last is in the journal.
import { appendFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Listener } from "./event.ts";

/** How many runs' events are kept. */
const KEPT = 10;
const LOOK_AGAIN_MS = 50;
const CHUNK_BYTES = 64 * 1024;
/** Minimum time between two progress events in the file: someone who attaches later needs no more. */
const PROGRESS_MS = 1_000;

/** Ids as run-id.ts makes them: they become file names. */
export const RUN_ID = /^\d{4}-\d\d-\d\dT\d{6}Z-[a-z0-9]+$/;

const folderIn = (runtime: string) => join(runtime, "events");
export const eventFile = (runtime: string, run: string) => join(folderIn(runtime), `${run}.ndjson`);

/** Remove old files to make room (folder 0700), and return the path for this run's events. The file does not exist yet. */
export function prepareEventFile(runtime: string, run: string): string {
	const folder = folderIn(runtime);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const kept = new Set([...recorded(runtime).slice(-KEPT), run]);
	for (const name of readdirSync(folder)) {
		// Every file of a run starts with its id: also its manifest and its stderr.
		const [of = ""] = name.split(".", 1);
		if (RUN_ID.test(of) && !kept.has(of)) rmSync(join(folder, name), { force: true });
	}
	return eventFile(runtime, run);
}

/** Runs that have events here, oldest first: ids start with the time. */
export function recorded(runtime: string): string[] {
	try {
		return readdirSync(folderIn(runtime))
			.filter((name) => name.endsWith(".ndjson"))
			.map((name) => name.slice(0, -".ndjson".length))
			.sort();
	} catch {
		return [];
	}
}

/** A listener that records events and passes them on. A full disk loses the record, but never fails the run. */
export function recording(runtime: string, run: string, listener: Listener): Listener {
	const file = prepareEventFile(runtime, run);
	let progressAt = 0;
	const hear: Listener = (event) => {
		listener(event);
		if (event.type === "step-progress") {
			if (performance.now() - progressAt < PROGRESS_MS) return;
			progressAt = performance.now();
		}
		try {
			appendFileSync(file, `${JSON.stringify(event)}\n`, { mode: 0o600 });
		} catch {
			// Everything that matters is in the journal.
		}
	};
	return listener.ignoresProgress ? Object.assign(hear, { ignoresProgress: true }) : hear;
}

/** Each line of a growing file, from its start, until `isOver` returns true. */
export async function* linesAsTheyCome(
	file: string,
	isOver: () => Promise<boolean>,
	signal: AbortSignal,
): AsyncGenerator<string> {
	let at = 0;
	let rest = "";
	const buffer = Buffer.alloc(CHUNK_BYTES);
	const decoder = new TextDecoder();
	for (;;) {
		// Asked before the last read, so that everything written before that is read.
		const over = await isOver();
		const handle = await open(file).catch(() => undefined);
		try {
			for (;;) {
				const { bytesRead } = (await handle?.read(buffer, 0, CHUNK_BYTES, at)) ?? { bytesRead: 0 };
				if (bytesRead === 0) break;
				at += bytesRead;
				const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split("\n");
				rest = lines.pop() ?? "";
				yield* lines;
			}
		} finally {
			await handle?.close();
		}
		if (over) break;
		await pause(LOOK_AGAIN_MS, undefined, { signal });
	}
	if (rest !== "") yield rest;
}
