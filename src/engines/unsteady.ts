// Files that did not hold still while an archive was written. The rule is the same for every engine: what vanished is not
// in the archive, what changed may be in it as it never was; both are told, and neither costs a state its backup.
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
	/** Folders are passed over: engines list them before what is in them, and not all of them can tell. */
	changed(path: string): void;
	/** For engines that cannot tell: the file was read to its end just now, and its reading began at that time. */
	readSince(path: string, milliseconds: number): void;
}

/** So many are kept: they are counted, and a few of them are shown. */
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

/** Only to be compared: where links lead does not matter. */
function statOf(path: string) {
	try {
		return lstatSync(bytesOf(path), { throwIfNoEntry: false });
	} catch {
		return undefined;
	}
}

/** Whether an engine's own words say that something was not there any more. Names may stand in them: just the ends count. */
export const saysAbsent = (reason: string) =>
	/^\[Errno 2\]|(no such file or directory|removed before we read it)( \(2\))?$/i.test(reason);
