// One run at a time on a machine. The lock is SQLite's own file lock (fcntl), so the kernel releases it when its
// holder dies, however it dies, and no child process inherits it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "../manifest/error.ts";

export interface Lock {
	release(): void;
}

interface Holder {
	readonly pid: number;
	readonly since: string;
	readonly doing: string;
}

/** Take the lock in this folder, or fail at once saying who holds it and since when. */
export function takeLock(folder: string, doing: string): Lock {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const holderFile = join(folder, "lock.json");
	const mask = process.umask(0o077);
	const db = new DatabaseSync(join(folder, "lock.sqlite"), { timeout: 0 });
	process.umask(mask);
	try {
		db.exec("BEGIN EXCLUSIVE");
	} catch (cause) {
		db.close();
		if (!/locked|busy/i.test((cause as Error).message))
			throw new HoldfastError("failed", `cannot take the lock in ${folder}`, {
				cause,
				details: [(cause as Error).message],
			});
		throw lockedBy(readHolder(holderFile), cause);
	}
	const holder: Holder = { pid: process.pid, since: new Date().toISOString(), doing };
	writeFileSync(holderFile, JSON.stringify(holder), { mode: 0o600 });
	return { release: () => db.close() };
}

function lockedBy(holder: Holder | undefined, cause: unknown): HoldfastError {
	const minutes = holder && Math.round((Date.now() - Date.parse(holder.since)) / 60_000);
	return new HoldfastError(
		"locked",
		holder
			? `another run works on this machine: ${holder.doing} (process ${holder.pid}), since ${holder.since}, ${minutes} min ago`
			: "another run works on this machine",
		{ cause, hint: "wait for it, or look at it with: holdfast runs" },
	);
}

function readHolder(file: string): Holder | undefined {
	try {
		return JSON.parse(readFileSync(file, "utf8")) as Holder;
	} catch {
		return undefined;
	}
}
