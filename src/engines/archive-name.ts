// Archive names, which engines also use as names of folders or tags.
import { HoldfastError } from "../values/error.ts";

const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,254}$/;

export const isArchiveName = (name: string) => NAME.test(name);

/** Throw a usage error for a name that could be a path, an option or a pattern. */
export function requireArchiveName(archive: string): void {
	if (!isArchiveName(archive))
		throw new HoldfastError("usage", `${JSON.stringify(archive)} is not a valid archive name`);
}

/** Never part of the name of a destination or an archive; a location may contain it. */
const BETWEEN = "::";

/** The unique id of an archive: `destination::location::archive`. */
export function archiveId(
	{ name, location }: { readonly name: string; readonly location: string },
	archive: string,
): string {
	return [name, location, archive].join(BETWEEN);
}

/** The destination in an archive's id; undefined for a plain archive name. */
export function destinationIn(wanted: string): string | undefined {
	const end = wanted.indexOf(BETWEEN);
	return end < 0 ? undefined : wanted.slice(0, end);
}

/** Whether this is the id of an archive at a location, whatever the destination was called at the time. */
export const isAt = (id: string, location: string, archive: string) =>
	id.endsWith(`${BETWEEN}${location}${BETWEEN}${archive}`);
