// Files of an archive that we read ourselves: dumps, and the manifest.
import { closeSync, fstatSync, readFileSync } from "node:fs";
import { type Folder, findBelow, openFileBelow } from "../host/folder.ts";
import { HoldfastError } from "../values/error.ts";
import { type Destination, requireAble, type Work } from "./destination.ts";
import { into } from "./into.ts";

/** Write these paths of an archive into a private folder; each must be a regular file, whatever the archive says. */
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
		hint: "somebody changed this archive, or it is damaged: use another one",
	});
}

/** The text of one of them, which must not be longer. */
export function readTextBelow(folder: Folder, path: string, mostBytes: number): string {
	const fd = openFileBelow(folder, path);
	try {
		const { size } = fstatSync(fd);
		if (size > mostBytes)
			throw new HoldfastError("archive-damaged", `${path} in the archive is ${size} bytes long`, {
				hint: `more than ${mostBytes} bytes are not read: somebody changed this archive, or it is damaged`,
			});
		return readFileSync(fd, "utf8");
	} finally {
		closeSync(fd);
	}
}
