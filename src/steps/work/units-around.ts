// Ask systemd which units a stop affects, and for their current status.
import { setTimeout as pause } from "node:timers/promises";
import { unitLabel } from "../../host/systemd.ts";
import { ownUnits, type UnitFacts, unitFacts } from "../../host/unit-facts.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Unit } from "../../values/unit.ts";
import type { Known, StopNote } from "../units-stop.ts";
import { affected, type Facts, factsByName, obstacles, stillUnknown, verdictsOf } from "./picture.ts";
import { isEnding, isUp } from "./unit-status.ts";

/** For units whose own settings have no time limit. */
const LONGEST_SECONDS = 3_600;

const DOWN = { active: "inactive", job: "" };
const POLL_MS = 200;

export const unitOf = (
	unit: string,
	user: string | undefined,
): { readonly unit: string; readonly user?: string } => (user === undefined ? { unit } : { unit, user });

export function byManager<U extends { readonly user?: string | undefined }>(
	units: readonly U[],
): Map<string | undefined, U[]> {
	return Map.groupBy(units, ({ user }) => user);
}

/** The units named in the config. */
export function ownOf(note: StopNote | undefined): readonly Known[] {
	return (note?.units ?? []).filter(({ role }) => role === "own");
}

/** The current units and what is planned for each, in starting order. Throws if they cannot be stopped and started again. */
export async function takePicture(
	units: readonly Unit[],
	earlier: readonly Known[],
	signal: AbortSignal,
): Promise<Known[]> {
	const pictures: Known[][] = [];
	const problems: string[] = [];
	for (const [user, own] of byManager(units)) {
		const names = own.map(({ unit }) => unit);
		const facts = await lookAroundWhenEnded(user, names, earlier, signal);
		problems.push(...problemsOf(user, names, facts));
		pictures.push(
			verdictsOf(names, facts).map((one) => ({ ...one, ...(user === undefined ? {} : { user }) })),
		);
	}
	if (problems.length > 0)
		throw new HoldfastError("unit-failed", problems[0] ?? "", {
			subject: units.map(unitLabel).join(", "),
			details: problems.slice(1),
			hint: "nothing was stopped; change the units in the config: systemctl list-units lists the existing ones",
		});
	// Managers whose units were stopped last are started first.
	return pictures
		.reverse()
		.flatMap((one, index) => one.map((unit) => ({ ...unit, level: unit.level + index * 1_000 })));
}

interface Foresight {
	/** Why they could not be stopped and started again, one line each. */
	readonly problems: readonly string[];
	/** All units that would be down. */
	readonly stopped: ReadonlySet<string>;
	/** Those of them that are up and not named in the config. */
	readonly too: readonly string[];
}

/** What stopping these units would mean. */
export async function foresee(units: readonly Unit[]): Promise<Foresight> {
	const all = await Promise.all(
		[...byManager(units)].map(async ([user, own]) => {
			const names = own.map(({ unit }) => unit);
			const facts = await lookAround(user, names, []);
			const concerned = affected(names, facts);
			const too = [...concerned].filter(([name, role]) => role !== "own" && isUp(facts.get(name) ?? DOWN));
			return {
				problems: problemsOf(user, names, facts),
				stopped: [...names, ...concerned.keys()],
				too: too.map(([name]) => unitLabel(unitOf(name, user))),
			};
		}),
	);
	return {
		problems: all.flatMap(({ problems }) => problems),
		stopped: new Set(all.flatMap(({ stopped }) => stopped)),
		too: all.flatMap(({ too }) => too),
	};
}

function problemsOf(user: string | undefined, names: readonly string[], facts: Facts): string[] {
	return obstacles(names, facts, user === undefined ? ownUnits() : new Set(), (unit) =>
		unitLabel(unitOf(unit, user)),
	);
}

/** The same, once those that are ending by themselves have ended, or taken longer than they may. */
async function lookAroundWhenEnded(
	user: string | undefined,
	names: readonly string[],
	earlier: readonly Known[],
	signal: AbortSignal,
): Promise<Facts> {
	const began = performance.now();
	for (;;) {
		const facts = await lookAround(user, names, earlier);
		const ending = [...affected(names, facts).keys()].flatMap((name) => {
			const one = facts.get(name);
			return one !== undefined && isEnding(one) ? [one] : [];
		});
		if (ending.length === 0) return facts;
		if (performance.now() - began > patienceFor(ending, "stop").seconds * 1_000) return facts;
		await pause(POLL_MS, undefined, { signal });
	}
}

/** The named units and all relevant units around them, as they were before this run. */
async function lookAround(
	user: string | undefined,
	names: readonly string[],
	earlier: readonly Known[],
): Promise<Facts> {
	const facts = new Map<string, UnitFacts>();
	const before = new Map(
		earlier.filter((one) => one.user === user && one.wasUp).map((one) => [one.unit, one]),
	);
	for (let unknown = stillUnknown(names, facts); unknown.length > 0; unknown = stillUnknown(names, facts)) {
		const found = (await unitFacts(user, unknown)).map((one) => {
			const then = before.get(one.unit);
			return then ? { ...one, active: "active", invocation: then.invocation } : one;
		});
		for (const [name, one] of factsByName(found)) facts.set(name, one);
		// Looked up by an alias that systemd's answer does not list.
		for (const [index, name] of unknown.entries()) {
			const one = found[index];
			if (one && !facts.has(name)) facts.set(name, one);
		}
	}
	return facts;
}

/** The current status of units. */
export async function factsOf<U extends Unit>(units: readonly U[]): Promise<Map<U, UnitFacts>> {
	const now = new Map<U, UnitFacts>();
	for (const [user, some] of byManager(units)) {
		const facts = await unitFacts(
			user,
			some.map(({ unit }) => unit),
		);
		for (const [index, unit] of some.entries()) {
			const one = facts[index];
			if (one) now.set(unit, one);
		}
	}
	return now;
}

type Limits = Pick<Known, "stopSeconds" | "startSeconds"> | Pick<UnitFacts, "stopSeconds" | "startSeconds">;

/** Slightly longer than systemd's own limit: a stop has up to four phases, each with its own timeout. */
export function patienceFor(units: readonly Limits[], what: "stop" | "start"): { readonly seconds: number } {
	const own = Number(process.env.HOLDFAST_UNIT_SECONDS);
	if (own > 0) return { seconds: own };
	return {
		seconds: Math.max(
			...units.map(({ stopSeconds, startSeconds }) => {
				const seconds = what === "stop" ? stopSeconds : startSeconds;
				return seconds === undefined ? LONGEST_SECONDS : 4 * seconds + 60;
			}),
		),
	};
}
