// Files and folders that even root cannot change: immutable or append-only (chattr(1)). They and their entries cannot be
// renamed or deleted until the attribute is removed.
import { shellWord } from "../values/shell.ts";
import { removeSubvolumes } from "./btrfs.ts";
import { closeOffForAll } from "./enclosure.ts";
import { exec } from "./exec.ts";
import { removeIn } from "./files.ts";
import type { Folder } from "./folder.ts";
import { recordReader } from "./lines.ts";

export interface Locked {
	readonly path: string;
	readonly how: "immutable" | "append-only";
}

/**
 * Locked files at a path: the path `itself`, its entries (`within`) or everything below it (`below`). Empty on file systems
 * without these attributes.
 */
export async function lockedAt(
	path: string,
	extent: "itself" | "within" | "below",
	signal?: AbortSignal,
): Promise<Locked[]> {
	const words = { itself: ["-d"], within: ["-a"], below: ["-aR"] }[extent];
	const found: Locked[] = [];
	await exec(["lsattr", ...words, "--", path], {
		...(signal ? { signal } : {}),
		reader: recordReader((line) => {
			const [, flags = "", at = ""] = /^([-A-Za-z]{10,}) (.*)$/.exec(line) ?? [];
			if (found.length < MOST && !/\/\.\.?$/.test(at) && /[ai]/.test(flags))
				found.push({ path: at, how: flags.includes("i") ? "immutable" : "append-only" });
		}),
	}).catch((error: unknown) => {
		signal?.throwIfAborted();
		return error;
	});
	return found;
}
const MOST = 1_000;

export const wordsOf = ({ path, how }: Locked) =>
	`${path} is ${how} (chattr ${how === "immutable" ? "+i" : "+a"})`;

/** The command that removes the attribute. */
export const unlocking = ({ path, how }: Locked) =>
	`chattr ${how === "immutable" ? "-i" : "-a"} ${shellWord(path)}`;

/** Unlock everything in a folder of our own before deleting it. Links that others create meanwhile are not followed. */
async function unlockAll(folder: Folder, name: string): Promise<void> {
	await using inside = await closeOffForAll([{ folder }], () => {});
	await exec(["chattr", "-R", "-f", "-i", "-a", `./${name}`], {
		cwd: inside === undefined ? folder.self : folder.path,
		enclosure: inside,
	});
}

/** As `removeIn`, for our own data: also deletes locked files and subvolumes. */
export async function removeLocked(folder: Folder, name: string): Promise<void> {
	try {
		await removeIn(folder, name);
	} catch {
		await unlockAll(folder, name);
		await removeSubvolumes(folder, name);
		await removeIn(folder, name);
	}
}

/** Unlock one entry. Returns how it was locked; undefined if it was not. */
export async function unlock(path: string): Promise<Locked | undefined> {
	const [locked] = await lockedAt(path, "itself");
	if (locked !== undefined) await exec(["chattr", "-i", "-a", path]);
	return locked;
}
