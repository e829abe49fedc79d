// Btrfs subvolumes: they move along when their parent folder is renamed, but `rm` does not delete them.
import { lstatSync, type Stats, statfsSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { closeOffForAll } from "./enclosure.ts";
import { exec, execText } from "./exec.ts";
import { closing, type Folder, openFolder } from "./folder.ts";
import { isAtOrBelow, mountAt, mountsOf, movedTo, onDisk } from "./mounts.ts";

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

/**
 * The paths of the subvolumes directly within this one. The file system is asked, in the same time however many files there are.
 * If its answer leaves doubt the folders are read, or, where that would take too long, `quickly`, an error says so. For root only.
 */
export async function subvolumesIn(
	volume: string,
	signal: AbortSignal,
	{ quickly = false } = {},
): Promise<string[]> {
	const mount = mountAt(volume, mountsOf("self"));
	const { text } = await execText(["btrfs", "subvolume", "list", "-o", "--", volume], { signal });
	const root = mount && onDisk(volume, mount);
	const listed = listedIn(text).map((path) =>
		root !== undefined && isAtOrBelow(`/${path}`, root) ? movedTo(`/${path}`, root, volume) : undefined,
	);
	const found = listed.filter((path) => path !== undefined);
	// A folder on the way may have been renamed meanwhile. A name can also be made to look like several lines.
	const isSure = listed.every((path) => path !== undefined && (isThere(path) || isUnreadable(path)));
	if (isSure && new Set(found).size === found.length) return found;
	if (quickly)
		throw new Error(`the subvolumes in ${volume} cannot be told: some have been renamed, or have odd names`);
	return (await subvolumesBelow(volume, signal)).filter((path) => path !== volume);
}

/** Paths below the root of the file system. A name may contain line breaks. */
const listedIn = (list: string): string[] =>
	list
		.replace(/\n$/, "")
		.split(/(?:^|\n)ID \d+ gen \d+ top level \d+ path /)
		.slice(1);

/** A name that is not UTF-8 cannot be looked up. */
const isUnreadable = (path: string) => path.includes("\ufffd");

function isThere(path: string): boolean {
	try {
		return isSubvolume(path, lstatSync(path));
	} catch {
		return false;
	}
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
