// What is in a snapshot: plain files on a disk.
import { lstat, readdir, readlink } from "node:fs/promises";
import { HoldfastError } from "../../manifest/error.ts";
import type { Entry } from "../provider.ts";
import { filesOf } from "./snapshots.ts";

/** Tell every entry at and below these paths of an archive. */
export async function contents(
	directory: string,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
): Promise<void> {
	const files = await filesOf(directory, archive);
	const linked = new Set<number>();
	const visit = async (path: string): Promise<void> => {
		const found = await lstat(files + path).catch((cause: unknown) => {
			throw new HoldfastError("failed", `${path} is not in the archive ${archive}`, { cause });
		});
		// The program that listens makes it anew; no other engine stores one.
		if (found.isSocket()) return;
		const further = found.isFile() && found.nlink > 1 && linked.has(found.ino);
		linked.add(found.ino);
		tell({
			path,
			type: letterOf(found),
			mode: found.mode & 0o7777,
			uid: found.uid,
			gid: found.gid,
			size: further ? undefined : found.isFile() ? found.size : 0,
			mtime: found.mtimeMs,
			...(found.isSymbolicLink() ? { link: await readlink(files + path) } : {}),
		});
		if (found.isDirectory())
			for (const name of await readdir(files + path))
				await visit(path === "/" ? `/${name}` : `${path}/${name}`);
	};
	for (const path of paths) await visit(path);
}

function letterOf(stat: Awaited<ReturnType<typeof lstat>>): string {
	if (stat.isDirectory()) return "d";
	if (stat.isSymbolicLink()) return "l";
	if (stat.isFIFO()) return "p";
	if (stat.isCharacterDevice()) return "c";
	return stat.isBlockDevice() ? "b" : "-";
}
