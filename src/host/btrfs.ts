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
 * The paths of the subvolumes directly within this one, and in its folder `within`. The file system is asked, in the same time however
 * many files there are. If its answer leaves doubt the folders are read, or, where that would take too long, `quickly`, an error says
 * so. For root only.
 */
export async function subvolumesIn(
	volume: string,
	signal: AbortSignal,
	{ within = volume, quickly = false } = {},
): Promise<string[]> {
	// A folder on the way may have been renamed meanwhile.
	const found = (await toldIn(volume, within, signal)) ?? (await toldIn(volume, within, signal));
	if (found !== undefined) return found;
	if (quickly)
		throw new Error(`the subvolumes in ${within} cannot be told: some have been renamed, or have odd names`);
	return (await subvolumesBelow(within, signal)).filter((path) => path !== volume);
}

/** A name may contain line breaks, also so that it looks like several entries. */
const ENTRY = /(?:^|\n)ID (\d+) gen \d+ top level \d+ path /;
/** Of the entries that are not there, so many are asked for one by one: it takes about half a second. */
const MAX_DOUBTFUL = 200;

/** Undefined if one of them is in doubt. */
async function toldIn(volume: string, within: string, signal: AbortSignal): Promise<string[] | undefined> {
	const mount = mountAt(volume, mountsOf("self"));
	const { text } = await execText(["btrfs", "subvolume", "list", "-o", "--", volume], { signal });
	const [, ...parts] = text.replace(/\n$/, "").split(ENTRY);
	if (mount === undefined) return parts.length === 0 ? [] : undefined;
	const root = onDisk(within, mount);
	const found = new Set<string>();
	const doubtful = new Set<string>();
	for (let index = 0; index < parts.length; index += 2) {
		const [id = "", path = ""] = parts.slice(index, index + 2);
		// Others may be called whatever their users like: an entry of this folder begins with the folder's path.
		if (!isAtOrBelow(`/${path}`, root)) continue;
		const at = movedTo(`/${path}`, root, within);
		if (found.has(at) || !(isThere(at) || isUnreadable(at))) doubtful.add(id);
		else if (at !== volume) found.add(at);
	}
	if (doubtful.size > MAX_DOUBTFUL) return undefined;
	for (const id of doubtful) {
		// By its number: what only looks like an entry has none, or that of another one.
		const resolve = ["btrfs", "inspect-internal", "subvolid-resolve", id, volume];
		const { code, text: path } = await execText(resolve, { signal });
		const real = `/${path.replace(/\n$/, "")}`;
		if (code === 0 && isAtOrBelow(real, root) && !found.has(movedTo(real, root, within))) return undefined;
	}
	return [...found];
}

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
