// Start what was up and what should be, and see that it stays up.
import { setTimeout as pause } from "node:timers/promises";
import { unitFailure, unitLabel } from "../../host/systemd.ts";
import { type UnitFacts, unitFacts } from "../../host/unit-facts.ts";
import type { Unit } from "../../values/unit.ts";
import type { StepContext, StepWork } from "../context.ts";
import type { SettleStep, UnitsStartStep } from "../step.ts";
import { same, startAgain } from "./bring-up.ts";
import { isUp } from "./picture.ts";
import {
	outcomeWords,
	ownOf,
	type StartNote,
	type StopNote,
	startNote,
	stopNote,
	type UnitOutcome,
} from "./unit-notes.ts";
import { factsOf } from "./units-around.ts";

const POLL_MS = 250;

export const unitsStart: StepWork<UnitsStartStep> = {
	async run(step, context) {
		const note = stopNote(context.noteOf(step.stopped));
		if (!note) return undefined;
		const warnings = context.plan.operation === "create" ? await startedBefore(note, context) : [];
		const units = note.units.map((unit) =>
			step.asBefore && unit.shouldRun
				? { ...unit, shouldRun: false, because: step.asBefore, missed: true }
				: unit,
		);
		const { became, started } = await startAgain(units, step, context, context.signal);
		context.note({ became, started } satisfies StartNote);
		const missed = context.plan.operation === "create" ? [] : became.filter((one) => one.missed);
		if (became.every((one) => one.became === "left down")) return { skipped: leftDown(became) };
		if (warnings.length + missed.length === 0) return undefined;
		return { warnings: [...warnings, ...missed.map(outcomeWords)] };
	},
};

function leftDown(became: readonly UnitOutcome[]): string {
	const down = became.filter((one) => one.became === "left down").map(outcomeWords);
	return down.length === 0 ? "nothing was started" : down.join("; ");
}

/** By others, before a copy was made of what they had to keep still. */
async function startedBefore(note: StopNote, { plan, noteOf }: StepContext): Promise<string[]> {
	const facts = await factsOf(ownOf(note));
	return [...facts]
		.filter(([unit, now]) => isUp(now) && !startsOf(unit, plan, noteOf).includes(now.invocation))
		.map(([unit]) => `${unitLabel(unit)} ran while its copy was made: the copy may not be of one moment`);
}

export const settle: StepWork<SettleStep> = {
	async run({ stopped, seconds }, { plan, noteOf, signal }) {
		const start = plan.steps.find((step) => step.kind === "units-start" && step.stopped === stopped);
		const { started = [], became = [] } = startNote(start && noteOf(start.id)) ?? {};
		if (started.length === 0) return { skipped: leftDown(became) };
		const until = performance.now() + seconds * 1000;
		do {
			const facts = await factsOf(started);
			for (const unit of started) {
				const now = facts.get(unit);
				if (!now || !(await staysUp(unit.user, now, startsOf(unit, plan, noteOf))))
					throw await unitFailure(unit, `did not stay active for ${seconds} seconds`);
			}
			await pause(POLL_MS, undefined, { signal });
		} while (performance.now() < until);
		return undefined;
	},
};

/** Each start of a unit that was this run's own: the undo of another state may have started it once more. */
function startsOf(unit: Unit, { steps }: StepContext["plan"], noteOf: StepContext["noteOf"]): string[] {
	return steps.flatMap(({ id, kind }) => {
		const note =
			kind === "units-start"
				? startNote(noteOf(id))
				: kind === "units-stop"
					? stopNote(noteOf(id))
					: undefined;
		return (note?.started ?? []).filter((one) => same(one, unit)).map(({ invocation }) => invocation);
	});
}

/** Also one that is on its way up still, and one that has ended well because nothing asks for it now. */
async function staysUp(
	user: string | undefined,
	now: UnitFacts,
	starts: readonly string[],
): Promise<boolean> {
	if (isUp(now)) return now.sub !== "auto-restart" && starts.includes(now.invocation);
	if (now.active === "failed" || now.result !== "success") return false;
	if (now.ends) return true;
	const triggers = await unitFacts(user, now.triggeredBy);
	return triggers.some(isUp);
}
