// Freeze units and thaw them.
import {
	armThaw,
	disarmThaw,
	FREEZE_SECONDS,
	freezerStateOf,
	freezeUnit,
	thawUnit,
} from "../../host/freezer.ts";
import { unitLabel } from "../../host/systemd.ts";
import type { Unit } from "../../values/unit.ts";
import type { StepWork } from "../step.ts";
import { type FreezeNote, unitsFreeze as freezeKind, type UnitsFreezeStep } from "../units-freeze.ts";
import type { Held, UnitsThawStep } from "../units-thaw.ts";
import { byManager } from "./units-around.ts";

export const unitsFreeze: StepWork<UnitsFreezeStep, FreezeNote, FreezeNote> = {
	async run(step, context) {
		const states = await Promise.all(
			step.units.map(async (unit) => ({ unit, state: await freezerStateOf(unit) })),
		);
		const among = (one: string) => states.filter(({ state }) => state === one).map(({ unit }) => unit);
		const [units, down] = [among("running"), among("down")];
		context.note({ units, down });
		// Whatever becomes of us, they must go on.
		const unarmed = new Map<string | undefined, string>();
		for (const [user, some] of byManager(units)) {
			const why = await armThaw(timerOf(context.plan.run), user, namesOf(some));
			if (why !== undefined) unarmed.set(user, `systemd cannot be told to thaw it again: ${why}`);
		}
		context.point("armed");
		const frozen: (Unit & { at: number })[] = [];
		const warnings = [
			...among("frozen").map((unit) => `${unitLabel(unit)} is frozen already, and is left so`),
			...among("missing").map((unit) => `${unitLabel(unit)}, which is to be frozen, does not exist`),
		];
		for (const unit of units) {
			const why = unarmed.get(unit.user) ?? (await freezeUnit(unit));
			if (why === undefined) frozen.push({ ...unit, at: Date.now() });
			else warnings.push(`${unitLabel(unit)} is not frozen while snapshots are taken: ${why}`);
		}
		context.note({ units, down, frozen });
		return warnings.length > 0 ? { warnings } : undefined;
	},
	undo: (_, context) => thawAll(context.plan.run, context.noted()?.units ?? []),
};

export const unitsThaw: StepWork<UnitsThawStep, Held, Held> = {
	async run(step, context) {
		const { units = [], frozen = [], down = [] } = context.handedBy(freezeKind, step.frozen) ?? {};
		const states = await Promise.all(
			frozen.map(async (unit) => ({ unit, state: await freezerStateOf(unit) })),
		);
		await thawAll(context.plan.run, units);
		const now = Date.now();
		const held = states.filter(({ state }) => state === "frozen").map(({ unit }) => unit);
		const early = states.filter(({ state }) => state !== "frozen");
		context.note({ held: [...down, ...held.map(({ unit, user }) => ({ unit, user }))] });
		const warnings = early.map(
			({ unit }) =>
				`${unitLabel(unit)} went on before all snapshots were taken (a unit is frozen for at most ${FREEZE_SECONDS} seconds)`,
		);
		return {
			stoodStill: held.map((unit) => ({ unit: unitLabel(unit), seconds: (now - unit.at) / 1000 })),
			...(warnings.length > 0 ? { warnings } : {}),
		};
	},
};

/** One that fails does not keep the others frozen. */
async function thawAll(run: string, units: readonly Unit[]): Promise<void> {
	const ends = await Promise.allSettled(units.map(thawUnit));
	for (const end of ends) if (end.status === "rejected") throw end.reason;
	for (const user of byManager(units).keys()) await disarmThaw(timerOf(run), user);
}

const timerOf = (run: string) => `holdfast-thaw-${run}`;
const namesOf = (units: readonly Unit[]) => units.map(({ unit }) => unit);
