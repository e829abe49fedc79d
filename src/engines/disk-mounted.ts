// If a disk is not mounted, a destination on it is an ordinary folder on the disk below: archives would fill that disk and be
// hidden as soon as the other one is mounted again. So a file system must be mounted where one is expected.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { diskHolding, isAtOrBelow, mountHolding, unescapedPath } from "../host/mounts.ts";
import { resolvePath } from "../host/trust.ts";
import { HoldfastError } from "../values/error.ts";
import { folderOf } from "./repository.ts";

/** Where people and desktops mount disks (hier(7); udisks(8)). */
const FOR_DISKS = ["/mnt", "/media", "/run/media"];
const FSTAB = "/etc/fstab";
/** Folders of units from the administrator and from generators such as that for fstab, but not of those that systemd ships. */
const UNIT_FOLDERS = [
	"/etc/systemd/system",
	"/run/systemd/system",
	"/run/systemd/generator",
	"/run/systemd/generator.early",
	"/run/systemd/generator.late",
	"/usr/local/lib/systemd/system",
];

/** As in the config: the folder at which a file system must be mounted, or `false` if none need be. */
export type Mountpoint = string | false | undefined;

/**
 * Throws if the file system that should hold a destination's folder is not mounted. If the config does not say which one, at
 * least the one of the `last` time is required. Returns the mount point of the file system that holds the folder now.
 */
export function requireDisk(
	path: string,
	mountpoint: Mountpoint,
	last?: string,
): { readonly mount?: string } {
	const target = resolvePath(path).path;
	const mount = mountHolding(target);
	const disk = diskHolding(target);
	const on = disk === undefined ? {} : { mount: disk };
	if (mountpoint === false) return on;
	if (
		mountpoint === undefined &&
		last !== undefined &&
		isAtOrBelow(target, last) &&
		!isAtOrBelow(mount, last)
	)
		throw new HoldfastError(
			"disk-not-mounted",
			`${notMounted(last)}: ${path} may be hidden below it, or on another disk`,
			{
				subject: path,
				hint: `mount it again; if ${path} is in the right place now, set for this destination: mountpoint: ${disk ?? false}`,
			},
		);
	const expected = mountpoint === undefined ? expectedMount(target) : resolvePath(mountpoint).path;
	if (expected === undefined || isAtOrBelow(mount, expected)) return on;
	const isAnyDisk = FOR_DISKS.includes(expected);
	throw new HoldfastError(
		"disk-not-mounted",
		isAnyDisk
			? `${path} is in ${expected}, where disks are mounted, but no file system is mounted there`
			: `no file system is mounted at ${expected}: ${path} would be on the disk below it`,
		{
			subject: path,
			hint: `mount the disk${isAnyDisk ? "" : ` (mount ${expected})`}; if ${path} is meant to be an ordinary folder, set for this destination: mountpoint: false`,
		},
	);
}

/** The message for a mount point that held the destination at the last write and where nothing is mounted now. */
export const notMounted = (last: string) =>
	`no file system is mounted at ${last}, but one was when this destination was last written`;

/** The same for a repository, local or remote. */
export function requireDiskOf(
	repo: string,
	mountpoint: Mountpoint,
	last?: string,
): { readonly mount?: string } {
	const folder = folderOf(repo);
	return folder === undefined ? {} : requireDisk(folder, mountpoint, last);
}

/** The innermost folder at or above a path at which a file system should be mounted; undefined if there is none. */
function expectedMount(target: string): string | undefined {
	return [...FOR_DISKS, ...inFstab(), ...mountUnits()]
		.filter((folder) => folder !== "/" && isAtOrBelow(target, folder))
		.sort((a, b) => b.length - a.length)[0];
}

/** fstab(5): the second field. */
function inFstab(): string[] {
	return textOf(FSTAB)
		.split("\n")
		.filter((line) => !/^\s*(#|$)/.test(line))
		.flatMap((line) => {
			const [, folder] = line.trim().split(/\s+/);
			return folder?.startsWith("/") ? [unescapedPath(folder).replace(/(?<=.)\/+$/, "")] : [];
		});
}

function textOf(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}

/** A mount unit is named after its folder (systemd.mount(5)). Masked units do not count. */
function mountUnits(): string[] {
	return UNIT_FOLDERS.flatMap((folder) =>
		namesIn(folder)
			.filter((name) => /\.(auto)?mount$/.test(name) && !isMasked(join(folder, name)))
			.map((name) => folderOfUnit(name.replace(/\.(auto)?mount$/, ""))),
	);
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

function isMasked(file: string): boolean {
	try {
		return readlinkSync(file) === "/dev/null";
	} catch {
		return false;
	}
}

/** systemd.unit(5), "String escaping for inclusion in unit names". */
function folderOfUnit(name: string): string {
	if (name === "-") return "/";
	const bytes = name
		.replaceAll("-", "/")
		.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return `/${Buffer.from(bytes, "latin1").toString("utf8")}`;
}
