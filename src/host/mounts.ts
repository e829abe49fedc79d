// Mount points of file systems.
import { opendirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { HoldfastError } from "../values/error.ts";

export interface Mount {
	readonly id: string;
	/** The mount that it is mounted on. */
	readonly parent: string;
	/** Where it is. */
	readonly path: string;
	/** Of this mount alone: `rw`, `nosuid`, `nosymfollow` … */
	readonly options: readonly string[];
	/** `ext4`, `tmpfs`, `proc` … */
	readonly type: string;
	/** Of the device that it is on, `major:minor`; and which folder of that. */
	readonly device: string;
	readonly root: string;
}

/** From the kernel's table (proc(5), mountinfo): paths with spaces and the like as octal escapes. */
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
		const type = rest[rest.indexOf("-") + 1] ?? "";
		return [
			{
				...{ id, parent, device, type, options: options.split(",") },
				...{ path: unescapedPath(path), root: unescapedPath(root) },
			},
		];
	});
}

/** Decode a path from such tables, including /etc/fstab. */
export function unescapedPath(text: string): string {
	return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Where the file system is mounted that a path is on. One that is mounted when it is needed is, from now on. */
export function mountHolding(path: string): string {
	try {
		opendirSync(path).closeSync();
	} catch {
		// It is a file or does not exist: use its parent.
	}
	const holding = realMounts().filter((mount) => isAtOrBelow(path, mount));
	return holding.reduce((deepest, mount) => (mount.length > deepest.length ? mount : deepest), "/");
}

/** Whether what it shows is there without it: a folder that is bound onto itself. */
function isAnyway({ parent, device, root, path }: Mount, all: readonly Mount[]): boolean {
	const around = all.find(({ id }) => id === parent);
	if (around === undefined || around.device !== device) return false;
	const [above, within] = [around.root, around.path].map((one) => (one === "/" ? "" : one));
	return root === `${above}${path.slice((within ?? "").length)}`;
}

/** The same, where nothing is hidden once it is unmounted: undefined on the root of all, and on what is bound onto itself. */
export function diskHolding(path: string): string | undefined {
	const mount = mountHolding(path);
	const all = mountsOf("self");
	const found = all.findLast((one) => one.path === mount && one.type !== "autofs");
	return mount === "/" || found === undefined || isAnyway(found, all) ? undefined : mount;
}

/** Whether a file system is mounted exactly there, other than autofs. */
export function isMounted(folder: string): boolean {
	return mountHolding(folder) === folder;
}

/**
 * Where file systems with data of their own are mounted below a folder: disks, and what lies on other machines. What
 * programs mount and unmount as they go (a container's layers, memory, images) is left out.
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
/** The kernel has no device for these either, and they hold somebody's files. */
const ELSEWHERE =
	/^(nfs4?|cifs|smb3|9p|virtiofs|ceph|afs|lustre|zfs|fuse\.(?!portal|gvfsd|lxcfs|snapfuse|squashfuse|overlay|fuse-overlayfs|archivemount).*)$/;

const realMounts = () =>
	mountsOf("self")
		.filter(({ type }) => type !== "autofs")
		.map(({ path }) => path);

export const isAtOrBelow = (path: string, folder: string) =>
	path === folder || folder === "/" || path.startsWith(`${folder}/`);

/** Refuse to move or delete what something is mounted in, or at: that is not ours, and deleted along through a bind mount. */
export function requireNoMountIn(path: string, doing: string, itself: "too" | "may be one" = "too"): void {
	const [found] = mountsOf("self").filter(
		(mount) => isAtOrBelow(mount.path, path) && (itself === "too" || mount.path !== path),
	);
	if (found === undefined) return;
	throw new HoldfastError(
		"path-occupied",
		`${found.path} is mounted, so ${doing} has to wait: nothing of it was touched`,
		{
			hint: `unmount it (umount ${found.path}), then: holdfast recover`,
		},
	);
}

/** Whether something is mounted at this folder; false if it does not exist. */
export async function isMountPoint(folder: string): Promise<boolean> {
	return (await mountPoints()).includes(folder.replace(/(?<=.)\/+$/, ""));
}
