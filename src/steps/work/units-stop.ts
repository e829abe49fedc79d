// Stop units and whatever would start them meanwhile; the undo starts those that were up.
import { isBooting, keepDownAtBoot, unitLabel, unmask } from "../../host/systemd.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Unit } from "../../values/unit.ts";
import type { StepContext } from "../context.ts";
import type { StepWork } from "../step.ts";
import { type Known, type StopNote, type UnitsStopStep, unitsStop as unitsStopKind } from "../units-stop.ts";
import { bringDown, GONE, startAgain } from "./bring-up.ts";
import { isDown, isRunning } from "./unit-status.ts";
import { byManager, factsOf, takePicture, unitOf } from "./units-around.ts";

export const unitsStop: StepWork<UnitsStopStep, StopNote, StopNote> = {
	async run(step, context) {
		const units = await takePicture(step.units, earlierPictures(step, context), context.signal);
		context.note({ units });
		await bringDown(
			units.filter(({ stops }) => stops),
			context,
			context.signal,
		);
	},
	async beforeFinish(step, context) {
		const note = context.noted();
		if (!step.downForUndo || !note) return;
		const facts = await factsOf(note.units);
		await bringDown(
			note.units.filter((one) => one.stops && !isDown(facts.get(one) ?? GONE)),
			context,
		);
	},
	async beforeUndo(step, context) {
		const note = context.noted();
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
		if (masked.length > 0) context.note({ ...note, masked: [...(note.masked ?? []), ...masked] });
		const facts = await factsOf(units);
		const found = units.filter((one) => !isDown(facts.get(one) ?? GONE));
		if (found.length > 0) context.foundUp(step.scope);
		await bringDown(found, context);
	},
	async undo(step, context) {
		const note = context.noted();
		if (!note) return;
		const up = note.units.filter(({ wasUp }) => wasUp);
		if (context.somethingLeft && step.downForUndo) {
			context.note({ ...note, heldDown: true });
			if (up.length === 0) return;
			throw new HoldfastError("unit-failed", `${up.map(unitLabel).join(", ")} stays stopped`, {
				subject: up.map(unitLabel).join(", "),
				hint: "not all of its data could be put back; fix that, then: holdfast recover",
			});
		}
		for (const [user, some] of byManager(note.masked ?? []))
			await unmask(
				user,
				some.map(({ unit }) => unit),
			);
		const { became, started } = await startAgain(
			note.units.map((unit) => (unit.shouldRun ? { ...unit, shouldRun: false, because: UNDONE } : unit)),
			{ inRun: false, scope: step.scope },
			context,
		);
		context.note({ ...note, became, started });
	},
	async whereabouts({ units }) {
		const facts = await factsOf(units);
		return units.flatMap((unit) => {
			const now = facts.get(unit);
			return now === undefined || isRunning(now) ? [] : [`${unitLabel(unit)} is not running`];
		});
	},
	units({ id }, { handedBy }) {
		return handedBy(unitsStopKind, id)?.became ?? [];
	},
};

const UNDONE = "it was not running before, and the restore was rolled back";

/** The units as earlier steps of this run saw them, before they stopped them: that is what is restored. */
function earlierPictures(step: UnitsStopStep, { plan, handedBy }: StepContext<StopNote, StopNote>): Known[] {
	return unitsStopKind
		.among(plan.steps)
		.filter(({ id }) => id !== step.id)
		.flatMap(({ id }) => handedBy(unitsStopKind, id)?.units ?? []);
}
