// Btrfs subvolumes: they move along when their parent folder is renamed, but `rm` does not delete them.
import { type Stats, statfsSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { SUBVOLUME_INODE as INODE, subvolumeReader } from "./btrfs-list.ts";
import { closeOffForAll } from "./enclosure.ts";
import { type ExecOptions, exec, execText } from "./exec.ts";
import { closing, type Folder, openFolder } from "./folder.ts";
import { mountAt, mountsOf, onDisk } from "./mounts.ts";

const BTRFS_MAGIC = 0x9123683e;

const isOnBtrfs = ({ self }: Folder) => statfsSync(self).type === BTRFS_MAGIC;

/** Whether a folder with these stats is a subvolume. */
export const isSubvolume = (path: string, found: Stats): boolean =>
	found.isDirectory() && found.ino === INODE && closing(openFolder(path), isOnBtrfs);

/** The subvolumes below a folder, without those nested in other subvolumes. */
export async function subvolumesBelow(
	path: string,
	signal: AbortSignal,
	timeoutSeconds?: number,
): Promise<string[]> {
	const found = await lstat(path).catch(() => undefined);
	if (!found?.isDirectory() || !closing(openFolder(path), isOnBtrfs)) return [];
	const test = ["-xdev", "-mindepth", "1", "-type", "d", "-inum", String(INODE), "-print0"];
	const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
	const { text, timedOut } = await execText(["find", path, ...test], { signal, ...limit });
	if (timedOut) throw new Error(`the subvolumes in ${path} cannot be told: ${ELUSIVE}`);
	return text.split("\0").filter((one) => one !== "");
}

const ELUSIVE = "there are too many on its file system, or they are renamed all the time";

/** Seconds for the file system's answer, and for reading a folder instead, while units stand still. */
const QUICK = { list: 5, read: 2 };

/**
 * The paths of the subvolumes directly within this one, and in its folder `within`. The file system is asked, in the same time however
 * many files there are. If its answer leaves doubt the folders are read; `quickly`: for so long at most. For root only.
 */
export async function subvolumesIn(
	volume: string,
	signal: AbortSignal,
	{ within = volume, quickly = false } = {},
): Promise<string[]> {
	const found = await toldIn(volume, within, signal, quickly ? { timeoutSeconds: QUICK.list } : {});
	if (found !== undefined) return found;
	const below = await subvolumesBelow(within, signal, quickly ? QUICK.read : undefined);
	return below.filter((path) => path !== volume);
}

/** So often the list is read until it says twice the same about what is not there. */
const MAX_LISTS = 5;

/** Undefined if one of them is in doubt. */
async function toldIn(
	volume: string,
	within: string,
	signal: AbortSignal,
	limit: Pick<ExecOptions, "timeoutSeconds">,
): Promise<string[] | undefined> {
	const mount = mountAt(volume, mountsOf("self"));
	if (mount === undefined) return undefined;
	const root = onDisk(within, mount);
	let before: string | undefined;
	for (let count = 0; count < MAX_LISTS; count++) {
		const listed = subvolumeReader(root, within);
		const list = ["btrfs", "subvolume", "list", "-o", "--", volume];
		const { code } = await exec(list, { signal, ...limit, reader: listed });
		if (code !== 0) return undefined;
		const { found, missing } = listed.told();
		// One that is renamed meanwhile is listed by its new name next time. What stays is out of sight below a mount point, or a part of
		// a name elsewhere.
		if (missing === undefined || missing === before) return found.filter((path) => path !== volume);
		before = missing;
	}
	return undefined;
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
