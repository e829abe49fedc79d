// Btrfs subvolumes: they move along when their parent folder is renamed, but `rm` does not delete them.
import { type Stats, statfsSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { closeOffForAll } from "./enclosure.ts";
import { exec, execText } from "./exec.ts";
import { closing, type Folder, openFolder } from "./folder.ts";

const BTRFS_MAGIC = 0x9123683e;
/** The inode of every subvolume's root (btrfs: BTRFS_FIRST_FREE_OBJECTID). */
const INODE = 256;

const isOnBtrfs = ({ self }: Folder) => statfsSync(self).type === BTRFS_MAGIC;

/** Whether a folder with these stats is a subvolume. */
export const isSubvolume = (path: string, found: Stats): boolean =>
	found.isDirectory() && found.ino === INODE && closing(openFolder(path), isOnBtrfs);

/** The subvolumes below a folder, without those nested in other subvolumes. */
export async function subvolumesBelow(path: string, signal: AbortSignal): Promise<string[]> {
	const found = await lstat(path).catch(() => undefined);
	if (!found?.isDirectory() || !closing(openFolder(path), isOnBtrfs)) return [];
	const test = ["-xdev", "-mindepth", "1", "-type", "d", "-inum", String(INODE), "-print0"];
	const { text } = await execText(["find", path, ...test], { signal });
	return text.split("\0").filter((one) => one !== "");
}

/** Delete the subvolumes in our own data; not where a link in place of a folder could lead to data of others. */
export async function removeSubvolumes(folder: Folder, name: string): Promise<void> {
	if (!isOnBtrfs(folder)) return;
	await using inside = await closeOffForAll([{ folder }], () => {});
	if (inside === undefined) return;
	const test = ["-mindepth", "1", "-depth", "-type", "d", "-inum", String(INODE)];
	const remove = ["-exec", "btrfs", "-q", "subvolume", "delete", "--", "{}", ";"];
	await exec(["find", `./${name}`, ...test, ...remove], { cwd: folder.path, enclosure: inside });
}
