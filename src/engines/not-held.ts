// The errors for what a destination does not hold, the same for every engine.
import { HoldfastError } from "../values/error.ts";
import type { Entry } from "./archive.ts";

/** The error for an archive that is not in a destination, which is called `where`. */
export function noArchive(archive: string, where: string, cause?: unknown): HoldfastError {
	return new HoldfastError("archive-not-found", `there is no archive ${archive} in ${where}`, {
		subject: archive,
		hint: "to list the archives: holdfast list",
		...(cause === undefined ? {} : { cause }),
	});
}

/** The error for a path that is not in an archive. */
export function notHeld(path: string, archive: string, cause?: unknown): HoldfastError {
	return new HoldfastError("path-not-in-archive", `${path} is not in the archive ${archive}`, {
		subject: path,
		hint: `list its files with: holdfast archives browse ${archive}`,
		...(cause === undefined ? {} : { cause }),
	});
}

/** For engines that do not report a path that they do not find: `requireAll` throws if no entry was at or below one of them. */
export function heldAmong(paths: readonly string[], archive: string) {
	const sought = new Set(paths);
	return {
		found({ path }: Entry): void {
			for (const one of sought)
				if (path === one || path.startsWith(one.endsWith("/") ? one : `${one}/`)) sought.delete(one);
		},
		requireAll(): void {
			for (const one of sought) throw notHeld(one, archive);
		},
	};
}
