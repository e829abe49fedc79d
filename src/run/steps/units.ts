// Stop units and what would start them meanwhile; start again what was up, and what should be; see that it stays up.
import { setTimeout as pause } from "node:timers/promises";
import {
	isBooting,
	keepDownAtBoot,
	resetFailed,
	startUnits,
	stopUnits,
	unitFailure,
	unitLabel,
	unmask,
} from "../../host/systemd.ts";
import { type UnitFacts, unitFacts } from "../../host/unit-facts.ts";
import { HoldfastError, reportOf } from "../../manifest/error.ts";
import type { Unit } from "../../manifest/schema.ts";
import { isDown, isUp } from "../picture.ts";
import type { SettleStep, UnitsDownStep, UnitsStartStep, UnitsStopStep } from "../step.ts";
import {
	type Known,
	outcomeWords,
	type StartNote,
	type StopNote,
	startNote,
	stopNote,
	type UnitOutcome,
} from "../unit-notes.ts";
import { byManager, factsOf, patienceFor, takePicture, unitOf } from "../units-around.ts";
import type { StepContext, StepWork } from "../work.ts";

const SETTLE_POLL_MS = 250;
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
		await bringDown(
			units.filter((one) => {
				const now = facts.get(one);
				return now !== undefined && !isDown(now);
			}),
			context,
		);
	},
	async undo(step, context) {
		const note = stopNote(context.noteOf(step.id));
		if (!note) return;
		const up = note.units.filter(({ wasUp }) => wasUp);
		if (context.somethingLeft && step.downForUndo) {
			context.note({ ...note, heldDown: true } satisfies StopNote);
			if (up.length === 0) return;
			throw new HoldfastError("failed", `${up.map(unitLabel).join(", ")} stays stopped`, {
				hint: "what it uses could not all be put back: mend that, then: holdfast recover",
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
			await pause(SETTLE_POLL_MS, undefined, { signal });
		}
	},
};

const GONE = { active: "inactive", hasJob: false };

const ownOf = (note: StopNote | undefined) => (note?.units ?? []).filter(({ role }) => role === "own");

function startedMeanwhile(units: readonly Known[], facts: ReadonlyMap<object, UnitFacts>): HoldfastError {
	const [first] = units;
	const { triggeredBy = [], pulledBy = [] } = (first && facts.get(first)) ?? {};
	const suspects = [...new Set([...triggeredBy, ...pulledBy])].filter((name) => !name.endsWith(".target"));
	return new HoldfastError(
		"failed",
		`${units.map(unitLabel).join(", ")} was started again by something while it had to be down`,
		{
			details: suspects.length === 0 ? [] : [`what can start it: ${suspects.join(", ")}`],
			hint: "find what starts it (a hook, a timer, a script that watches it), and name its unit in stopOnRestore too",
		},
	);
}

export const unitsStart: StepWork<UnitsStartStep> = {
	async run(step, context) {
		const note = stopNote(context.noteOf(step.stopped));
		if (!note) return undefined;
		const warnings = context.plan.operation === "create" ? await startedBefore(note) : [];
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

/** Before a copy was made of what they had to keep still. */
async function startedBefore(note: StopNote): Promise<string[]> {
	const own = ownOf(note);
	const facts = await factsOf(own);
	return own
		.filter((unit) => isUp(facts.get(unit) ?? GONE))
		.map((unit) => `${unitLabel(unit)} ran while its copy was made: the copy may not be of one moment`);
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
			await pause(SETTLE_POLL_MS, undefined, { signal });
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

/** What earlier steps of this run have seen, before they stopped it: it is to be as it was then. */
function earlierPictures(step: UnitsStopStep, { plan, noteOf }: StepContext): Known[] {
	return stopsOf(plan.steps)
		.filter(({ id }) => id !== step.id)
		.flatMap(({ id }) => stopNote(noteOf(id))?.units ?? []);
}

function stopsOf(steps: StepContext["plan"]["steps"]): UnitsStopStep[] {
	return steps.filter((step) => step.kind === "units-stop");
}

const same = (one: Unit, other: Unit) => one.unit === other.unit && one.user === other.user;

/** What another state of this run has stopped and will start itself, or must keep down: its data are half-way. */
function neededDown(unit: Unit, scope: string, { plan, noteOf, isUnderWay }: StepContext): boolean {
	const hasStarted = (stopped: string) =>
		plan.steps.some(
			(step) =>
				step.kind === "units-start" && step.stopped === stopped && startNote(noteOf(step.id)) !== undefined,
		);
	return stopsOf(plan.steps).some((other) => {
		const note = other.scope === scope ? undefined : stopNote(noteOf(other.id));
		return (
			note !== undefined &&
			(note.heldDown || (isUnderWay(other.scope) && !hasStarted(other.id))) &&
			note.units.some((one) => same(one, unit) && (one.wasUp || one.shouldRun))
		);
	});
}

/** Triggers first, then one after the other. What stops along is no step of ours. */
async function bringDown(
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
					...patienceFor(group, "stop"),
					onWait: log,
					...(signal ? { signal } : {}),
				},
			);
		for (const { unit } of some) point(`stopped-${unit}`);
	};
	await stop(units.filter(({ role }) => role === "also"));
	// They are held in the order of their starts.
	for (const unit of units.filter(({ role }) => role === "own").reverse()) await stop([unit]);
}

/** Every unit is tried, whatever another does. */
async function startAgain(
	units: readonly Known[],
	step: UnitsStopStep | UnitsStartStep,
	context: StepContext,
	signal?: AbortSignal,
): Promise<StartNote> {
	const inRun = step.kind === "units-start";
	const held = new Set(units.filter((unit) => !isFree(unit, step, context)));
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
/** A job that was cut short along with the service: it runs again, and takes as long as it takes. */
const isUnwatched = ({ role, ends }: Known) => role === "along" && ends;

function isFree(unit: Known, step: UnitsStopStep | UnitsStartStep, context: StepContext): boolean {
	return step.kind === "units-start"
		? !isHeld(unit, step.scope, context)
		: !neededDown(unit, step.scope, context);
}

/** Another state of this run could not be put back, and this one uses it. */
function isHeld(unit: Unit, scope: string, { plan, noteOf }: StepContext): boolean {
	return stopsOf(plan.steps).some((other) => {
		const note = other.scope === scope ? undefined : stopNote(noteOf(other.id));
		return note?.heldDown === true && note.units.some((one) => same(one, unit) && one.wasUp);
	});
}

/** Units that may be started by one call: of one level, one manager, in one way. */
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

interface Circumstances {
	/** Not on the way back from one that failed. */
	readonly inRun: boolean;
	readonly booting: boolean;
	readonly held: boolean;
	readonly fault: unknown;
}

/** How a unit ended up; and what of that is an error. Nothing of one that nobody has touched. */
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
	if (held) return became("left down", "another service that it goes with is not back yet");
	const named = unit.role === "own" || unit.wasUp;
	if (fault !== undefined)
		return named ? { fault } : became("left down", `its start failed: ${reportOf(fault).message}`, true);
	if (booting || isUnwatched(unit)) return became("started", unit.because);
	const kept = unit.wasUp && unit.invocation !== "" && now.invocation === unit.invocation;
	if (isUp(now) && kept) {
		if (inRun && unit.role === "own" && unit.unit.endsWith(".service"))
			return { fault: await unitFailure(unit, "did not stop: it still runs as it was started before") };
		return unit.role === "own" ? became("kept running", unit.because) : {};
	}
	if (isUp(now) || (now.ends && now.result === "success")) return became("started", unit.because);
	if (!now.conditionsMet && now.load === "loaded" && now.active === "inactive")
		return unit.wasUp
			? {
					fault: await unitFailure(
						unit,
						"was not started: systemd skipped it, since a Condition…= of it is not met",
					),
				}
			: became("left down", "a Condition…= of it is not met", true);
	if (now.active === "failed" && named)
		return { fault: await unitFailure(unit, "failed as soon as it was started") };
	return became("started", unit.because);
}
