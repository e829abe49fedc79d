// Records that are too many for memory: written one after another into a file without a name, of which nothing is left when
// we die, sorted by the system's own sort, and read from the beginning.

import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { cleanEnvironment, execOk } from "./exec.ts";
import { privateFolder, removeTree } from "./files.ts";
import { frugal } from "./memory.ts";
import { places } from "./places.ts";

const CHUNK = 64 * 1024;
const NEWLINE = 10;
/** What sort keeps in memory, in its own process. */
const SORT_MEMORY = "32M";

export interface Spool {
	/** One record: ASCII without a line break, as `packed` makes it. */
	add(record: string): void;
	/** Every record, from the first. */
	records(): Generator<string, undefined, undefined>;
	/** The same records by their bytes, in a new spool. */
	sorted(signal: AbortSignal): Promise<Spool>;
	[Symbol.dispose](): void;
}

/** Its file takes room on the disk of our state folder until it is disposed of; in memory where that cannot be written. */
export async function openSpool(): Promise<Spool> {
	const { state, runtime } = places();
	return open(state).catch(() => open(runtime));
}

async function open(folder: string): Promise<Spool> {
	await privateFolder(folder);
	const own = await mkdtemp(join(folder, "spool-"));
	try {
		return spoolOf(openSync(join(own, "records"), "wx+", 0o600), folder);
	} finally {
		rmSync(own, { recursive: true, force: true });
	}
}

function spoolOf(fd: number, folder: string): Spool {
	// One buffer for all: what is thrown away outside of the heap is collected late.
	const held = Buffer.allocUnsafe(CHUNK);
	let used = 0;
	const write = (bytes: Buffer) => {
		for (let at = 0; at < bytes.length; ) at += writing(folder, () => writeSync(fd, bytes, at));
	};
	const passed = frugal(true);
	const flush = () => {
		passed(used);
		write(held.subarray(0, used));
		used = 0;
	};
	return {
		add(record) {
			// Written at once: whoever reads an engine's listing is held up by a slow disk, and keeps nothing.
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
		throw new HoldfastError("disk-full", `a listing could not be kept in ${folder}: ${wordsOf(cause)}`, {
			cause,
			hint: `a long listing is sorted on disk; is there room? See: df -h ${folder}`,
		});
	}
}

/** A value as a text that sorts by its bytes, in JavaScript and everywhere else, and holds no control character. */
export function packed(value: unknown): string {
	return JSON.stringify(value).replace(
		/[\u007f-\uffff]/g,
		(one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
