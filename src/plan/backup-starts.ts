// When the units of a backup start again: as soon as their states are caught in snapshots, or when they have been read.
import { unitLabel } from "../host/systemd.ts";
import type { State } from "../manifest/schema.ts";
import type { Step } from "../steps/plan.ts";
import { stateScope } from "../steps/scope.ts";
import { type UnitsStartStep, unitsStart } from "../steps/units-start.ts";
import type { SnapshotSteps } from "./snapshot-steps.ts";
import { startSteps } from "./units.ts";

type States = readonly (readonly [name: string, state: State])[];

/** `early`: before anything is read; `later`: afterwards. `caught`: undefined if something reads the live folders. */
export function startsAround(
	states: States,
	caught: SnapshotSteps | undefined,
): { readonly early: readonly Step[]; readonly later: readonly Step[] } {
	const early: Step[] = [];
	const later: Step[] = [];
	const sharers = sharing(states);
	for (const [name, state] of [...states].reverse()) {
		const around = caught?.has(name) ? sharers(name) : [name];
		const steps = startSteps(
			...([name, stateScope(name), state.stopOnBackup, "a backup leaves units as they were"] as const),
		);
		// No state that is read afterwards needs its units down.
		if (!around.every((one) => caught?.has(one))) later.push(...steps);
		else {
			// A snapshot may fail when it is taken. A state that requires one is not read then.
			const ifCaught = around.filter((one) => caught?.requires(one) === false);
			early.push(...steps.map((step) => ({ ...step, ...(ifCaught.length === 0 ? {} : { ifCaught }) })));
			if (ifCaught.length > 0) later.push(...steps.map((step) => startLater(name, step)));
		}
	}
	return { early, later };
}

const startLater = (name: string, step: UnitsStartStep): UnitsStartStep => ({
	...step,
	id: unitsStart.id(name, "later"),
	title: `${step.title}, if that was not done after the snapshots`,
	unless: step.id,
});

/** By state: itself, and the states that stop one of its units. */
function sharing(states: States): (name: string) => readonly string[] {
	const labels = new Map(states.map(([name, { stopOnBackup }]) => [name, stopOnBackup.map(unitLabel)]));
	const stops = states.flatMap(([name]) => (labels.get(name) ?? []).map((unit) => ({ name, unit })));
	const byUnit = Map.groupBy(stops, ({ unit }) => unit);
	const others = (unit: string) => (byUnit.get(unit) ?? []).map(({ name }) => name);
	return (name) => [...new Set([name, ...(labels.get(name) ?? []).flatMap(others)])];
}
