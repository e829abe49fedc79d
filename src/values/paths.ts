// Paths as strings, without access to the file system.

/** PATH_MAX of limits.h, without its NUL. */
export const LONGEST_PATH = 4095;

/** The folders above an absolute path, nearest first, `/` last; none if it is too long to be a path. */
export function* above(path: string): Generator<string> {
	if (path.length > LONGEST_PATH) return;
	for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1))
		yield path.slice(0, end);
	yield "/";
}

/** Whether a path is this folder or inside it. Both are absolute and normalised. */
export const isWithin = (path: string, folder: string): boolean =>
	path === folder || path.startsWith(`${folder}/`);

/** The owner of a path: the entry with the innermost folder that contains it. */
export function ownerOf<T extends { readonly folder: string }>(
	path: string,
	all: readonly T[],
): T | undefined {
	const around = all.filter(({ folder }) => isWithin(path, folder));
	return around.sort((a, b) => b.folder.length - a.folder.length)[0];
}
