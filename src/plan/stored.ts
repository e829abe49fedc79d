// Where in an archive to find what the user names by path.
import { HoldfastError } from "../values/error.ts";
import { isWithin, ownerOf } from "../values/paths.ts";
import type { ListedArchive } from "./archives.ts";
import { requireUsable } from "./choose.ts";

/**
 * The stored paths of an archive at and below a path; all of them without one. If a folder was a symlink, its contents
 * are found under the path that the user knows.
 */
export function storedRoots(archive: ListedArchive, path?: string): string[] {
	const roots = rootsIn(archive);
	if (path === undefined) return roots.map(({ stored }) => stored);
	const at = storedAt(roots, path);
	const below = roots
		.filter(({ folder }) => path === "/" || isWithin(folder, path))
		.map(({ stored }) => stored);
	// What another state has there is found along with its surroundings.
	if (at !== undefined) return [at, ...below.filter((stored) => stored !== at)];
	if (below.length > 0) return below;
	throw notThere(archive, path, roots);
}

/**
 * The single path in an archive for a path that the user knows: an entire folder of a state, or something in one. What
 * other states have within it follows.
 */
export function storedPaths(archive: ListedArchive, path: string): readonly [string, ...string[]] {
	const roots = rootsIn(archive);
	const at = storedAt(roots, path);
	if (at !== undefined) {
		const within = roots.filter(({ stored }) => stored !== at && isWithin(stored, at));
		return [at, ...within.map(({ stored }) => stored)];
	}
	if (!roots.some(({ folder }) => path === "/" || isWithin(folder, path)))
		throw notThere(archive, path, roots);
	throw new HoldfastError("path-not-in-archive", `${path} is above the folders in ${archive.id}`, {
		subject: path,
		hint: `name one of these: ${roots.map(({ folder }) => folder).join(", ")}`,
	});
}

/** A folder or a dump: the path that the user knows, and the path where it is stored. */
interface StoredRoot {
	readonly folder: string;
	readonly stored: string;
}

function rootsIn(archive: ListedArchive): StoredRoot[] {
	requireUsable(archive);
	const { metadata, id } = archive;
	if (metadata === undefined)
		throw new HoldfastError("archive-foreign", `${id} was not created by Holdfast and has no description`, {
			subject: id,
			hint: "inspect it with its engine's own program",
		});
	return Object.values(metadata.states)
		.filter(isGoodOne)
		.flatMap(({ folders, stored = {}, dumps = [] }) => [
			...folders.map((folder) => ({ folder, stored: stored[folder] ?? folder })),
			...dumps.map((dump) => ({ folder: dump.stored, stored: dump.stored })),
		]);
}

const isGoodOne = ({ outcome }: { readonly outcome: string }) => outcome === "good";

function storedAt(roots: readonly StoredRoot[], path: string): string | undefined {
	const root = ownerOf(path, roots);
	return root && root.stored + path.slice(root.folder.length);
}

function notThere(
	{ metadata, id }: ListedArchive,
	path: string,
	roots: readonly StoredRoot[],
): HoldfastError {
	const [failed] = Object.entries(metadata?.states ?? {})
		.filter(([, state]) => !isGoodOne(state))
		.filter(([, { folders }]) => folders.some((one) => isWithin(path, one) || isWithin(one, path)))
		.map(([name]) => `it does not contain state ${name}, which failed in that run`);
	const held = roots.length === 0 ? NOTHING : `it contains ${roots.map(({ folder }) => folder).join(", ")}`;
	return new HoldfastError("path-not-in-archive", `${path} is not in ${id}`, {
		subject: path,
		hint: failed ?? held,
	});
}

const NOTHING = "it is empty: every state failed in that run";
