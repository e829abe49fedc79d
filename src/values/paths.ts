// Paths as texts: nothing is looked up.

/** PATH_MAX of limits.h, without its NUL. */
export const LONGEST_PATH = 4095;

/** The folders that an absolute path lies in, nearest first, `/` last; of what is too long to be a path, none. */
export function* above(path: string): Generator<string> {
	if (path.length > LONGEST_PATH) return;
	for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1))
		yield path.slice(0, end);
	yield "/";
}

/** Whether a path is this folder, or lies in it; both absolute and normalised. */
export const isWithin = (path: string, folder: string): boolean =>
	path === folder || path.startsWith(`${folder}/`);

/** Of those with a folder that a path lies in, the one with the innermost: it is theirs. */
export function ownerOf<T extends { readonly folder: string }>(
	path: string,
	all: readonly T[],
): T | undefined {
	const around = all.filter(({ folder }) => isWithin(path, folder));
	return around.sort((a, b) => b.folder.length - a.folder.length)[0];
}
