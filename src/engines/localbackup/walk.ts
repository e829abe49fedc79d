// Goes through the entries of a snapshot: plain files on a disk.
import type { Stats } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { descend, enter, entryIn, type Folder, isAbsent, namesIn } from "../../host/folder.ts";
import { limitGarbage } from "../../host/memory.ts";

/** After this many entries, other tasks get to run and buffers are freed. */
const BREATHS = 500;
/** Approximate bytes of garbage per entry. */
const ENTRY_BYTES = 512;

export interface Found {
	readonly parent: Folder;
	readonly name: string;
	/** As stored, absolute. */
	readonly path: string;
	readonly stat: Stats;
}

/** `at` and `below` call `tell` with every entry at a path, or below a folder. `at` returns whether anything is there. */
export function walker(tell: (found: Found) => void) {
	const passed = limitGarbage(true);
	let count = 0;
	const at = async (parent: Folder, name: string, path: string): Promise<boolean> => {
		if (++count % BREATHS === 0) {
			passed(BREATHS * ENTRY_BYTES);
			await setImmediate();
		}
		const stat = entryIn(parent, name);
		if (stat === undefined) return false;
		// The program that listens on a socket creates it again; no other engine stores sockets.
		if (stat.isSocket()) return true;
		tell({ parent, name, path, stat });
		if (!stat.isDirectory()) return true;
		using folder = enter(parent, name);
		await below(folder, path);
		return true;
	};
	const below = async (folder: Folder, path: string): Promise<void> => {
		for (const name of namesIn(folder)) await at(folder, name, `${path}/${name}`);
	};
	return { at, below };
}

/** The type of an entry, as `ls -l` prints it. */
export function letterOf(stat: Stats): string {
	if (stat.isDirectory()) return "d";
	if (stat.isSymbolicLink()) return "l";
	if (stat.isFIFO()) return "p";
	if (stat.isCharacterDevice()) return "c";
	return stat.isBlockDevice() ? "b" : "-";
}

/** Opens folders below another, and keeps the last one open: files that were written together are mostly in one. */
export function parents(files: Folder) {
	let path: string | undefined;
	let folder: Folder | undefined;
	const open = (wanted: string): Folder | undefined => {
		if (wanted === path) return folder;
		folder?.[Symbol.dispose]();
		[path, folder] = [wanted, undefined];
		try {
			folder = descend(files, wanted);
		} catch (error) {
			// A link in the place of a folder is told of the folder itself.
			if (!isAbsent(error) && !isLinkFault(error)) throw error;
		}
		return folder;
	};
	return Object.assign(open, { close: () => folder?.[Symbol.dispose]() });
}

const isLinkFault = (error: unknown) =>
	error instanceof Error && "code" in error && error.code === "path-not-trusted";
