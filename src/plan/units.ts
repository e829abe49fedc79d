// The units of a state around an operation: stopped, started again, and checked to stay up.

import { healthCheckKind } from "../health/list.ts";
import { unitLabel } from "../host/systemd.ts";
import type { State } from "../manifest/schema.ts";
import { check as checkKind } from "../steps/check.ts";
import type { Step } from "../steps/plan.ts";
import { settle as settleKind } from "../steps/settle.ts";
import { unitsDown } from "../steps/units-down.ts";
import { type UnitsStartStep, unitsStart } from "../steps/units-start.ts";
import { unitsStop } from "../steps/units-stop.ts";
import type { Unit } from "../values/unit.ts";

/** The reason for leaving units down at the user's request. */
export const NO_START = "--no-start was given";

/** `whatTheyUse`: whether it is moved meanwhile, so that the units must also be down for an undo. */
export function stopSteps(
	name: string,
	scope: string,
	units: readonly Unit[],
	whatTheyUse: "moves" | "stays",
): Step[] {
	if (units.length === 0) return [];
	return [
		unitsStop.step({
			id: unitsStop.id(name),
			scope,
			title: `stop ${unitWords(units)}`,
			touches: units.map(unitLabel),
			units,
			...(whatTheyUse === "moves" ? { downForUndo: true } : {}),
			downtime: "begins",
		}),
	];
}

/** Check right before and after their data are moved, so that no unit continues with the old data. */
export function downSteps(
	name: string,
	scope: string,
	units: readonly Unit[],
	when: "before" | "after",
): Step[] {
	if (units.length === 0) return [];
	return [
		unitsDown.step({
			id: unitsDown.id(when, name),
			scope,
			title: `check that ${unitWords(units)} ${when === "before" ? "is" : "stayed"} down`,
			touches: [],
			stopped: unitsStop.id(name),
		}),
	];
}

/** `asBefore`: units that were down stay down, for this reason. */
export function startSteps(
	name: string,
	scope: string,
	units: readonly Unit[],
	asBefore?: string,
): UnitsStartStep[] {
	if (units.length === 0) return [];
	return [
		unitsStart.step({
			id: unitsStart.id(name),
			scope,
			title: `start ${unitWords(units)}`,
			touches: units.map(unitLabel),
			units,
			stopped: unitsStop.id(name),
			...(asBefore === undefined ? {} : { asBefore }),
			downtime: "ends",
		}),
	];
}

export function healthCheckSteps(
	name: string,
	scope: string,
	state: State | undefined,
	units: readonly Unit[],
): Step[] {
	const settle: Step[] =
		units.length === 0 || !state || state.settle === 0
			? []
			: [
					settleKind.step({
						id: settleKind.id(name),
						scope,
						title: `check that ${unitWords(units)} stays up for ${state.settle} s`,
						touches: [],
						stopped: unitsStop.id(name),
						seconds: state.settle,
					}),
				];
	const checks = (state?.healthChecks ?? []).map(
		(check, index): Step =>
			checkKind.step({
				id: checkKind.id(name, index),
				scope,
				title: `check ${name}: ${healthCheckKind(check).label(check)}`,
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
