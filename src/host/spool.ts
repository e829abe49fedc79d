// Holds more records than fit in memory. They are appended to an unlinked file, which disappears when this process ends,
// sorted by sort(1), and read from the beginning.

import { closeSync, readSync, writeSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { cleanEnvironment, execOk } from "./exec.ts";
import { privateFolder, removeTree } from "./files.ts";
import { limitGarbage } from "./memory.ts";
import { namelessFile } from "./nameless-file.ts";
import { places } from "./places.ts";

const CHUNK = 64 * 1024;
const NEWLINE = 10;
/** Memory for sort(1), in its own process. */
const SORT_MEMORY = "32M";

export interface Spool {
	/** Add a record: ASCII without a line break, as `packed` returns it. */
	add(record: string): void;
	/** All records, in the order in which they were added. */
	records(): Generator<string, undefined, undefined>;
	/** A new spool with the same records, sorted by their bytes. */
	sorted(signal: AbortSignal): Promise<Spool>;
	[Symbol.dispose](): void;
}

/** The file is in the state folder, or in the runtime folder if that is not writable. Its space is freed on disposal. */
export async function openSpool(): Promise<Spool> {
	const { state, runtime } = places();
	return open(state).catch(() => open(runtime));
}

async function open(folder: string): Promise<Spool> {
	await privateFolder(folder);
	return spoolOf(namelessFile(folder), folder);
}

function spoolOf(fd: number, folder: string): Spool {
	// One buffer for all records: garbage outside of the heap is collected late.
	const held = Buffer.allocUnsafe(CHUNK);
	let used = 0;
	const write = (bytes: Buffer) => {
		for (let at = 0; at < bytes.length; ) at += writing(folder, () => writeSync(fd, bytes, at));
	};
	const passed = limitGarbage(true);
	const flush = () => {
		passed(used);
		write(held.subarray(0, used));
		used = 0;
	};
	return {
		add(record) {
			// Written synchronously: a slow disk then delays the reader of a listing, and nothing accumulates in memory.
			if (used + record.length + 1 > CHUNK) flush();
			if (record.length + 1 > CHUNK) return write(Buffer.from(`${record}\n`, "latin1"));
			used += held.write(record, used, "latin1");
			held[used++] = NEWLINE;
		},
		*records() {
			flush();
			const chunk = Buffer.allocUnsafe(CHUNK);
			let rest = "";
			for (let at = 0; ; ) {
				const read = readSync(fd, chunk, 0, CHUNK, at);
				if (read === 0) break;
				at += read;
				passed(read);
				const lines = (rest + chunk.toString("latin1", 0, read)).split("\n");
				rest = lines.pop() ?? "";
				yield* lines;
			}
		},
		async sorted(signal) {
			flush();
			const into = await open(folder);
			const own = await mkdtemp(join(folder, "spool-"));
			try {
				const argv = ["sort", "--parallel=1", `--buffer-size=${SORT_MEMORY}`, `--temporary-directory=${own}`];
				await execOk([...argv, "--output=/dev/fd/5", "/dev/fd/4"], {
					files: [fd, fdOf(into)],
					env: { ...cleanEnvironment(), LC_ALL: "C" },
					signal,
					doing: "sort a listing",
				});
				signal.throwIfAborted();
				return into;
			} catch (error) {
				into[Symbol.dispose]();
				throw error;
			} finally {
				await removeTree(own);
			}
		},
		[Symbol.dispose]: () => closeSync(fd),
		[FD]: fd,
	} as Spool;
}

const FD = Symbol("descriptor");
const fdOf = (spool: Spool): number => (spool as Spool & { readonly [FD]: number })[FD];

function writing(folder: string, write: () => number): number {
	try {
		return write();
	} catch (cause) {
		throw new HoldfastError("disk-full", `failed to store a listing in ${folder}: ${wordsOf(cause)}`, {
			subject: folder,
			cause,
			hint: `long listings are sorted on disk; check the free space with: df -h ${folder}`,
		});
	}
}

/** A value as text without control characters, which JavaScript and sort(1) order in the same way, by its bytes. */
export function packed(value: unknown): string {
	return JSON.stringify(value).replace(
		/[\u007f-\uffff]/g,
		(one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
