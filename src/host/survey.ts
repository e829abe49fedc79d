// Examines a path, to decide how a restore swaps it.
import { accessSync, constants } from "node:fs";
import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { isSubvolume } from "./btrfs.ts";
import { closing, entryIn, inParent, mountOf, openFolder, statOf } from "./folder.ts";

import type { Resolved } from "./trust.ts";

/**
 * `rename`: the folder or file itself can be renamed, or does not exist yet. `entries`: it is a mount point, a btrfs subvolume
 * or in a folder that this user cannot write to; it stays, and its entries are renamed one by one.
 */
export type SwapMode = "rename" | "entries";

export interface Survey {
	/** Absolute, with no links on the way. It may be a link itself, and need not exist. */
	readonly target: string;
	readonly present: boolean;
	readonly mode: SwapMode;
	/** The folder, on the same file system, in which the private folder is created. */
	readonly privateIn: string;
	/** Mount points below it, other than itself. */
	readonly mountsBelow: readonly string[];
}

/** `mounts`: the mount points of file systems. */
export function survey(resolved: Resolved, mounts: readonly string[]): Survey {
	const { path: target, found } = resolved;
	const fixed =
		mounts.includes(target) ||
		(found?.isDirectory() && (isSubvolume(target, found) || !mayRenameIn(dirname(target))));
	return {
		target,
		present: found !== undefined,
		mode: fixed ? "entries" : "rename",
		privateIn: fixed ? target : privateBeside(resolved),
		mountsBelow: mounts.filter((mount) => mount.startsWith(`${target}/`)),
	};
}

/** Whether this user can rename entries of a folder; root always can. */
function mayRenameIn(folder: string): boolean {
	if (process.getuid?.() === 0) return true;
	try {
		accessSync(folder, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

/**
 * The parent folder, so that moving data is a rename. If another user could rename the private folder there, the nearest
 * folder above on the same file system where that is not possible. If there is none, the parent folder after all: the
 * private folder is accessed through descriptors only (private-area.ts).
 */
function privateBeside({ path, openAt }: Resolved): string {
	const beside = dirname(path);
	if (openAt === undefined || openAt === path || openAt === "/") return beside;
	const safe = dirname(openAt);
	const there = nearestPresentNow(beside);
	const same = closing(openFolder(safe), (above) =>
		closing(
			openFolder(there),
			(below) => mountOf(above) === mountOf(below) && statOf(above).dev === statOf(below).dev,
		),
	);
	return same ? safe : beside;
}

function nearestPresentNow(path: string): string {
	for (let at = path; at !== "/"; at = dirname(at))
		try {
			if (inParent(at, entryIn)?.isDirectory()) return at;
		} catch {
			// Its parent does not exist either.
		}
	return "/";
}

/** The nearest existing path at or above this one, which determines its file system. */
export async function nearestPresent(path: string): Promise<string> {
	for (let at = path; ; at = dirname(at)) {
		if (await lstat(at).catch(() => undefined)) return at;
		if (at === "/") return at;
	}
}
