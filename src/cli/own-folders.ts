// What a user without root's rights can back up: the folders of their home.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ProposedFolders } from "../config/write.ts";

/** They come back by themselves, or are of no use elsewhere. */
const LEFT_OUT = new Set(["Downloads", "snap", "tmp", "node_modules"]);
const HIDDEN = [".config", ".ssh", ".gnupg", ".local/share", ".mozilla", ".thunderbird", ".password-store"];
/** More states than that are no proposal that anybody reads. */
export const MAX_STATES = 30;

/** `archives`: where the archives will be. Optional are those with settings, keys and mail. Folders of others, and links, are left out. */
export function ownFolders(home: string, archives: string): ProposedFolders {
	const folders = namesIn(home)
		.filter((entry) => !entry.startsWith(".") && !LEFT_OUT.has(entry) && join(home, entry) !== archives)
		.filter((entry) => isOwn(join(home, entry)))
		.map((entry) => ({ wanted: entry, path: join(home, entry) }));
	return {
		states: stateNames(folders).slice(0, MAX_STATES),
		optional: {
			name: "hidden",
			about: "Settings, keys and mail, which can be large and full of caches.",
			folders: HIDDEN.map((entry) => join(home, entry)).filter(isOwn),
		},
	};
}

/** Folders with the names of their states. One whose name another has already is left out. */
export function stateNames(folders: readonly { readonly wanted: string; readonly path: string }[]) {
	const used = new Set<string>();
	return folders.flatMap(({ wanted, path }) => {
		const name = wanted.replaceAll(/[^a-zA-Z0-9_-]+/g, "-").replaceAll(/^-+|-+$/g, "") || "folder";
		if (used.has(name)) return [];
		used.add(name);
		return [{ name, folder: path }];
	});
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder).sort();
	} catch {
		return [];
	}
}

function isOwn(folder: string): boolean {
	const found = lstatSync(folder, { throwIfNoEntry: false });
	return found?.isDirectory() === true && found.uid === process.getuid?.();
}
