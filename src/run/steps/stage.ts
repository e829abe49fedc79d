// Extract beside the live folders while the service runs. The area is a private sibling, so that the swap can rename.
import { mkdir, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { exists, syncFilesystem } from "../../host/files.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { openDestination } from "../../providers/registry.ts";
import type { StageStep, StepWork } from "../step.ts";

/** The note of a `stage` step: the topmost folder that was made for the area. */
interface Made {
	readonly parents: readonly string[];
}

export const stage: StepWork<StageStep> = {
	async run(step, context) {
		const parents: string[] = [];
		for (let folder = dirname(step.area); !(await exists(folder)); folder = dirname(folder))
			parents.push(folder);
		context.note({ parents } satisfies Made);
		await mkdir(dirname(step.area), { recursive: true });
		await mkdir(step.area, { mode: 0o700 });
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		await destination.restore(step.archive, step.folders, step.area, context);
		for (const folder of step.folders) {
			if (!(await exists(step.area + folder)))
				throw new HoldfastError("failed", `${folder} is not in the archive ${step.archive}`);
		}
		await syncFilesystem(step.area);
	},
	async undo(step, { noteOf }) {
		const made = noteOf(step.id) as Made | undefined;
		if (!made) return;
		await rm(step.area, { recursive: true, force: true });
		// A folder that holds something is no longer ours to remove.
		for (const parent of made.parents) await rmdir(parent).catch(() => {});
	},
};
