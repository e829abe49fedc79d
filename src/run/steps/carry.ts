// A folder of another state that lies within the one that is restored is not the archive's to replace: it is brought
// over from the old copy.
import { mkdir, rename, rmdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { exists, syncPath } from "../../host/files.ts";
import type { CarryStep } from "../step.ts";
import type { StepWork } from "../work.ts";

/** The note: folders that had to be made on the way to it, the deepest first. */
interface Made {
	readonly parents: readonly string[];
}

export const carry: StepWork<CarryStep> = {
	async run(step, { note, point }) {
		const { from, to, displaced } = pathsOf(step);
		if (!(await exists(from))) return;
		const parents: string[] = [];
		for (let folder = dirname(to); !(await exists(folder)); folder = dirname(folder)) parents.push(folder);
		note({ parents } satisfies Made);
		// An archive from before the other state was declared holds it too.
		if (await exists(to)) await rename(to, displaced);
		point("displaced");
		await mkdir(dirname(to), { recursive: true });
		await rename(from, to);
		point("renamed");
		await syncPath(dirname(to));
		await syncPath(dirname(from));
	},
	async undo(step, { noteOf, point }) {
		const made = noteOf(step.id) as Made | undefined;
		// Without the old copy it was undone before, and the old copy is live again with all that is in it: a journal on
		// a full disk does not know.
		if (!made || !(await exists(step.place.old))) return;
		const { from, to, displaced } = pathsOf(step);
		if (!(await exists(from)) && (await exists(to))) {
			await rename(to, from);
			point("back");
			await syncPath(dirname(from));
		}
		if ((await exists(displaced)) && !(await exists(to))) await rename(displaced, to);
		for (const parent of made.parents) await rmdir(parent).catch(() => {});
	},
	async whereabouts(step) {
		const { from, to } = pathsOf(step);
		return (await exists(from)) ? [`${to} is in the old copy, at ${from}`] : [];
	},
};

function pathsOf({ place: { area, live, old }, nested }: CarryStep) {
	const name = relative("/", join(live, nested)).replaceAll("/", "-");
	return { from: join(old, nested), to: join(live, nested), displaced: join(area, `displaced-${name}`) };
}
