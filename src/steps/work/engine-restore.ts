import { openDestination } from "../../engines/registry.ts";
import { syncFilesystemOf } from "../../host/files.ts";
import { inParent } from "../../host/folder.ts";
import { makeArea, removeArea, removeUnfinishedArea } from "../../host/private-area.ts";
import { HoldfastError } from "../../values/error.ts";
import { recordOf } from "../../values/record.ts";
import type { StepContext, StepWork } from "../context.ts";
import type { ArchiveSource, EngineRestoreStep, OverwriteStep, Place } from "../step.ts";
import { makeAbove, NEW, OLD } from "./area.ts";
import { putInPlace } from "./place.ts";
import { extractInto } from "./stage.ts";
import { clear, isThere } from "./swap.ts";
import { foundWritten, keepWritten, type Written } from "./written-since.ts";

/** The note of an `engine-restore` step. */
interface Restored {
	readonly began: true;
	/** When the engine had ended, in milliseconds. */
	readonly ended?: number;
	/** By live place: something wrote to it after the run had died. */
	readonly written?: Readonly<Record<string, Written>>;
}

export const engineRestore: StepWork<EngineRestoreStep> = {
	async run(step, context) {
		context.note({ began: true } satisfies Restored);
		await restoreInPlace(step, step.places, context);
		context.note({ began: true, ended: Date.now() } satisfies Restored);
	},
	looksFirst: true,
	standsInPlace: true,
	async beforeUndo(step, context) {
		const note = context.noteOf(step.id) as Restored | undefined;
		// While it was at work itself, its files and those of others cannot be told apart.
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
		context.note({ ...note, written } satisfies Restored);
	},
	/** Only what the engine wrote stands there: the old folders are aside until the `aside` steps are undone. */
	async undo(step, { noteOf, point }) {
		const note = noteOf(step.id) as Restored | undefined;
		if (note === undefined) return;
		for (const place of step.places) {
			const written = note.written?.[place.live];
			if (written === undefined) await clear(place);
			else keepWritten(place, written, point);
		}
	},
};

/** The note of an `overwrite` step. */
interface Overwritten {
	readonly placed: true;
}

export const overwrite: StepWork<OverwriteStep> = {
	/** May be run again after a crash: it begins by deleting what is there, unless all was in its place already. */
	async run(step, context) {
		const areas = [...new Set(step.places.map(({ area }) => area))];
		if ((context.noteOf(step.id) as Overwritten | undefined)?.placed) {
			for (const area of areas) await removeArea(area);
			return undefined;
		}
		for (const place of step.places) await clear(place);
		context.point("deleted");
		const engine = await openDestination(context.plan.manifest, step.provider, step.destination);
		if (engine.restoreInPlace) return restoreInPlace(step, step.places, context);
		const warnings: string[] = [];
		for (const area of areas) {
			await removeArea(area).catch(() => removeUnfinishedArea(area, [NEW, OLD]));
			makeAbove(area);
			makeArea(area, [NEW, OLD]);
			const places = step.places.filter((place) => place.area === area);
			const result = await extractInto({ ...step, area, places }, context);
			warnings.push(...(result?.warnings ?? []));
		}
		context.point("restored");
		for (const place of step.places) await putInPlace(place, context);
		context.point("placed");
		context.note({ placed: true } satisfies Overwritten);
		for (const area of areas) await removeArea(area);
		return warnings.length > 0 ? { warnings } : undefined;
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
	await engine.restoreInPlace?.(
		archive,
		places.map(({ stored }) => stored),
		context,
	);
	context.point("restored");
	for (const { live } of places) {
		if (!isThere(live))
			throw new HoldfastError("program-failed", `${engine.name} did not bring back ${live}`, {
				hint: "look at its output: holdfast runs show",
			});
		await inParent(live, syncFilesystemOf);
	}
}
