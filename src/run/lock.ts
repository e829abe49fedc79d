// One run at a time on a machine. The lock is SQLite's own file lock (fcntl), so the kernel releases it however its holder
// ends, and child processes do not inherit it.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { readStored } from "../host/stored-json.ts";
import { HoldfastError } from "../values/error.ts";
import { localTime } from "../values/local-time.ts";

export interface Lock {
	release(): void;
}

const holderSchema = v.object({
	pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
	since: v.pipe(v.string(), v.isoTimestamp()),
	doing: v.pipe(v.string(), v.maxLength(1_000)),
	/** The id of the holder's run. */
	run: v.exactOptional(v.string()),
});
export type Holder = v.InferOutput<typeof holderSchema>;

const LOCK = "lock.sqlite";
const HOLDER = "lock.json";
/** A process that looks up the holder blocks the lock for an instant. */
const PATIENCE_MS = 500;

/** Take the lock in this folder, or fail immediately with an error that names its holder. */
export function takeLock(folder: string, doing: string, run?: string): Lock {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const holderFile = join(folder, HOLDER);
	const mask = process.umask(0o077);
	const db = new DatabaseSync(join(folder, LOCK), { timeout: PATIENCE_MS });
	process.umask(mask);
	try {
		db.exec("BEGIN EXCLUSIVE");
	} catch (cause) {
		db.close();
		if (!/locked|busy/i.test((cause as Error).message))
			throw new HoldfastError("lock-failed", `cannot take the lock in ${folder}`, {
				subject: folder,
				cause,
				details: [(cause as Error).message],
			});
		throw lockedBy(readHolder(holderFile), cause);
	}
	const holder: Holder = {
		pid: process.pid,
		since: new Date().toISOString(),
		doing,
		...(run === undefined ? {} : { run }),
	};
	writeFileSync(holderFile, JSON.stringify(holder), { mode: 0o600 });
	return { release: () => db.close() };
}

/** The current holder of the lock; undefined if nobody holds it. */
export function lockHolder(folder: string): Holder | undefined {
	if (!existsSync(join(folder, LOCK))) return undefined;
	try {
		const db = new DatabaseSync(join(folder, LOCK), { readOnly: true, timeout: 0 });
		try {
			db.prepare("SELECT 1 FROM sqlite_schema").all();
			return undefined;
		} finally {
			db.close();
		}
	} catch {
		return readHolder(join(folder, HOLDER)) ?? { pid: 0, since: "", doing: "another run" };
	}
}

function lockedBy(holder: Holder | undefined, cause: unknown): HoldfastError {
	return new HoldfastError(
		"locked",
		holder
			? `another run is active on this machine: ${holder.doing} (process ${holder.pid}), since ${localTime(holder.since)}, ${age(holder.since)}`
			: "another run is active on this machine",
		{
			cause,
			hint: "watch it with: holdfast attach; then try again (create, prune and check wait for it with --wait 1h)",
		},
	);
}

function age(since: string): string {
	const minutes = Math.round((Date.now() - Date.parse(since)) / 60_000);
	return minutes < 1 ? "just now" : `${minutes} min ago`;
}

/** Undefined if the holder's record cannot be parsed. */
function readHolder(file: string): Holder | undefined {
	const found = readStored(file, holderSchema);
	return found && "value" in found ? found.value : undefined;
}
