// What a user without root's rights can back up: the folders of their home.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { OwnFolders } from "../config/write.ts";

/** They come back by themselves, or are of no use elsewhere. */
const LEFT_OUT = new Set(["Downloads", "snap", "tmp", "node_modules"]);
const HIDDEN = [".config", ".ssh", ".gnupg", ".local/share", ".mozilla", ".thunderbird", ".password-store"];
/** More states than that are no proposal that anybody reads. */
const MOST = 30;

/** `archives`: where the archives will be. `hidden`: those with settings, keys and mail. Folders of others, and links, are left out. */
export function ownFolders(home: string, archives: string): OwnFolders {
	const used = new Set<string>();
	const states = namesIn(home)
		.filter((entry) => !entry.startsWith(".") && !LEFT_OUT.has(entry) && join(home, entry) !== archives)
		.filter((entry) => isOwn(join(home, entry)))
		.flatMap((entry) => {
			const name = entry.replaceAll(/[^a-zA-Z0-9_-]+/g, "-").replaceAll(/^-+|-+$/g, "") || "folder";
			if (used.has(name)) return [];
			used.add(name);
			return [{ name, folder: join(home, entry) }];
		})
		.slice(0, MOST);
	return { states, hidden: HIDDEN.map((entry) => join(home, entry)).filter(isOwn) };
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
