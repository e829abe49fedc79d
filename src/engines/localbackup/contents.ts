// Lists the entries of a snapshot: plain files on a disk.

import type { Stats } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { descend, enter, entryIn, type Folder, linkIn, namesIn, split } from "../../host/folder.ts";
import { limitGarbage } from "../../host/memory.ts";
import { numberSet } from "../../host/number-set.ts";
import type { Entry } from "../archive.ts";
import { notHeld } from "../not-held.ts";
import { openFiles } from "./snapshots.ts";

/** After this many entries, other tasks get to run and buffers are freed. */
const BREATHS = 500;
/** Approximate bytes of garbage per entry. */
const ENTRY_BYTES = 512;

/** Call `tell` with every entry at and below these paths of an archive. */
export async function contents(
	directory: string,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
): Promise<void> {
	using files = await openFiles(directory, archive);
	// Snapshots share files as hard links, so nearly every file has several.
	const linked = numberSet();
	const passed = limitGarbage(true);
	let count = 0;
	const visit = async (parent: Folder, name: string, path: string): Promise<void> => {
		if (++count % BREATHS === 0) {
			passed(BREATHS * ENTRY_BYTES);
			await setImmediate();
		}
		const found = entryIn(parent, name);
		if (found === undefined) throw notHeld(path, archive);
		// The program that listens on a socket creates it again; no other engine stores sockets.
		if (found.isSocket()) return;
		const further = found.isFile() && found.nlink > 1 && !linked.add(found.ino);
		tell({
			path,
			type: letterOf(found),
			mode: found.mode & 0o7777,
			uid: found.uid,
			gid: found.gid,
			size: further ? undefined : found.isFile() ? found.size : 0,
			mtime: found.mtimeMs,
			...(found.isSymbolicLink() ? { link: linkIn(parent, name) } : {}),
		});
		if (!found.isDirectory()) return;
		using folder = enter(parent, name);
		await below(folder, path);
	};
	const below = async (folder: Folder, path: string): Promise<void> => {
		for (const name of namesIn(folder)) await visit(folder, name, `${path}/${name}`);
	};
	for (const path of paths) {
		if (path === "/") await below(files, "");
		else {
			const [above, name] = split(path);
			using parent = attempt(() => descend(files, above), path, archive);
			await visit(parent, name, path);
		}
	}
}

function attempt<T>(work: () => T, path: string, archive: string): T {
	try {
		return work();
	} catch (cause) {
		throw notHeld(path, archive, cause);
	}
}

function letterOf(stat: Stats): string {
	if (stat.isDirectory()) return "d";
	if (stat.isSymbolicLink()) return "l";
	if (stat.isFIFO()) return "p";
	if (stat.isCharacterDevice()) return "c";
	return stat.isBlockDevice() ? "b" : "-";
}
