// Freeze units and thaw them.
import {
	armThaw,
	BEGIN_SECONDS,
	disarmThaw,
	FREEZE_SECONDS,
	freezerOf,
	freezeUnit,
	thawUnit,
} from "../../host/freezer.ts";
import { unitLabel } from "../../host/systemd.ts";
import { ownUnits } from "../../host/unit-facts.ts";
import type { Unit } from "../../values/unit.ts";
import type { StepWork } from "../step.ts";
import { type FreezeNote, unitsFreeze as freezeKind, type UnitsFreezeStep } from "../units-freeze.ts";
import type { Held, UnitsThawStep } from "../units-thaw.ts";
import { byManager } from "./units-around.ts";

export const unitsFreeze: StepWork<UnitsFreezeStep, FreezeNote, FreezeNote> = {
	async run(step, context) {
		const found = await Promise.all(
			step.units.map(async (unit) => ({ ...unit, ...(await freezerOf(unit)) })),
		);
		const own = ownUnits();
		const isOwn = ({ unit, user }: Unit) => user === undefined && own.has(unit);
		const among = (one: string) => found.filter((unit) => unit.state === one && !isOwn(unit));
		const running = among("running");
		const units = running.map(unitOf);
		const down = among("down").map(unitOf);
		context.note({ units, down });
		// Whatever becomes of us, they must go on.
		const unarmed = new Map<string | undefined, string>();
		for (const [user, some] of byManager(running)) {
			const why = await armThaw(timerOf(context.plan.run), user, some);
			if (why !== undefined) unarmed.set(user, `systemd cannot be told to thaw it again: ${why}`);
		}
		context.point("armed");
		const began = performance.now();
		const frozen: (Unit & { at: number })[] = [];
		const warnings = [
			...among("frozen").map((unit) => `${unitLabel(unit)} is frozen already, and is left so`),
			...among("missing").map((unit) => `${unitLabel(unit)}, which is to be frozen, does not exist`),
		];
		for (const unit of found.filter(isOwn))
			warnings.push(`${unitLabel(unit)} is not frozen while snapshots are taken: this run is part of it`);
		for (const unit of units) {
			const why =
				unarmed.get(unit.user) ??
				(performance.now() - began > BEGIN_SECONDS * 1000
					? `others took more than ${BEGIN_SECONDS} seconds`
					: await freezeUnit(unit));
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
		const look = <T extends Unit>(some: readonly T[]) =>
			Promise.all(some.map(async (unit) => ({ unit, state: (await freezerOf(unit)).state })));
		const [states, downs] = await Promise.all([look(frozen), look(down)]);
		await thawAll(context.plan.run, units);
		const now = Date.now();
		const held = states.filter(({ state }) => state === "frozen").map(({ unit }) => unit);
		const early = states.filter(({ state }) => state !== "frozen");
		const stillDown = downs.filter(({ state }) => state === "down").map(({ unit }) => unit);
		const started = downs.filter(({ state }) => state !== "down").map(({ unit }) => unit);
		context.note({ held: [...stillDown, ...held].map(unitOf) });
		const warnings = [
			...early.map(
				({ unit }) =>
					`${unitLabel(unit)} went on before all snapshots were taken (a unit is frozen for at most ${FREEZE_SECONDS} seconds)`,
			),
			...started.map((unit) => `${unitLabel(unit)} was started while snapshots were taken`),
		];
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
const unitOf = ({ unit, user }: Unit): Unit => ({ unit, ...(user === undefined ? {} : { user }) });
