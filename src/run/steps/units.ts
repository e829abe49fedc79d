// Stop units, start again just those that ran, and see that they stay up.
import { setTimeout as pause } from "node:timers/promises";
import {
	isUp,
	keepDown,
	startUnit,
	stopUnit,
	unitFailure,
	unitLabel,
	unitStatus,
} from "../../host/systemd.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { Unit } from "../../manifest/schema.ts";
import type { Step } from "../plan.ts";
import type { SettleStep, UnitsStartStep, UnitsStopStep } from "../step.ts";
import type { StepContext, StepWork } from "../work.ts";

/** The note of a `units-stop` step: the units that were up when the run came to them first. */
interface Stopped {
	readonly wasUp: readonly Unit[];
}

const SETTLE_POLL_MS = 250;

export const unitsStop: StepWork<UnitsStopStep> = {
	async run({ units }, context) {
		const wasUp: Unit[] = [];
		for (const unit of units) {
			const status = await unitStatus(unit);
			if (status.load === "not-found")
				throw new HoldfastError("failed", `there is no unit ${unitLabel(unit)} on this machine`, {
					hint: "mend its name in the config; systemctl list-unit-files shows those there are",
				});
			// Down already for another state of this run, it still is to be started in the end.
			if (isUp(status) || stoppedInRun(unit, context)) wasUp.push(unit);
		}
		context.note({ wasUp } satisfies Stopped);
		for (const unit of wasUp) {
			await stopUnit(unit, context.signal);
			context.point(`stopped-${unit.unit}`);
		}
	},
	async beforeUndo(step, { noteOf }) {
		if (!step.downForUndo) return;
		for (const unit of wasUpIn(noteOf(step.id))) await keepDown(unit);
	},
	async undo(step, context) {
		const down = wasUpIn(context.noteOf(step.id));
		if (context.somethingLeft && step.downForUndo && down.length > 0)
			throw new HoldfastError("failed", `${down.map(unitLabel).join(", ")} stays stopped`, {
				hint: "what it uses could not all be put back: mend that, then: holdfast recover",
			});
		const mayStart = wasUpIn(context.noteOf(step.id)).filter((unit) => !neededDown(unit, step, context));
		await startAgain(mayStart, context);
	},
	async whereabouts({ units }) {
		const down: string[] = [];
		for (const unit of units)
			if (!isUp(await unitStatus(unit))) down.push(`${unitLabel(unit)} is not running`);
		return down;
	},
};

export const unitsStart: StepWork<UnitsStartStep> = {
	async run({ stopped }, context) {
		await startAgain(wasUpIn(context.noteOf(stopped)), context, context.signal);
	},
};

export const settle: StepWork<SettleStep> = {
	async run({ stopped, seconds }, { noteOf, signal }) {
		const units = wasUpIn(noteOf(stopped));
		const first = new Map(
			await Promise.all(units.map(async (unit) => [unit, await unitStatus(unit)] as const)),
		);
		const until = performance.now() + seconds * 1000;
		do {
			for (const unit of units) {
				const now = await unitStatus(unit);
				if (now.active === "active" && now.invocation === first.get(unit)?.invocation) continue;
				// Still on its way up.
				if (now.active === "activating" && now.invocation === first.get(unit)?.invocation) continue;
				throw await unitFailure(unit, `did not stay active for ${seconds} seconds`);
			}
			if (units.length > 0) await pause(SETTLE_POLL_MS, undefined, { signal });
		} while (performance.now() < until && units.length > 0);
	},
};

function wasUpIn(note: unknown): readonly Unit[] {
	return (note as Stopped | undefined)?.wasUp ?? [];
}

const same = (one: Unit, other: Unit) => one.unit === other.unit && one.user === other.user;

function stopsOf(steps: readonly Step[]): UnitsStopStep[] {
	return steps.filter((step) => step.kind === "units-stop");
}

function stoppedInRun(unit: Unit, { plan, noteOf }: StepContext): boolean {
	return stopsOf(plan.steps).some(({ id }) => wasUpIn(noteOf(id)).some((other) => same(unit, other)));
}

/** Whether another state of this run, still under way, has it stopped: that one will start it. */
function neededDown(unit: Unit, step: UnitsStopStep, { plan, noteOf, isUnderWay }: StepContext): boolean {
	return stopsOf(plan.steps).some(
		({ id, scope }) =>
			scope !== step.scope && isUnderWay(scope) && wasUpIn(noteOf(id)).some((other) => same(unit, other)),
	);
}

/** Last stopped, first started. Every unit is tried, whatever another does. */
async function startAgain(
	units: readonly Unit[],
	{ point }: StepContext,
	signal?: AbortSignal,
): Promise<void> {
	const faults: unknown[] = [];
	for (const unit of [...units].reverse()) {
		try {
			await startUnit(unit, signal);
			point(`started-${unit.unit}`);
		} catch (fault) {
			faults.push(fault);
		}
	}
	if (faults.length > 0) throw faults[0];
}
