// A destination on a disk that is not mounted is a folder like any other, on the disk below: what is written there fills
// that, and is hidden once the disk is back. So where a file system is expected, one must be mounted.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { diskHolding, isAtOrBelow, mountHolding, unescapedPath } from "../host/mounts.ts";
import { resolvePath } from "../host/trust.ts";
import { HoldfastError } from "../values/error.ts";
import { folderOf } from "./repository.ts";

/** Where people, and their desktops, mount disks (hier(7); udisks(8)). */
const FOR_DISKS = ["/mnt", "/media", "/run/media"];
const FSTAB = "/etc/fstab";
/** Where an administrator's units are, and those that are made of fstab and the like; not those that systemd brings. */
const UNIT_FOLDERS = [
	"/etc/systemd/system",
	"/run/systemd/system",
	"/run/systemd/generator",
	"/run/systemd/generator.early",
	"/run/systemd/generator.late",
	"/usr/local/lib/systemd/system",
];

/** As the config has it: a folder at which something must be mounted, or `false` where nothing need be. */
export type Mountpoint = string | false | undefined;

/**
 * Throws when a destination's folder would be written to the disk below the one that is meant: without a word of the config's
 * the one that it was on `last` time at the least. Returns where the one is mounted that it is on.
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
				hint: `mount it again. If ${path} is meant to be where it is now, say so for this destination: mountpoint: ${disk ?? false}`,
			},
		);
	const expected = mountpoint === undefined ? expectedMount(target) : resolvePath(mountpoint).path;
	if (expected === undefined || isAtOrBelow(mount, expected)) return on;
	const isAnyDisk = FOR_DISKS.includes(expected);
	throw new HoldfastError(
		"disk-not-mounted",
		isAnyDisk
			? `${path} is in ${expected}, where disks are mounted, and no file system is mounted there`
			: `no file system is mounted at ${expected}: ${path} would be on the disk below it`,
		{
			hint: `is the disk there? Mount it${isAnyDisk ? "" : ` (mount ${expected})`}. If ${path} is meant to be a folder like any other, say so for this destination: mountpoint: false`,
		},
	);
}

/** Where a destination was written last, and nothing is mounted any more. */
export const notMounted = (last: string) =>
	`no file system is mounted at ${last}, as there was when this destination was last written`;

/** The same for a repository, wherever it is. */
export function requireDiskOf(
	repo: string,
	mountpoint: Mountpoint,
	last?: string,
): { readonly mount?: string } {
	const folder = folderOf(repo);
	return folder === undefined ? {} : requireDisk(folder, mountpoint, last);
}

/** The innermost folder at or above a path at which a file system is to be mounted; undefined when there is none. */
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

/** A mount unit has the name of its folder (systemd.mount(5)); one that is masked is none. */
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
