// Names of archives that are names of folders or tags as well.
import { HoldfastError } from "../values/error.ts";

const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,254}$/;

export const isArchiveName = (name: string) => NAME.test(name);

/** Refuse a name that could be a path, an option or a pattern. */
export function requireArchiveName(archive: string): void {
	if (!isArchiveName(archive))
		throw new HoldfastError("usage", `${JSON.stringify(archive)} cannot be an archive's name`);
}

/** No destination has it in its name, and no archive in its own: a location may. */
const BETWEEN = "::";

/** What an archive is called where there may be others of its name: `destination::location::archive`. */
export function archiveId(
	{ name, location }: { readonly name: string; readonly location: string },
	archive: string,
): string {
	return [name, location, archive].join(BETWEEN);
}

/** The name of the destination, where this is an archive's id and not its name alone. */
export function destinationIn(wanted: string): string | undefined {
	const end = wanted.indexOf(BETWEEN);
	return end < 0 ? undefined : wanted.slice(0, end);
}

/** Whether this is the id of an archive at a location, whatever its destination was called then. */
export const isAt = (id: string, location: string, archive: string) =>
	id.endsWith(`${BETWEEN}${location}${BETWEEN}${archive}`);
