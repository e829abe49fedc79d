// Engines that write to the original paths: in the place of what was put aside, or over what is there.
import { exists, syncFilesystem } from "../../host/files.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { openDestination } from "../../providers/registry.ts";
import type { ArchiveSource, EngineRestoreStep, OverwriteStep, Place } from "../step.ts";
import type { StepContext, StepWork } from "../work.ts";
import { clear } from "./swap.ts";

export const engineRestore: StepWork<EngineRestoreStep> = {
	async run(step, context) {
		context.note({ began: true });
		await restoreInPlace(step, step.places, context);
	},
	/** Only what the engine wrote stands there: the old folders are aside until the `aside` steps are undone. */
	async undo(step, { noteOf }) {
		if (noteOf(step.id) === undefined) return;
		for (const place of step.places) await clear(place);
	},
};

export const overwrite: StepWork<OverwriteStep> = {
	/** May be run again after a crash: it begins by deleting what is there. */
	async run(step, context) {
		for (const place of step.places) await clear(place);
		context.point("deleted");
		await restoreInPlace(step, step.places, context);
	},
	async whereabouts({ places, archive }) {
		return places.map(
			({ live }) => `${live} may be only partly restored; it is whole in the archive ${archive}`,
		);
	},
};

async function restoreInPlace(
	{ provider, destination, archive }: ArchiveSource,
	places: readonly Place[],
	context: StepContext,
): Promise<void> {
	const engine = await openDestination(context.plan.manifest, provider, destination);
	await engine.restore(
		archive,
		places.map(({ stored }) => stored),
		"/",
		context,
	);
	context.point("restored");
	for (const { live } of places) {
		if (!(await exists(live)))
			throw new HoldfastError("failed", `${engine.name} did not bring back ${live}`, {
				hint: "look at its output: holdfast runs show",
			});
		await syncFilesystem(live);
	}
}
