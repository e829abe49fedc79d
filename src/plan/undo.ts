// The plan of `undo`: bring back the old copies that a restore kept. The same swap, the other way; without checks, since
// a person who asks for the old state wants it as it was.
import { dirname, join } from "node:path";
import { databaseOf, dumpLabel } from "../manifest/dumps.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { KeptCopy } from "../run/journal-rows.ts";
import type { Plan, Step } from "../run/plan.ts";
import type { Place } from "../run/step.ts";
import { OLD } from "../run/steps/area.ts";
import { databaseName } from "./databases.ts";
import { areaSteps, carrySteps, holdersStep } from "./places.ts";
import { startSteps, stopSteps } from "./units.ts";

export function planUndo(manifest: Manifest, run: string, kept: readonly KeptCopy[]): Plan {
	return {
		version: 1,
		run,
		operation: "undo",
		manifest,
		steps: kept.flatMap((copy) => bringBack(manifest, run, copy)),
		goals: kept.map(({ state }) => `state:${state}`),
	};
}

function bringBack(
	manifest: Manifest,
	run: string,
	{ run: restored, state, places: kept, databases }: KeptCopy,
): Step[] {
	const scope = `state:${state}`;
	const units = manifest.state[state]?.stopOnRestore ?? [];
	const places = kept.map((place, index): Place => {
		const area = join(dirname(place.area), `.holdfast-${run}-${state}`);
		return { ...place, area, staged: place.old, old: join(area, OLD, String(index)) };
	});
	const areas = [...new Set(places.map(({ area }) => area))];
	return [
		...areaSteps(state, places),
		...stopSteps(state, scope, units, "moves"),
		holdersStep(state, places),
		...places.map(
			(place, index): Step => ({
				kind: "aside",
				id: `aside:${state}:${index}`,
				scope,
				title: `put the restored ${place.live} aside`,
				touches: [place.live],
				place,
			}),
		),
		...places.map(
			(place, index): Step => ({
				kind: "place",
				id: `place:${state}:${index}`,
				scope,
				title: `put the old ${place.live} back in its place`,
				touches: [place.live],
				place,
			}),
		),
		...carrySteps(manifest, state, places),
		...databases.map(
			({ dump, old }, index): Step => ({
				kind: "database-swap",
				id: `swap:${state}:${index}`,
				scope,
				title: `bring back the old ${dumpLabel(dump)}`,
				touches: [databaseOf(dump)],
				dump,
				fresh: old,
				old: databaseName(run, state, index, "old"),
			}),
		),
		...startSteps(state, scope, units),
		{ kind: "commit", id: `commit:${state}`, scope, title: `commit ${state}`, touches: [] },
		...databases.flatMap(({ dump, old }, index): Step[] =>
			[old, databaseName(run, state, index, "old")].map((name, which) => ({
				kind: "database-drop",
				id: `drop:${state}:${index}:${which}`,
				scope,
				title: `drop the restored ${dumpLabel(dump)}`,
				touches: [],
				dump,
				name,
			})),
		),
		{
			kind: "discard",
			id: `discard:${state}`,
			scope,
			title: `delete what the restore ${restored} had brought`,
			touches: areas,
			areas: [...areas, ...new Set(kept.map(({ area }) => area))],
			forgets: { run: restored, state },
		},
	];
}
