// Start the units that were up and those that should be.
import { unitLabel } from "../../host/systemd.ts";
import type { Unit } from "../../values/unit.ts";
import type { StepContext } from "../context.ts";
import type { Ref } from "../fields.ts";
import type { StepWork } from "../step.ts";
import { outcomeWords, type UnitOutcome } from "../unit-outcome.ts";
import { type UnitsStartStep, unitsStart as unitsStartKind } from "../units-start.ts";
import { type StartNote, type StopNote, unitsStop } from "../units-stop.ts";
import { same, startAgain } from "./bring-up.ts";
import { endReading, mayRunAgain } from "./reading.ts";
import { isCaught } from "./snapshot-caught.ts";
import { isRunning } from "./unit-status.ts";
import { factsOf, ownOf } from "./units-around.ts";

export const unitsStart: StepWork<UnitsStartStep, unknown, StartNote> = {
	isDue: ({ ifCaught = [], unless }, context) =>
		ifCaught.every((state) => isCaught(state, context)) &&
		(unless === undefined || context.handedBy(unitsStartKind, unless) === undefined),
	async run(step, context) {
		const note = context.handedBy(unitsStop, step.stopped);
		if (!note) return undefined;
		const early = context.plan.operation === "create" ? await startedMeanwhile(note, context) : [];
		const warnings = early.map(
			(unit) => `${unit} was running while it was copied: the copy may be inconsistent`,
		);
		const units = note.units.map((unit) =>
			step.asBefore && unit.shouldRun
				? { ...unit, shouldRun: false, because: step.asBefore, missed: true }
				: unit,
		);
		endReading(step, context.plan);
		const { became, started } = await startAgain(
			units,
			{ inRun: true, scope: step.scope },
			context,
			context.signal,
		);
		context.note({ became, started, ...(early.length > 0 ? { early: true } : {}) });
		const missed = context.plan.operation === "create" ? [] : became.filter((one) => one.missed);
		if (became.every((one) => one.became === "left down")) return { skipped: leftDown(became) };
		if (warnings.length + missed.length === 0) return undefined;
		return { warnings: [...warnings, ...missed.map(outcomeWords)] };
	},
	/** After the stop was undone, its note is more complete. */
	units({ id, stopped }, { handedBy }) {
		if (handedBy(unitsStop, stopped)?.became !== undefined) return [];
		return handedBy(unitsStartKind, id)?.became ?? [];
	},
};

export function leftDown(became: readonly UnitOutcome[]): string {
	const down = became.filter((one) => one.became === "left down").map(outcomeWords);
	return down.length === 0 ? "nothing was started" : down.join("; ");
}

/** Units that others started while they had to be down. */
export async function startedMeanwhile(
	note: StopNote,
	{ plan, handedBy }: Pick<StepContext, "plan" | "handedBy">,
): Promise<string[]> {
	const facts = await factsOf(ownOf(note));
	return [...facts]
		.filter(([unit, now]) => isRunning(now) && !startsOf(unit, plan, handedBy).includes(now.invocation))
		.map(([unit]) => unitLabel(unit));
}

/** What the starts that have run recorded, of those that end this stop. */
export const startsAfter = (
	stop: Ref<"units-stop">,
	{ plan, handedBy }: Pick<StepContext, "plan" | "handedBy">,
): StartNote[] =>
	unitsStartKind
		.among(plan.steps)
		.filter(({ stopped }) => stopped === stop)
		.flatMap(({ id }) => handedBy(unitsStartKind, id) ?? []);

/** Whether the units have been stopped, and not been started again by this run. */
export const areDown = (stop: Ref<"units-stop">, context: Pick<StepContext, "plan" | "handedBy">): boolean =>
	context.handedBy(unitsStop, stop) !== undefined &&
	startsAfter(stop, context).length === 0 &&
	!mayRunAgain(context);

/** Every start of a unit by this run itself: the undo of another state may have started it again. */
export function startsOf(
	unit: Unit,
	{ steps }: StepContext["plan"],
	handedBy: StepContext["handedBy"],
): string[] {
	return [
		...unitsStartKind.among(steps).map(({ id }) => handedBy(unitsStartKind, id)),
		...unitsStop.among(steps).map(({ id }) => handedBy(unitsStop, id)),
	].flatMap((note) =>
		(note?.started ?? []).filter((one) => same(one, unit)).map(({ invocation }) => invocation),
	);
}
