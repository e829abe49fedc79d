// Where in an archive what a person names by its path is.
import { basename } from "node:path";
import { HoldfastError } from "../manifest/error.ts";
import type { ListedArchive } from "./archives.ts";
import { requireUsable } from "./choose.ts";

/**
 * What of an archive lies at and below a path, as the paths that it stores; all of it without one. A folder that was a
 * symlink is found under the path that a person knows.
 */
export function storedRoots(archive: ListedArchive, path?: string): string[] {
	requireUsable(archive);
	const { metadata, id } = archive;
	if (metadata === undefined)
		throw new HoldfastError("usage", `${id} does not describe itself: Holdfast did not make it`, {
			hint: "look into it with its engine's own program",
		});
	const isGoodOne = ({ outcome }: { readonly outcome: string }) => outcome === "good";
	const states = Object.values(metadata.states).filter(isGoodOne);
	const roots = states.flatMap(({ folders, stored = {}, dumps = [] }) => [
		...folders.map((folder) => ({ known: folder, stored: stored[folder] ?? folder })),
		...dumps.map((dump) => ({ known: dump.stored, stored: dump.stored })),
	]);
	if (path === undefined) return roots.map((root) => root.stored);
	const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);
	const below = roots.filter(({ known }) => within(known, path) || path === "/");
	if (below.length > 0) return below.map((root) => root.stored);
	const above = roots
		.filter(({ known }) => within(path, known))
		.sort((a, b) => b.known.length - a.known.length)
		.map((root) => root.stored + path.slice(root.known.length));
	if (above[0] !== undefined) return [above[0]];
	const failed = Object.entries(metadata.states)
		.filter(([, state]) => !isGoodOne(state))
		.filter(([, { folders }]) => folders.some((one) => within(path, one) || within(one, path)))
		.map(([name]) => `it holds nothing of state ${name}: that failed in this run`);
	throw new HoldfastError("usage", `${path} is not in ${id}`, {
		hint:
			failed[0] ?? (roots.length === 0 ? NOTHING : `it holds ${roots.map(({ known }) => known).join(", ")}`),
	});
}

const NOTHING = "it holds nothing: every state failed in this run";

/** The one path that an archive stores for a path that a person knows: a whole folder of a state, or something in one. */
export function storedPath(archive: ListedArchive, path: string): string {
	const [stored, ...more] = storedRoots(archive, path);
	if (stored !== undefined && more.length === 0 && stored.endsWith(`/${basename(path)}`)) return stored;
	throw new HoldfastError("usage", `${path} is above what ${archive.id} holds`, {
		hint: `name one of these: ${storedRoots(archive).join(", ")}`,
	});
}
