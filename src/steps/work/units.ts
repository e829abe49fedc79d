// Stop units and what would start them meanwhile, and see that they are down; start again what was up when that is undone.
import { setTimeout as pause } from "node:timers/promises";
import { busNamesOf } from "../../host/message-bus.ts";
import { isBooting, keepDownAtBoot, unitFailure, unitLabel, unmask } from "../../host/systemd.ts";
import type { UnitFacts } from "../../host/unit-facts.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Unit } from "../../values/unit.ts";
import type { StepContext, StepWork } from "../context.ts";
import type { UnitsDownStep, UnitsStopStep } from "../step.ts";
import { bringDown, GONE, startAgain, stopsOf } from "./bring-up.ts";
import { isDown, isUp } from "./picture.ts";
import { type Known, ownOf, type StopNote, stopNote } from "./unit-notes.ts";
import { byManager, factsOf, takePicture, unitOf } from "./units-around.ts";

const POLL_MS = 250;
/** How long a unit that is on its way down may take until it counts as one that does not go. */
const SETTING_DOWN_MS = 5_000;

export const unitsStop: StepWork<UnitsStopStep> = {
	async run(step, context) {
		const units = await takePicture(step.units, earlierPictures(step, context));
		context.note({ units } satisfies StopNote);
		await bringDown(
			units.filter(({ stops }) => stops),
			context,
			context.signal,
		);
	},
	async beforeFinish(step, context) {
		const note = stopNote(context.noteOf(step.id));
		if (!step.downForUndo || !note) return;
		const facts = await factsOf(note.units);
		await bringDown(
			note.units.filter((one) => one.stops && !isDown(facts.get(one) ?? GONE)),
			context,
		);
	},
	async beforeUndo(step, context) {
		const note = stopNote(context.noteOf(step.id));
		if (!step.downForUndo || !note) return;
		const units = note.units.filter(({ wasUp, shouldRun }) => wasUp || shouldRun);
		const masked: Unit[] = [];
		for (const [user, some] of byManager(units.filter(({ role }) => role !== "along"))) {
			if (!(await isBooting(user))) continue;
			const names = await keepDownAtBoot(
				user,
				some.map(({ unit }) => unit),
			);
			masked.push(...names.map((unit) => unitOf(unit, user)));
		}
		if (masked.length > 0)
			context.note({ ...note, masked: [...(note.masked ?? []), ...masked] } satisfies StopNote);
		const facts = await factsOf(units);
		const found = units.filter((one) => !isDown(facts.get(one) ?? GONE));
		if (found.length > 0) context.foundUp(step.scope);
		await bringDown(found, context);
	},
	async undo(step, context) {
		const note = stopNote(context.noteOf(step.id));
		if (!note) return;
		const up = note.units.filter(({ wasUp }) => wasUp);
		if (context.somethingLeft && step.downForUndo) {
			context.note({ ...note, heldDown: true } satisfies StopNote);
			if (up.length === 0) return;
			throw new HoldfastError("unit-failed", `${up.map(unitLabel).join(", ")} stays stopped`, {
				hint: "what it uses could not all be put back: fix that, then: holdfast recover",
			});
		}
		for (const [user, some] of byManager(note.masked ?? []))
			await unmask(
				user,
				some.map(({ unit }) => unit),
			);
		const { became, started } = await startAgain(
			note.units.map((unit) => (unit.shouldRun ? { ...unit, shouldRun: false, because: UNDONE } : unit)),
			step,
			context,
		);
		context.note({ ...note, became, started } satisfies StopNote);
	},
	async whereabouts({ units }) {
		const facts = await factsOf(units);
		return units.flatMap((unit) => {
			const now = facts.get(unit);
			return now === undefined || isUp(now) ? [] : [`${unitLabel(unit)} is not running`];
		});
	},
};

const UNDONE = "it was not running before, and what was done is undone";

/** Right before and after what they use is moved: a unit that something else has started would go on with the old. */
export const unitsDown: StepWork<UnitsDownStep> = {
	async run({ stopped }, { noteOf, signal }) {
		const own = ownOf(stopNote(noteOf(stopped)));
		const until = performance.now() + SETTING_DOWN_MS;
		for (;;) {
			const facts = await factsOf(own);
			const upAgain = own.filter((unit) => isUp(facts.get(unit) ?? GONE));
			if (upAgain.length > 0) throw startedMeanwhile(upAgain, facts);
			const going = own.filter((unit) => !isDown(facts.get(unit) ?? GONE));
			if (going.length === 0) return;
			if (performance.now() > until)
				throw await unitFailure(going[0] ?? { unit: "" }, "does not go down, or waits to be started");
			await pause(POLL_MS, undefined, { signal });
		}
	},
};

function startedMeanwhile(units: readonly Known[], facts: ReadonlyMap<object, UnitFacts>): HoldfastError {
	const [first] = units;
	const { triggeredBy = [], pulledBy = [] } = (first && facts.get(first)) ?? {};
	const names = units.flatMap(({ unit, user }) => (user === undefined ? busNamesOf(unit) : []));
	const suspects = [
		...[...new Set([...triggeredBy, ...pulledBy])].filter((name) => !name.endsWith(".target")),
		...names.map((name) => `whoever asks for ${name} on the message bus`),
	];
	return new HoldfastError(
		"unit-failed",
		`${units.map(unitLabel).join(", ")} was started again by something while it had to be down`,
		{
			details: suspects.length === 0 ? [] : [`what can start it: ${suspects.join(", ")}`],
			hint:
				names.length === 0
					? "find what starts it (a hook, a timer, a script that watches it), and name its unit in stopOnRestore too"
					: `find who asks for it (busctl monitor ${names[0]}), and name its unit in stopOnRestore too`,
		},
	);
}

/** What earlier steps of this run have seen, before they stopped it: it is to be as it was then. */
function earlierPictures(step: UnitsStopStep, { plan, noteOf }: StepContext): Known[] {
	return stopsOf(plan.steps)
		.filter(({ id }) => id !== step.id)
		.flatMap(({ id }) => stopNote(noteOf(id))?.units ?? []);
}
