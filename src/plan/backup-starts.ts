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
	for (const [name, state] of [...states].reverse()) {
		const steps = startSteps(
			...([name, stateScope(name), state.stopOnBackup, "a backup leaves units as they were"] as const),
		);
		if (!isEarly(name, states, caught)) later.push(...steps);
		else {
			// A snapshot may fail when it is taken. A state that requires one is not read then.
			const ifCaught = sharing(name, states).filter((one) => caught?.requires(one) === false);
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

/** No state that is read afterwards needs its units down. */
const isEarly = (name: string, states: States, caught: SnapshotSteps | undefined) =>
	sharing(name, states).every((one) => caught?.has(one));

/** The states that stop one of its units: this one, and others. */
function sharing(name: string, states: States): string[] {
	const labels = ({ stopOnBackup }: State) => stopOnBackup.map(unitLabel);
	const own = states.filter(([one]) => one === name).flatMap(([, state]) => labels(state));
	return states.flatMap(([one, state]) =>
		one === name || labels(state).some((unit) => own.includes(unit)) ? [one] : [],
	);
}
