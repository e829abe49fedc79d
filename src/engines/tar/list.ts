// The archives of a destination, without reading their data.

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../host/files.ts";
import { enter, entryIn, type Folder, openFolder } from "../../host/folder.ts";
import { sideBySide } from "../../host/side-by-side.ts";
import { resolvePath } from "../../host/trust.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { Archive } from "../archive.ts";
import { isArchiveName } from "../archive-name.ts";
import { oldestFirst } from "../archive-time.ts";
import { DATA, INDEX, lookAt, sizesOf } from "./index-file.ts";

/** How many archives are read in parallel. */
const LOOKS = 16;

export async function list(path: string): Promise<Archive[]> {
	const entries = await foldersIn(path);
	using disk = openFolder(resolvePath(path).path);
	const found: Archive[] = [];
	await sideBySide(entries, LOOKS, async (entry) => {
		found.push(...(await archiveOf(disk, entry)));
	});
	return oldestFirst(found.sort((a, b) => a.name.localeCompare(b.name)));
}

async function foldersIn(path: string): Promise<Dirent[]> {
	const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
		if (isErrno(error, "ENOENT"))
			throw new HoldfastError("repository-not-found", `${path} does not exist`, {
				subject: path,
				cause: error,
				hint: "check that the disk is mounted; for a new destination, the first create makes the folder",
			});
		throw error;
	});
	return entries.filter((one) => isArchiveName(one.name) && (one.isDirectory() || one.isSymbolicLink()));
}

/** Empty for folders that are not archives: there may be other things on that disk. */
async function archiveOf(disk: Folder, { name }: Dirent): Promise<Archive[]> {
	let folder: Folder;
	try {
		folder = enter(disk, name);
	} catch {
		const leadsToOne = await exists(join(disk.self, name, INDEX)).catch(() => false);
		return leadsToOne ? [{ name, damaged: "it is a symlink, not a folder" }] : [];
	}
	try {
		const look = await lookAt(folder);
		if (look === undefined) return [];
		if (look.index !== undefined) {
			const { metadata, segments } = look.index;
			return [{ name, created: metadata.created, metadata, ...sizesOf(segments) }];
		}
		const written = look.damaged === undefined ? undefined : entryIn(folder, DATA);
		return [{ name, ...look, ...(written ? { created: written.mtime.toISOString() } : {}) }];
	} catch (error) {
		return [{ name, damaged: `it cannot be read: ${wordsOf(error)}` }];
	} finally {
		folder[Symbol.dispose]();
	}
}
