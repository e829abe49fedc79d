// Facts about a run's states that are gathered while its archives are written: their size, and whether a restore could
// recreate their folders. They are of what the engines read, which may be a snapshot. Gathering them takes as long as an incremental backup. Done beforehand, it would keep stopped
// units waiting.
import type { CreateResult, Root } from "../../engines/destination.ts";
import { measure } from "../../engines/measure.ts";
import { tooLongIn } from "../../engines/too-long.ts";
import { closeOff } from "../../host/enclosure.ts";
import type { StepContext } from "../context.ts";
import { type Caught, snapshotsOver } from "./snapshot-mounts.ts";

/** What is stored of a state, and its folders in snapshots if those are read. */
export interface StateRoots {
	readonly roots: readonly Root[];
	readonly caught: readonly Caught[] | undefined;
}

interface Measured {
	/** Undefined if unknown. */
	readonly bytes?: number | undefined;
	/** A folder that an engine may store, but that no restore can recreate. */
	readonly tooLong?: CreateResult["unreadable"][number] | undefined;
}

/** By state. */
export type MeasuredStates = ReadonlyMap<string, Measured>;

/** One instance per run, shared by all of its destinations. */
interface Looks {
	readonly begun: Map<string, Promise<Measured>>;
	readonly stop: AbortController;
	/** How many destinations are waiting for the result. */
	waiting: number;
}
const looks = new WeakMap<StepContext["plan"], Looks>();

/** Start measuring, one state after the other. `found` never rejects. Stops once every caller has disposed of it. */
export function measureStates(
	states: ReadonlyMap<string, StateRoots>,
	{ plan, signal }: Pick<StepContext, "plan" | "signal">,
): Disposable & { readonly found: Promise<MeasuredStates> } {
	const all = looks.get(plan) ?? { begun: new Map(), stop: new AbortController(), waiting: 0 };
	looks.set(plan, all);
	all.waiting++;
	const either = AbortSignal.any([signal, all.stop.signal]);
	let last: Promise<unknown> = Promise.all(all.begun.values());
	let left = 0;
	for (const [name, state] of states) {
		const key = keyOf(name, state);
		if (all.begun.has(key)) continue;
		left++;
		const look = last.then(() => lookAt(state, either).catch(() => ({})));
		all.begun.set(key, look);
		last = look.finally(() => left--);
	}
	const found = [...states].map(
		async ([name, state]) => [name, (await all.begun.get(keyOf(name, state))) ?? {}] as const,
	);
	return {
		found: Promise.all(found).then((measured) => new Map(measured)),
		[Symbol.dispose]() {
			if (--all.waiting > 0 || left === 0) return;
			all.stop.abort();
			looks.delete(plan);
		},
	};
}

/** Some destinations read live folders of which others read snapshots. */
const keyOf = (name: string, { caught }: StateRoots) => `${caught ? "caught" : "live"} ${name}`;

async function lookAt({ roots, caught = [] }: StateRoots, signal: AbortSignal): Promise<Measured> {
	await using enclosure = await closeOff(snapshotsOver(caught), () => {});
	return {
		bytes: await measure(roots, signal, enclosure).catch(() => undefined),
		tooLong: await tooLongIn(roots, signal, enclosure).catch(() => undefined),
	};
}
