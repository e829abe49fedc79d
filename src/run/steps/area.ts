// The private folder of a restore. It goes again only when nothing of the old state is in it.
import { mkdir, readdir, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exists, removeTree, syncPath } from "../../host/files.ts";
import { HoldfastError, isErrno } from "../../manifest/error.ts";
import type { AreaStep } from "../step.ts";
import type { StepWork } from "../work.ts";

/** The names inside an area, for what the archive brings and for what stood there before. */
export const NEW = "new";
export const OLD = "old";

/** The note: folders above the area that had to be made for it, the deepest first. */
interface Made {
	readonly parents: readonly string[];
}

export const area: StepWork<AreaStep> = {
	async run({ area }, { note, point }) {
		const parents: string[] = [];
		for (let folder = dirname(area); !(await exists(folder)); folder = dirname(folder)) parents.push(folder);
		note({ parents } satisfies Made);
		await mkdir(dirname(area), { recursive: true });
		point("parents");
		await mkdir(area, { mode: 0o700 });
		point("made");
		for (const name of [NEW, OLD]) await mkdir(join(area, name), { mode: 0o700 });
		await syncPath(area);
		await syncPath(dirname(area));
	},
	undoesLast: true,
	async undo({ id, area }, { noteOf, point }) {
		const made = noteOf(id) as Made | undefined;
		if (!made) return;
		await requireNothingOld(area);
		await removeTree(area);
		point("removed");
		// A folder that holds something is no longer ours to remove.
		for (const parent of made.parents) await rmdir(parent).catch(() => {});
	},
	async whereabouts({ area }) {
		return (await exists(area)) ? [`the private folder of this restore is ${area}`] : [];
	},
};

async function requireNothingOld(area: string): Promise<void> {
	const left = await readdir(join(area, OLD)).catch((error: unknown) => {
		if (isErrno(error, "ENOENT")) return [];
		throw error;
	});
	if (left.length === 0) return;
	throw new HoldfastError("failed", `${area} still holds what stood there before: ${left.join(", ")}`, {
		hint: "it is kept; move it back to its place by hand",
	});
}
