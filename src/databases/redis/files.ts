// The files that a server loads when it starts, and their owners. Since version 7 the append-only file is a folder.
import { closeSync, constants, copyFileSync, fsyncSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { removeIn } from "../../host/files.ts";
import { enter, type Folder, openFileBelow, openFolder, split, syncFolder } from "../../host/folder.ts";
import { type FileOwner, giveTo, ownerOf } from "../../host/owner.ts";
import { resolvePath } from "../../host/trust.ts";
import type { DumpFacts } from "../database.ts";
import type { Product } from "./server.ts";

export interface Facts extends DumpFacts, FileOwner {
	/** Undefined in archives from before Valkey's own programs were supported: it was treated as Redis then. */
	readonly product?: Product;
	readonly appendOnly: boolean;
	readonly appendName: string;
	readonly appendFolder: string;
	readonly folder: FileOwner;
}

/**
 * The owner of the file, or the owner that the server would give it if it does not exist yet; and the owner of its
 * folder.
 */
export async function ownersOf(live: string): Promise<{ owner: FileOwner; folder: FileOwner }> {
	const { path, found } = resolvePath(live);
	const [above, name] = split(path);
	using home = openFolder(above);
	const here = openSync(home.self, constants.O_RDONLY);
	const file = found === undefined ? undefined : openFileBelow(home, name);
	try {
		const folder = await ownerOf(here);
		return { folder, owner: file === undefined ? { ...folder, mode: 0o640 } : await ownerOf(file) };
	} finally {
		closeSync(here);
		if (file !== undefined) closeSync(file);
	}
}

/**
 * Turn a dump into the files that the server loads at its next start. With the append-only file on, it loads only that.
 */
export async function putFiles(
	file: string,
	facts: Facts,
	home: Folder,
	base: string,
	isAppendOnly: () => Promise<boolean>,
): Promise<void> {
	const { appendOnly, appendName, appendFolder, folder, version: made, ...owner } = facts;
	const [name, within] = [basename(appendName), basename(appendFolder)];
	for (const one of [base, within, name]) await removeIn(home, one);
	await copyTo(file, home, base, owner);
	// The server's current settings decide what it will load. If it is down, assume that they are as they were.
	const on = await isAppendOnly().catch(() => appendOnly);
	if (on && made < 7) await copyTo(file, home, name, owner);
	if (on && made >= 7) {
		mkdirSync(home.at(within), { mode: 0o750 });
		using inside = enter(home, within);
		await copyTo(file, inside, `${name}.1.base.rdb`, owner);
		const manifest = `${name}.manifest`;
		writeFileSync(inside.at(manifest), `file ${name}.1.base.rdb seq 1 type b\n`, { flag: "wx" });
		await give(openFileBelow(inside, manifest), owner);
		await give(openSync(inside.self, constants.O_RDONLY), { ...folder, mode: 0o750 });
	}
	syncFolder(home);
}

async function copyTo(file: string, into: Folder, name: string, owner: FileOwner): Promise<void> {
	copyFileSync(file, into.at(name), constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
	await give(openFileBelow(into, name), owner);
}

/** Set the owner, sync and close the file. */
async function give(fd: number, owner: FileOwner): Promise<void> {
	await giveTo(fd, owner);
	fsyncSync(fd);
	closeSync(fd);
}
