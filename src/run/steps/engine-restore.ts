// For an engine that writes to the original paths only. The live folders were put aside before.
import { rm } from "node:fs/promises";
import { exists, syncFilesystem } from "../../host/files.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { openDestination } from "../../providers/registry.ts";
import type { EngineRestoreStep, StepWork } from "../step.ts";

export const engineRestore: StepWork<EngineRestoreStep> = {
	async run(step, context) {
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		context.note({ began: true });
		await destination.restore(step.archive, step.folders, "/", context);
		for (const folder of step.folders) {
			if (!(await exists(folder)))
				throw new HoldfastError("failed", `the restore command did not bring back ${folder}`);
			await syncFilesystem(folder);
		}
	},
	/** Only what the engine wrote stands there: the old folders are aside until the `aside` steps are undone. */
	async undo(step, { noteOf }) {
		if (noteOf(step.id) === undefined) return;
		for (const folder of step.folders) await rm(folder, { recursive: true, force: true });
	},
};
