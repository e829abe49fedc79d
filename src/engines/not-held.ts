import { HoldfastError } from "../values/error.ts";

/** What to throw for a path that an archive does not hold. */
export function notHeld(path: string, archive: string, cause?: unknown): HoldfastError {
	return new HoldfastError("path-not-in-archive", `${path} is not in the archive ${archive}`, {
		hint: `to see what it holds: holdfast archives browse ${archive}`,
		...(cause === undefined ? {} : { cause }),
	});
}
