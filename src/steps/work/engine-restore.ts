// An engine writes to the original paths itself. The undo clears them: the old folders are aside until those steps are undone.
import { openDestination } from "../../engines/registry.ts";
import { syncFilesystemOf } from "../../host/files.ts";
import { inParent } from "../../host/folder.ts";
import { HoldfastError } from "../../values/error.ts";
import { recordOf } from "../../values/record.ts";
import type { ArchiveContext } from "../context.ts";
import type { EngineRestoreStep, Restored } from "../engine-restore.ts";
import type { ArchiveSource, Place } from "../fields.ts";
import type { Written } from "../place.ts";
import type { StepWork } from "../step.ts";
import { clear, isThere } from "./live.ts";
import { foundWritten, keepWritten } from "./written-since.ts";

export const engineRestore: StepWork<EngineRestoreStep, Restored> = {
	async run(step, context) {
		context.note({ began: true });
		await restoreInPlace(step, step.places, context);
		context.note({ began: true, ended: Date.now() });
	},
	async beforeUndo(step, context) {
		const note = context.noted();
		// While the engine was running, its files and those of others cannot be told apart.
		const isUsed = context.unwatched(step.scope)?.unitsWereUp === true;
		if (note === undefined || note.written || (note.ended === undefined && !isUsed)) return;
		const written = recordOf<Written>();
		for (const place of step.places) {
			const found = await foundWritten(step, place, context, {
				from: note.ended ?? 0,
				isDone: true,
			});
			if (found !== undefined) written[place.live] = found;
		}
		context.note({ ...note, written });
	},
	/** Only the engine's files are there: the old folders are aside until the `aside` steps are undone. */
	async undo(step, { noted, point }) {
		const note = noted();
		if (note === undefined) return;
		for (const place of step.places) {
			const written = note.written?.[place.live];
			if (written === undefined) await clear(place);
			else keepWritten(place, written, point);
		}
	},
};

export async function restoreInPlace(
	{ provider, destination, archive }: ArchiveSource,
	places: readonly Place[],
	context: ArchiveContext,
): Promise<void> {
	const engine = await openDestination(context.plan.manifest, provider, destination);
	await engine.restoreInPlace?.(
		archive,
		places.map(({ stored }) => stored),
		context,
	);
	context.point("restored");
	for (const { live } of places) {
		if (!isThere(live))
			throw new HoldfastError("program-failed", `${engine.name} did not restore ${live}`, {
				subject: live,
				hint: "see its output with: holdfast runs show",
			});
		await inParent(live, syncFilesystemOf);
	}
}
