// The units of a state around an operation: down, up again, and seen to stay up.
import { unitLabel } from "../host/systemd.ts";
import { checkLabel } from "../manifest/checks.ts";
import type { State, Unit } from "../manifest/schema.ts";
import type { Step } from "../run/plan.ts";

/** `whatTheyUse`: whether it is moved meanwhile, so that they must be down for an undo as well. */
export function stopSteps(
	name: string,
	scope: string,
	units: readonly Unit[],
	whatTheyUse: "moves" | "stays",
): Step[] {
	if (units.length === 0) return [];
	return [
		{
			kind: "units-stop",
			id: `stop:${name}`,
			scope,
			title: `stop ${unitWords(units)}`,
			touches: units.map(unitLabel),
			units,
			...(whatTheyUse === "moves" ? { downForUndo: true } : {}),
			downtime: "begins",
		},
	];
}

export function startSteps(name: string, scope: string, units: readonly Unit[]): Step[] {
	if (units.length === 0) return [];
	return [
		{
			kind: "units-start",
			id: `start:${name}`,
			scope,
			title: `start ${unitWords(units)}`,
			touches: units.map(unitLabel),
			units,
			stopped: `stop:${name}`,
			downtime: "ends",
		},
	];
}

export function checkSteps(
	name: string,
	scope: string,
	state: State | undefined,
	units: readonly Unit[],
): Step[] {
	const settle: Step[] =
		units.length === 0 || !state || state.settle === 0
			? []
			: [
					{
						kind: "settle",
						id: `settle:${name}`,
						scope,
						title: `see that ${unitWords(units)} stays up for ${state.settle} s`,
						touches: [],
						stopped: `stop:${name}`,
						seconds: state.settle,
					},
				];
	const checks = (state?.checks ?? []).map(
		(check, index): Step => ({
			kind: "check",
			id: `check:${name}:${index}`,
			scope,
			title: `check ${name}: ${checkLabel(check)}`,
			touches: [],
			state: name,
			check,
		}),
	);
	return [...settle, ...checks];
}

export function unique(units: readonly Unit[]): Unit[] {
	return units.filter(
		(unit, index) =>
			units.findIndex((other) => other.unit === unit.unit && other.user === unit.user) === index,
	);
}

export function unitWords(units: readonly Unit[]): string {
	return units.map(unitLabel).join(", ");
}
