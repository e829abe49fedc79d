// Some engines skip a root that is missing or excluded and still report success. This finds roots that were not stored, so
// that they are reported.

import { lstat } from "node:fs/promises";
import { HoldfastError } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import type { CreateResult, Root } from "./destination.ts";

/** The roots that exist, and the others in the form of `CreateResult`. Throws if none exists. */
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
	throw new HoldfastError("folder-not-found", "none of the folders exists", {
		subject: unreadable.map(({ path }) => path).join(", "),
		details: unreadable.map(({ path, reason }) => `${path}: ${reason}`),
	});
}

/** The roots of which nothing was stored, in the form of `CreateResult`, without those that it already has. */
export function missingRoots(
	roots: readonly Root[],
	told: CreateResult["unreadable"],
	isStored: (path: string) => boolean,
	reason = "the engine did not store it",
): CreateResult["unreadable"] {
	const known = new Set(told.map(({ path }) => path));
	return roots
		.filter(({ path }) => !known.has(path) && !isStored(path))
		.map(({ path }) => ({ path, reason }));
}

/** The roots that no longer exist after the engine has read them. */
export async function vanishedRoots(
	roots: readonly Root[],
	told: CreateResult["unreadable"],
): Promise<CreateResult["unreadable"]> {
	const there = new Set<string>();
	for (const { path } of roots) if (await lstat(path).catch(() => undefined)) there.add(path);
	return missingRoots(roots, told, (path) => there.has(path), "it vanished while the archive was written");
}

/** The paths without those inside another of them. */
export function outermost(paths: readonly string[]): string[] {
	return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}
