// The folder that the program was started in. It may be gone, as after a restore that replaced it: then only what needs
// it fails, and says so.
import { HoldfastError, isErrno } from "../values/error.ts";

const current = process.cwd;

/** Its path; undefined when it is gone. */
export function standingIn(): string | undefined {
	try {
		return current();
	} catch (error) {
		if (isErrno(error, "ENOENT")) return undefined;
		throw error;
	}
}

/** From here on, whatever needs it says what happened; so does `resolve` of node:path with a relative path. */
export function sayWhenGone(): void {
	if (standingIn() !== undefined) return;
	process.cwd = () => {
		throw new HoldfastError(
			"usage",
			"the folder that you are in is gone: it was deleted or replaced, as a restore does",
			{ hint: "cd to another folder, or to its new one with: cd ." },
		);
	};
}
