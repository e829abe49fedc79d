// Engines pass over a folder that is not there, or that they leave out, and say that all went well. A root that is missing
// from what was written is told all the same.
import { lstat } from "node:fs/promises";
import { exec } from "../host/exec.ts";
import type { OutputReader } from "../host/lines.ts";
import { HoldfastError } from "../manifest/error.ts";
import type { CreateResult, Root } from "./provider.ts";

/** The roots that are there, and those that are not as the result of a create tells them. Fails when none is. */
export async function presentRoots(
	roots: readonly Root[],
): Promise<{ there: Root[]; unreadable: CreateResult["unreadable"][number][] }> {
	const there: Root[] = [];
	const unreadable: CreateResult["unreadable"][number][] = [];
	for (const root of roots) {
		const found = await lstat(root.path).catch((error: Error) => error);
		if (found instanceof Error) unreadable.push({ path: root.path, reason: found.message });
		else there.push(root);
	}
	if (there.length > 0) return { there, unreadable };
	throw new HoldfastError("failed", "none of the folders is there", {
		details: unreadable.map(({ path, reason }) => `${path}: ${reason}`),
	});
}

/** The roots of which nothing was stored, as the result of a create tells them, but for those that it has told already. */
export function missingRoots(
	roots: readonly Root[],
	told: CreateResult["unreadable"],
	isStored: (path: string) => boolean,
	reason = "the engine stored nothing of it",
): CreateResult["unreadable"] {
	const known = new Set(told.map(({ path }) => path));
	return roots
		.filter(({ path }) => !known.has(path) && !isStored(path))
		.map(({ path }) => ({ path, reason }));
}

/** Those that are not there any more once the engine has been through. */
export async function vanishedRoots(
	roots: readonly Root[],
	told: CreateResult["unreadable"],
): Promise<CreateResult["unreadable"]> {
	const there = new Set<string>();
	for (const { path } of roots) if (await lstat(path).catch(() => undefined)) there.add(path);
	return missingRoots(roots, told, (path) => there.has(path), "it vanished while the archive was written");
}

/**
 * Bytes of a folder's path. The system takes 4,095: a restore adds the path of a private folder, and what is in the folder
 * has names of up to 255.
 */
const LONGEST_FOLDER = 3_300;
/** Folders within each other of which not all can have a shorter path. */
const DEEPEST_FOLDER = LONGEST_FOLDER / 2;

/** A folder below one of the roots whose path is too long for a restore, if there is one: some engines would store it. */
export async function tooLongIn(
	roots: readonly Root[],
	signal: AbortSignal,
): Promise<CreateResult["unreadable"][number] | undefined> {
	let found: string | undefined;
	for (const { path } of roots) {
		const reader = pathReader(LONGEST_FOLDER, (long) => {
			found = long;
			throw new RangeError("one is enough");
		});
		const find = ["find", path, "-maxdepth", String(DEEPEST_FOLDER), "-type", "d", "-print0"];
		await exec(find, { signal, reader }).catch((error: unknown) => {
			if (found === undefined) throw error;
		});
		if (found === undefined) continue;
		return {
			path,
			reason: `the path of a folder in it has more than ${LONGEST_FOLDER} bytes, too many for a restore: ${found}…`,
		};
	}
	return undefined;
}

/** Of paths that end with a NUL, tells the beginning of each that has more bytes. */
function pathReader(most: number, tell: (beginning: string) => void): OutputReader {
	let length = 0;
	let beginning = "";
	return {
		push(chunk) {
			for (let at = 0; at < chunk.length; ) {
				const nul = chunk.indexOf(0, at);
				const end = nul < 0 ? chunk.length : nul;
				if (length < SHOWN) beginning += chunk.toString("utf8", at, Math.min(end, at + SHOWN - length));
				length += end - at;
				if (length > most) tell(beginning);
				if (nul >= 0) {
					length = 0;
					beginning = "";
				}
				at = end + 1;
			}
		},
	};
}
/** Bytes of a long path that a message shows. */
const SHOWN = 200;

/** Without those that lie in another of them. */
export function outermost(paths: readonly string[]): string[] {
	return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}
