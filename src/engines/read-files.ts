// Files in an archive that Holdfast itself reads: dumps and the manifest.
import { closeSync, fstatSync, readFileSync } from "node:fs";
import { type Folder, findBelow, openFileBelow } from "../host/folder.ts";
import { HoldfastError } from "../values/error.ts";
import { type Destination, requireAble, type Work } from "./destination.ts";
import { into } from "./into.ts";

/** Restore these paths of an archive into a private folder. Throws if one of them is not a regular file. */
export async function restoreFiles(
	destination: Destination,
	archive: string,
	paths: readonly string[],
	folder: Folder,
	work: Work,
): Promise<void> {
	requireAble(destination, "restore");
	await destination.restore(archive, paths, into(folder, work.log), work);
	for (const path of paths) requireFile(folder, path, archive);
}

export function requireFile(folder: Folder, path: string, archive: string): void {
	if (findBelow(folder, path)?.isFile()) return;
	throw new HoldfastError("archive-damaged", `${path} is not a file in the archive ${archive}`, {
		hint: "the archive is damaged or was modified; choose another one",
	});
}

/** The text of one of them. Throws if it is longer than `mostBytes`. */
export function readTextBelow(folder: Folder, path: string, mostBytes: number): string {
	const fd = openFileBelow(folder, path);
	try {
		const { size } = fstatSync(fd);
		if (size > mostBytes)
			throw new HoldfastError("archive-damaged", `${path} in the archive is ${size} bytes long`, {
				hint: `the limit is ${mostBytes} bytes; the archive is damaged or was modified`,
			});
		return readFileSync(fd, "utf8");
	} finally {
		closeSync(fd);
	}
}
