// Files that vanished or changed while an archive was written. The same for every engine: a vanished file is not in the
// archive, and the copy of a changed file may be inconsistent. Both are reported, and neither fails the backup of a state.
import { lstatSync } from "node:fs";
import { bytesOf } from "../host/names.ts";

/** A file that vanished before it was read, or changed while it was read. */
export interface Unsteady {
	/** Absolute, as stored. */
	readonly path: string;
	readonly what: "vanished" | "changed";
}

export interface Watch {
	readonly found: readonly Unsteady[];
	vanished(path: string): void;
	/** Ignores folders: engines list them before their content, and not all engines can tell whether they changed. */
	changed(path: string): void;
	/** For engines that do not report changes: the file has just been read, and reading began at that time. */
	readSince(path: string, milliseconds: number): void;
}

/** How many are kept, to be counted; only a few of them are shown. */
const MOST = 10_000;

export function watchUnsteady(): Watch {
	const found: Unsteady[] = [];
	const seen = new Set<string>();
	const add = (path: string, what: Unsteady["what"]) => {
		const key = `${what} ${path}`;
		if (found.length >= MOST || seen.has(key)) return;
		seen.add(key);
		found.push({ path, what });
	};
	return {
		found,
		vanished: (path) => add(path, "vanished"),
		changed: (path) => {
			if (statOf(path)?.isDirectory() !== true) add(path, "changed");
		},
		readSince: (path, milliseconds) => {
			const now = statOf(path);
			if (now?.isFile() && now.ctimeMs >= milliseconds) add(path, "changed");
		},
	};
}

/** Links are not followed: the result is only compared. */
function statOf(path: string) {
	try {
		return lstatSync(bytesOf(path), { throwIfNoEntry: false });
	} catch {
		return undefined;
	}
}

/** Whether an engine's message says that a file no longer exists. Only its end counts, because it may contain file names. */
export const saysAbsent = (reason: string) =>
	/^\[Errno 2\]|(no such file or directory|removed before we read it)( \(2\))?$/i.test(reason);
