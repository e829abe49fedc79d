// What a user without root's rights can back up: the folders of their home.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { ProposedFolders } from "../config/write.ts";
import { contentsOf, entriesIn, type Part, wholeOf } from "./folder-contents.ts";

/** They come back by themselves, or are of no use elsewhere. */
const LEFT_OUT = new Set(["Downloads", "snap", "tmp", "node_modules"]);
const HIDDEN = [".config", ".ssh", ".gnupg", ".local/share", ".mozilla", ".thunderbird", ".password-store"];
/** More states than that are no proposal that anybody reads. */
export const MAX_STATES = 30;

export interface OwnFolders extends ProposedFolders {
	/** What is not proposed because of what it holds. */
	readonly parts: readonly Part[];
}

/** `archives`: folders that hold archives. Optional are those with settings, keys and mail. Folders of others, and links, are left out. */
export function ownFolders(home: string, archives: readonly string[]): OwnFolders {
	const folders = entriesIn(home)
		.map(({ name }) => name)
		.filter((entry) => !entry.startsWith(".") && !LEFT_OUT.has(entry) && isOwn(join(home, entry)))
		.map((entry) => ({ wanted: entry, path: join(home, entry) }))
		.map((one) => ({ ...one, ...contentsOf(one.path, archives) }));
	const proposed = folders.flatMap(({ kind, without, ...one }) =>
		kind === undefined ? [{ ...one, exclude: without.map(({ path }) => path) }] : [],
	);
	const hidden = wholeOf(HIDDEN.map((entry) => join(home, entry)).filter(isOwn), archives);
	return {
		states: stateNames(proposed).slice(0, MAX_STATES),
		optional: {
			name: "hidden",
			about: "Settings, keys and mail, which can be large and full of caches.",
			folders: hidden.folders,
		},
		parts: [
			...folders.flatMap(({ path, kind, without }) => (kind === undefined ? without : [{ path, kind }])),
			...hidden.parts,
		],
	};
}

/** Folders with the names of their states. One whose name another has already is left out. */
export function stateNames(
	folders: readonly { readonly wanted: string; readonly path: string; readonly exclude: readonly string[] }[],
) {
	const used = new Set<string>();
	return folders.flatMap(({ wanted, path, exclude }) => {
		const name = wanted.replaceAll(/[^a-zA-Z0-9_-]+/g, "-").replaceAll(/^-+|-+$/g, "") || "folder";
		if (used.has(name)) return [];
		used.add(name);
		return [{ name, folder: path, exclude }];
	});
}

function isOwn(folder: string): boolean {
	const found = lstatSync(folder, { throwIfNoEntry: false });
	return found?.isDirectory() === true && found.uid === process.getuid?.();
}
