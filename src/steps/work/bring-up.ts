// Stop and start units, both during a run and while undoing one.
import { isBooting, resetFailed, startUnits, stopUnits, unitFailure } from "../../host/systemd.ts";
import type { UnitFacts } from "../../host/unit-facts.ts";
import { reportOf } from "../../values/error.ts";
import type { Unit } from "../../values/unit.ts";
import type { StepContext } from "../context.ts";
import type { UnitOutcome } from "../unit-outcome.ts";
import { unitsStart } from "../units-start.ts";
import { type Known, type StartNote, unitsStop } from "../units-stop.ts";
import { isRunning } from "./unit-status.ts";
import { byManager, factsOf, patienceFor, unitOf } from "./units-around.ts";

export const same = (one: Unit, other: Unit) => one.unit === other.unit && one.user === other.user;

/** The facts of a unit that does not exist. */
export const GONE = { active: "inactive", job: "" };

/** Whether another state of this run has stopped the unit and will start it itself, or must keep it down. */
function neededDown(unit: Unit, scope: string, { plan, handedBy, isUnderWay }: StepContext): boolean {
	const starts = unitsStart.among(plan.steps);
	const hasStarted = (stopped: string) =>
		starts.some((start) => start.stopped === stopped && handedBy(unitsStart, start.id) !== undefined);
	return unitsStop.among(plan.steps).some((other) => {
		const note = other.scope === scope ? undefined : handedBy(unitsStop, other.id);
		return (
			note !== undefined &&
			(note.heldDown || (isUnderWay(other.scope) && !hasStarted(other.id))) &&
			note.units.some((one) => same(one, unit) && (one.wasUp || one.shouldRun))
		);
	});
}

/**
 * First what would start them, sockets and the like before the others; then one after the other. Units that systemd
 * stops along with these get no call of their own.
 */
export async function bringDown(
	units: readonly Known[],
	{ point, log }: StepContext,
	signal?: AbortSignal,
): Promise<void> {
	const stop = async (some: readonly Known[]) => {
		for (const [user, group] of byManager(some))
			await stopUnits(
				user,
				group.map(({ unit }) => unit),
				{
					...patienceFor(units, "stop"),
					onWait: log,
					...(signal ? { signal } : {}),
				},
			);
		for (const { unit } of some) point(`stopped-${unit}`);
	};
	await stop(units.filter((one) => one.role !== "along" && isTrigger(one)));
	await stop(units.filter((one) => one.role === "also" && !isTrigger(one)));
	// They are noted in the order in which they start.
	for (const unit of units.filter((one) => one.role === "own" && !isTrigger(one)).reverse())
		await stop([unit]);
}

const isTrigger = ({ unit }: Unit) => /\.(socket|path|timer|automount)$/.test(unit);

interface Occasion {
	/** Not while undoing a failed run. */
	readonly inRun: boolean;
	readonly scope: string;
}

/** Every unit is tried, even if another one fails. */
export async function startAgain(
	units: readonly Known[],
	{ inRun, scope }: Occasion,
	context: StepContext,
	signal?: AbortSignal,
): Promise<StartNote> {
	const mustWait = inRun ? isHeld : neededDown;
	const held = new Set(units.filter((unit) => mustWait(unit, scope, context)));
	const toStart = units.filter((unit) => (unit.wasUp || unit.shouldRun) && !held.has(unit));
	const faults = new Map<Known, unknown>();
	for (const [user, some] of byManager(toStart))
		await resetFailed(
			user,
			some.map(({ unit }) => unit),
		);
	for (const group of groupsOf(toStart)) {
		const [first] = group;
		if (!first) continue;
		try {
			await startUnits(
				first.user,
				group.map(({ unit }) => unit),
				{
					...patienceFor(group, "start"),
					alone: isAlone(first),
					noWait: isUnwatched(first),
					onWait: context.log,
					...(signal ? { signal } : {}),
				},
			);
			for (const { unit } of group) context.point(`started-${unit}`);
		} catch (fault) {
			for (const unit of group) faults.set(unit, fault);
		}
	}
	const facts = await factsOf(units);
	const outcomes: UnitOutcome[] = [];
	const started: StartNote["started"][number][] = [];
	const fatal: unknown[] = [];
	for (const unit of units) {
		const now = facts.get(unit) ?? ({ ...GONE, invocation: "" } as UnitFacts);
		const booting = await isBooting(unit.user).catch(() => false);
		const { outcome, fault } = await judge(unit, now, {
			...{ inRun, booting, held: held.has(unit) },
			fault: now.active === "active" ? undefined : faults.get(unit),
		});
		if (fault) fatal.push(fault);
		if (outcome) outcomes.push(outcome);
		if (outcome?.became === "started" && !isUnwatched(unit))
			started.push({ ...unitOf(unit.unit, unit.user), invocation: now.invocation });
	}
	if (fatal.length > 0) throw fatal[0];
	return { became: outcomes, started };
}

