// Snapshots of a small folder, for the tests of localbackup.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Destination } from "../../src/engines/destination.ts";
import { isRoot } from "../support/tree.ts";
import { metadataOf, quiet } from "./fixtures.ts";

export const noDisks = isRoot ? undefined : "only root can mount a disk";

export function source(below: string) {
	mkdirSync(join(below, "source/deep"), { recursive: true });
	// Once only: writing it again would change its time and make it a different file.
	if (!existsSync(join(below, "source/file"))) writeFileSync(join(below, "source/file"), "x");
	return [{ path: join(below, "source"), exclude: [] }];
}
export const make = async (destination: Destination, below: string, ...names: string[]) => {
	const roots = source(below);
	for (const [index, name] of names.entries()) {
		// Each a little later than the one before.
		const created = new Date(Date.now() + index).toISOString();
		await destination.create({ name, roots, metadata: { ...metadataOf(name), created } }, true, quiet);
	}
};
