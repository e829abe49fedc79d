// Mount points of file systems.
import { opendirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "../values/error.ts";

export interface Mount {
	readonly id: string;
	/** The id of the mount that contains its mount point. */
	readonly parent: string;
	/** The mount point. */
	readonly path: string;
	/** Per-mount options: `rw`, `nosuid`, `nosymfollow` … */
	readonly options: readonly string[];
	/** File system type: `ext4`, `tmpfs`, `proc` … */
	readonly type: string;
	/** What it calls itself: a device's path, or any text. */
	readonly source: string;
	/** The device, `major:minor`, and the folder on it that is mounted. */
	readonly device: string;
	readonly root: string;
}

/** The mounts that a process sees (proc(5), mountinfo), where spaces and similar characters in paths are octal escapes. */
export function mountsOf(process: number | "self"): Mount[] {
	return parse(readFileSync(`/proc/${process}/mountinfo`, "utf8"));
}

export async function mountPoints(): Promise<string[]> {
	return parse(await readFile("/proc/self/mountinfo", "utf8")).map(({ path }) => path);
}

function parse(table: string): Mount[] {
	return table.split("\n").flatMap((line) => {
		const [id, parent, device = "", root = "", path, options, ...rest] = line.split(" ");
		if (id === undefined || parent === undefined || path === undefined || options === undefined) return [];
		const [type = "", source = ""] = rest.slice(rest.indexOf("-") + 1);
		return [
			{
				...{ id, parent, device, type, source, options: options.split(",") },
				...{ path: unescapedPath(path), root: unescapedPath(root) },
			},
		];
	});
}

/** Decode the octal escapes of a path in mountinfo or /etc/fstab. */
export function unescapedPath(text: string): string {
	return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mount point of the file system that a path is on. Triggers an automount on the path. */
export function mountHolding(path: string): string {
	try {
		opendirSync(path).closeSync();
	} catch {
		// It is a file or does not exist: use its parent.
	}
	const holding = realMounts().filter((mount) => isAtOrBelow(path, mount));
	return holding.reduce((deepest, mount) => (mount.length > deepest.length ? mount : deepest), "/");
}

/** Whether a mount shows what is there without it: a folder that is bind-mounted onto itself. */
function isAnyway({ parent, device, root, path }: Mount, all: readonly Mount[]): boolean {
	const around = all.find(({ id }) => id === parent);
	if (around === undefined || around.device !== device) return false;
	const [above, within] = [around.root, around.path].map((one) => (one === "/" ? "" : one));
	return root === `${above}${path.slice((within ?? "").length)}`;
}

/** As `mountHolding`, but undefined if unmounting would hide nothing: on the root file system and on self-bound folders. */
export function diskHolding(path: string): string | undefined {
	const mount = mountHolding(path);
	const all = mountsOf("self");
	const found = all.findLast((one) => one.path === mount && one.type !== "autofs");
	return mount === "/" || found === undefined || isAnyway(found, all) ? undefined : mount;
}

/** The innermost mount over a path, and of several at one place the last. */
export function mountAt(path: string, all: readonly Mount[]): Mount | undefined {
	return all
		.filter((one) => isAtOrBelow(path, one.path))
		.reduce<Mount | undefined>(
			(inner, one) => (inner !== undefined && inner.path.length > one.path.length ? inner : one),
			undefined,
		);
}

/** A path below a folder as one below another: `/a/b/c` in `/a` is `/x/b/c` in `/x`. */
export const movedTo = (path: string, from: string, to: string): string =>
	join(to, path.slice(from === "/" ? 0 : from.length));

/** Where a path is on the file system of the mount that shows it. */
export const onDisk = (path: string, { path: at, root }: Mount): string => movedTo(path, at, root);

/** Whether a file system other than autofs is mounted at exactly this path. */
export function isMounted(folder: string): boolean {
	return mountHolding(folder) === folder;
}

/**
 * Mount points below a folder of file systems with persistent data: disks and network file systems. Mounts that programs
 * make as they run (container layers, tmpfs, images) are left out.
 */
export function disksBelow(folder: string): string[] {
	const ofTheKernel = new Set(
		readFileSync("/proc/filesystems", "utf8")
			.split("\n")
			.flatMap((line) => /^nodev\t(.+)/.exec(line)?.[1] ?? []),
	);
	const isDisk = ({ type }: Mount) =>
		!IMAGES.has(type) && (ELSEWHERE.test(type) || !ofTheKernel.has(type.replace(/\..*/, "")));
	const all = mountsOf("self");
	const found = all.filter(
		(mount) =>
			mount.path !== folder && isAtOrBelow(mount.path, folder) && isDisk(mount) && !isAnyway(mount, all),
	);
	return [...new Set(found.map(({ path }) => path))];
}
const IMAGES: ReadonlySet<string> = new Set(["squashfs", "erofs", "iso9660", "udf", "cramfs", "romfs"]);
/** File systems without a block device that contain users' files. */
const ELSEWHERE =
	/^(nfs4?|cifs|smb3|9p|virtiofs|ceph|afs|lustre|zfs|fuse\.(?!portal|gvfsd|lxcfs|snapfuse|squashfuse|overlay|fuse-overlayfs|archivemount).*)$/;

const realMounts = () =>
	mountsOf("self")
		.filter(({ type }) => type !== "autofs")
		.map(({ path }) => path);

export const isAtOrBelow = (path: string, folder: string) =>
	path === folder || folder === "/" || path.startsWith(`${folder}/`);

/** Refuse to move or delete a path with mounts at or below it: deletion would also destroy data behind a bind mount. */
export function requireNoMountIn(path: string, doing: string, itself: "too" | "may be one" = "too"): void {
	const [found] = mountsOf("self").filter(
		(mount) => isAtOrBelow(mount.path, path) && (itself === "too" || mount.path !== path),
	);
	if (found === undefined) return;
	throw new HoldfastError(
		"path-occupied",
		`${found.path} is mounted: ${doing} is postponed and nothing was changed`,
		{ subject: found.path, hint: `unmount it (umount ${found.path}), then: holdfast recover` },
	);
}

/** Whether something is mounted at this folder; false if it does not exist. */
export async function isMountPoint(folder: string): Promise<boolean> {
	return (await mountPoints()).includes(folder.replace(/(?<=.)\/+$/, ""));
}
