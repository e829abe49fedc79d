// Engines that pass over a folder that is not there, and say that all went well, must not be asked for it.
import { lstat } from "node:fs/promises";
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