const isAlone = ({ unit, wasUp }: Known) => wasUp && unit.endsWith(".target");
/** A job that was cut short together with the service: it is started again, with no time limit. */
const isUnwatched = ({ role, ends }: Known) => role === "along" && ends;

/** Another state of this run could not be put back, and this unit uses it. */
function isHeld(unit: Unit, scope: string, { plan, handedBy }: StepContext): boolean {
	return unitsStop.among(plan.steps).some((other) => {
		const note = other.scope === scope ? undefined : handedBy(unitsStop, other.id);
		return note?.heldDown === true && note.units.some((one) => same(one, unit) && one.wasUp);
	});
}

/** Units that can be started by one call: of the same level and manager, and started in the same way. */
function groupsOf(units: readonly Known[]): Known[][] {
	return [
		...Map.groupBy(units, (unit) =>
			JSON.stringify([
				unit.level,
				unit.user,
				isAlone(unit),
				isUnwatched(unit),
				unit.role === "own" && unit.unit,
			]),
		).values(),
	];
}

interface Circumstances extends Pick<Occasion, "inRun"> {
	readonly booting: boolean;
	readonly held: boolean;
	readonly fault: unknown;
}

/** What became of a unit, and whether that is an error. Undefined for a unit that was not touched. */
async function judge(
	unit: Known,
	now: UnitFacts,
	{ inRun, booting, held, fault }: Circumstances,
): Promise<{ outcome?: UnitOutcome; fault?: unknown }> {
	const became = (what: UnitOutcome["became"], because: string, missed = false) => ({
		outcome: {
			...unitOf(unit.unit, unit.user),
			...{ role: unit.role, wasUp: unit.wasUp, became: what, because },
			...(missed ? { missed: true as const } : {}),
		},
	});
	if (!unit.wasUp && !unit.shouldRun)
		return unit.role === "own" || unit.missed ? became("left down", unit.because, unit.missed) : {};
	if (held) return became("left down", "another service that it belongs to is not running yet");
	// While undoing, the data come first: units around the service do not hold up the undo.
	const named = unit.role === "own" || (unit.wasUp && inRun);
	if (fault !== undefined)
		return named ? { fault } : became("left down", `its start failed: ${reportOf(fault).message}`, true);
	if (booting || isUnwatched(unit)) return became("started", unit.because);
	const kept = unit.wasUp && unit.invocation !== "" && now.invocation === unit.invocation;
	if (isRunning(now) && kept) {
		if (inRun && unit.role === "own" && unit.unit.endsWith(".service"))
			return { fault: await unitFailure(unit, "did not stop: it is still running since before the restore") };
		return unit.role === "own" ? became("kept running", unit.because) : {};
	}
	if (isRunning(now) || (now.ends && now.result === "success")) return became("started", unit.because);
	if (!now.conditionsMet && now.load === "loaded" && now.active === "inactive")
		return unit.wasUp
			? {
					fault: await unitFailure(
						unit,
						"was not started: systemd skipped it, because one of its Condition…= is not met",
					),
				}
			: became("left down", "one of its Condition…= is not met", true);
	if (now.active === "failed" && named)
		return { fault: await unitFailure(unit, "failed as soon as it was started") };
	return became("started", unit.because);
}
