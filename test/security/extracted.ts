import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setUpEngines } from "../engines/engines.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { guarded } from "./hostile.ts";

export const base = scratch("hostile");
setUpEngines(base);
export const onlyRoot = { skip: isRoot ? false : "needs root" };

/** A folder to extract to, and next to it a tree that must not change. */
export function place() {
	const folder = mkdtempSync(join(base, "place-"));
	const outside = join(folder, "outside");
	mkdirSync(join(outside, "inner"), { recursive: true });
	writeFileSync(join(outside, "secret"), "root's own", { mode: 0o600 });
	writeFileSync(join(outside, "inner/file"), "as it was");
	const target = join(folder, "into");
	mkdirSync(target, { mode: 0o700 });
	return { folder, outside, target, before: guarded(outside) };
}
