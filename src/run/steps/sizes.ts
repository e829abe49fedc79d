// How large the states of a run are, counted while its archives are written: to count takes as long as an engine takes to
// find that nothing has changed, and whoever counted first would keep stopped units waiting for it.
import type { Root } from "../../providers/provider.ts";
import { measure } from "../../providers/tar/measure.ts";
import type { StepContext } from "../work.ts";

/** By state; undefined where it cannot be told. */
export type Sizes = ReadonlyMap<string, number | undefined>;

/** Counted once a run, however many destinations there are. */
const counts = new WeakMap<StepContext["plan"], Map<string, Promise<number | undefined>>>();

/** Begin to count, one state after the other. What is returned never fails. */
export function countSizes(
	states: ReadonlyMap<string, readonly Root[]>,
	{ plan, signal }: Pick<StepContext, "plan" | "signal">,
): Promise<Sizes> {
	const counted = counts.get(plan) ?? new Map<string, Promise<number | undefined>>();
	counts.set(plan, counted);
	let last: Promise<unknown> = Promise.all(counted.values());
	for (const [name, roots] of states) {
		if (counted.has(name)) continue;
		const count = last.then(() => measure(roots, signal)).catch(() => undefined);
		counted.set(name, count);
		last = count;
	}
	return Promise.all([...states.keys()].map(async (name) => [name, await counted.get(name)] as const)).then(
		(sizes) => new Map(sizes),
	);
}
