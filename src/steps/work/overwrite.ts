// Restore over the live folders, without a second copy.
import { openDestination } from "../../engines/registry.ts";
import { makeArea, removeArea, removeUnfinishedArea } from "../../host/private-area.ts";
import { NEW, OLD } from "../area.ts";
import type { OverwriteStep, Overwritten } from "../overwrite.ts";
import type { StepWork } from "../step.ts";
import { makeAbove } from "./area.ts";
import { restoreInPlace } from "./engine-restore.ts";
import { clear } from "./live.ts";
import { putInPlace } from "./place.ts";
import { extractInto } from "./stage.ts";

export const overwrite: StepWork<OverwriteStep, Overwritten> = {
	/** Safe to run again after a crash: it begins by deleting what is there, unless everything was already in place. */
	async run(step, context) {
		const areas = [...new Set(step.places.map(({ area }) => area))];
		if (context.noted()?.placed) {
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
		context.note({ placed: true });
		for (const area of areas) await removeArea(area);
		return warnings.length > 0 ? { warnings } : undefined;
	},
	async whereabouts({ places, archive }) {
		return places.map(
			({ live }) => `${live} may be only partly restored; it is complete in the archive ${archive}`,
		);
	},
};
