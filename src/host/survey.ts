// What stands at a path: how a restore swaps it depends on that.
import { lstat, readlink, realpath, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isErrno } from "../manifest/error.ts";
import { mountPoints } from "./mounts.ts";

/**
 * `rename`: the folder or file itself can be renamed, or nothing is there yet. `entries`: it is a mount point or a btrfs
 * subvolume, which stays, and what is in it is renamed one by one.
 */
export type SwapMode = "rename" | "entries";

export interface Survey {
	/** The path itself, or where it leads when it is a symlink, whether or not anything is there. */
	readonly target: string;
	readonly present: boolean;
	readonly mode: SwapMode;
	/** Mount points below it, other than itself. */
	readonly mountsBelow: readonly string[];
}

const BTRFS_MAGIC = 0x9123683e;
/** The inode of every subvolume's root (btrfs: BTRFS_FIRST_FREE_OBJECTID). */
const SUBVOLUME_INODE = 256;
const MOST_LINKS = 40;

export async function survey(path: string): Promise<Survey> {
	const target = await followed(path);
	const mounts = await mountPoints();
	const found = await stat(target).catch((error: unknown) => {
		if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
		throw error;
	});
	const fixed = mounts.includes(target) || (found?.isDirectory() && (await isSubvolume(target, found.ino)));
	return {
		target,
		present: found !== undefined,
		mode: fixed ? "entries" : "rename",
		mountsBelow: mounts.filter((mount) => mount.startsWith(`${target}/`)),
	};
}

/** Where a path leads: like realpath, and also for what is not there. */
async function followed(path: string, links = 0): Promise<string> {
	if (links > MOST_LINKS) throw new Error(`${path}: too many symlinks`);
	const link = await lstat(path).catch(() => undefined);
	if (link?.isSymbolicLink()) return followed(resolve(dirname(path), await readlink(path)), links + 1);
	if (link) return realpath(path);
	const parent = dirname(path);
	return parent === path ? path : join(await followed(parent, links), basename(path));
}

async function isSubvolume(path: string, inode: number): Promise<boolean> {
	return inode === SUBVOLUME_INODE && (await statfs(path)).type === BTRFS_MAGIC;
}

/** The nearest path at or above this one that is there: the filesystem that it will be on. */
export async function nearestPresent(path: string): Promise<string> {
	for (let at = path; ; at = dirname(at)) {
		if (await lstat(at).catch(() => undefined)) return at;
		if (at === "/") return at;
	}
}
