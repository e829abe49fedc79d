// Reads `btrfs subvolume list`. Names may contain line breaks, also so that they look like further entries, and other users may have
// any number of subvolumes: what is no part of the folder is not kept, and what looks like a part of it is looked up.
import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import type { OutputReader } from "./lines.ts";

/** The inode of every subvolume's root (btrfs: BTRFS_FIRST_FREE_OBJECTID). */
export const SUBVOLUME_INODE = 256;

const ENTRY = /^ID (\d+) gen \d+ top level \d+ path (.*)$/s;
/** Bytes of a path (Linux: PATH_MAX). */
const LONGEST_PATH = 4096;

interface Entry {
	readonly id: string;
	/** Below the folder, as one character per byte. */
	path: string;
	isThere: boolean;
}

/** The subvolumes in a folder, of which `root` is the path on the file system. */
export function subvolumeReader(root: string, folder: string) {
	const prefix = bytesOf(root === "/" ? "" : `${root.slice(1)}/`);
	const at = bytesOf(folder === "/" ? "/" : `${folder}/`);
	const found = new Set<string>();
	const missing = createHash("sha256");
	let isMissing = false;
	let rest = "";
	/** Those that may go on in the next line. */
	let open: Entry[] = [];
	const close = (entry: Entry) => {
		if (entry.isThere) return;
		isMissing = true;
		missing.update(`${entry.id} ${entry.path}\0`);
	};
	/** Whether a longer name may be there too. */
	const look = (entry: Entry): boolean => {
		const path = at + entry.path;
		if (isSubvolumeAt(path)) {
			found.add(textOf(path));
			entry.isThere = true;
		}
		return isFolderAt(path.slice(0, path.lastIndexOf("/")));
	};
	/** Those of which no more is to come are closed. */
	const keep = (isOpen: (entry: Entry) => boolean) => {
		open = open.filter((entry) => {
			const stays = isOpen(entry);
			if (!stays) close(entry);
			return stays;
		});
	};
	const onLine = (line: string) => {
		const [, id, path = ""] = ENTRY.exec(line) ?? [];
		if (id !== undefined) keep(look);
		for (const entry of open) entry.path += `\n${line}`;
		keep((entry) => entry.path.length <= LONGEST_PATH);
		// The folder itself is not in its list: an entry in it has a slash, which no name has.
		if (id !== undefined && path.startsWith(prefix) && path.length > prefix.length)
			open.push({ id, path: path.slice(prefix.length), isThere: false });
	};
	return {
		push(chunk) {
			const lines = (rest + chunk.toString("latin1")).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) onLine(line);
		},
		end() {
			if (rest !== "") onLine(rest);
			keep(look);
			keep(() => false);
		},
		/** `missing`: a digest of everything that was listed but is not there; undefined if nothing is missing. */
		told: () => ({ found: [...found], missing: isMissing ? missing.digest("hex") : undefined }),
	} satisfies OutputReader & { told(): { found: string[]; missing: string | undefined } };
}

// A name need not be UTF-8.
const bytesOf = (text: string) => Buffer.from(text).toString("latin1");
const textOf = (bytes: string) => Buffer.from(bytes, "latin1").toString();

function lookAt(bytes: string) {
	try {
		return lstatSync(Buffer.from(bytes || "/", "latin1"));
	} catch {
		return undefined;
	}
}

const isFolderAt = (bytes: string) => lookAt(bytes)?.isDirectory() === true;

function isSubvolumeAt(bytes: string): boolean {
	const found = lookAt(bytes);
	return found?.isDirectory() === true && found.ino === SUBVOLUME_INODE;
}
