// The working folder of this process. It may have been deleted, for example by a restore that replaced it. Then only what
// needs it fails, with a clear error.
import { statSync } from "node:fs";
import { HoldfastError, isErrno } from "../values/error.ts";

const current = process.cwd;

/** The path of the working folder; undefined if it has been deleted. */
export function workingFolder(): string | undefined {
	try {
		return current();
	} catch (error) {
		if (isErrno(error, "ENOENT")) return undefined;
		throw error;
	}
}

/**
 * Whether this process still stands in the folder that had this path, and the path leads to another one by now, or nowhere. Whoever
 * started it stands there too.
 */
export function hasMovedFrom(path: string): boolean {
	try {
		const [here, there] = [".", path].map((one) => statSync(one, { throwIfNoEntry: false }));
		return here?.ino !== there?.ino || here?.dev !== there?.dev;
	} catch {
		return false;
	}
}

/** If the working folder is gone, make `process.cwd()` say so, and with it `resolve` of node:path with relative paths. */
export function explainMissingFolder(): void {
	if (workingFolder() !== undefined) return;
	process.cwd = () => {
		throw new HoldfastError(
			"usage",
			"the current folder no longer exists: it was deleted or replaced, for example by a restore",
			{ hint: "change to another folder; to change to the folder that replaced it: cd ." },
		);
	};
}
