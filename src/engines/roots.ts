// Engines pass over a folder that is not there, or that they leave out, and say that all went well. A root that is missing
// from what was written is told anyway.

import { lstat } from "node:fs/promises";
import { HoldfastError } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import type { CreateResult, Root } from "./destination.ts";

/** The roots that are there, and those that are not as the result of a create tells them. Fails when none is. */
export async function presentRoots(
	roots: readonly Root[],
): Promise<{ there: Root[]; unreadable: CreateResult["unreadable"][number][] }> {
	const there: Root[] = [];
	const unreadable: CreateResult["unreadable"][number][] = [];
	for (const root of roots) {
		const found = await lstat(root.path).catch((error: Error) => error);
		if (found instanceof Error) unreadable.push({ path: root.path, reason: wordsOf(found) });
		else there.push(root);
	}
	if (there.length > 0) return { there, unreadable };
	throw new HoldfastError("folder-not-found", "none of the folders is there", {
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

/** Without those that lie in another of them. */
export function outermost(paths: readonly string[]): string[] {
	return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}
