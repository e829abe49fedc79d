import { HoldfastError } from "../values/error.ts";

/** The error for a path that is not in an archive. */
export function notHeld(path: string, archive: string, cause?: unknown): HoldfastError {
	return new HoldfastError("path-not-in-archive", `${path} is not in the archive ${archive}`, {
		subject: path,
		hint: `to see what it holds: holdfast archives browse ${archive}`,
		...(cause === undefined ? {} : { cause }),
	});
}
