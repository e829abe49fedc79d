// What is found out of a run's states while its archives are written: how large they are, and whether a restore could make
// their folders again. To look takes as long as an engine takes to find that nothing has changed, and whoever looked first
// would keep stopped units waiting for it.
import type { CreateResult, Root } from "../../providers/provider.ts";
import { tooLongIn } from "../../providers/roots.ts";
import { measure } from "../../providers/tar/measure.ts";
import type { StepContext } from "../work.ts";

interface Measured {
	/** Undefined where it cannot be told. */
	readonly bytes?: number | undefined;
	/** A folder that an engine may store, and that no restore can make. */
	readonly tooLong?: CreateResult["unreadable"][number] | undefined;
}

/** By state. */
export type MeasuredStates = ReadonlyMap<string, Measured>;

/** Once a run, however many destinations there are. */
const looks = new WeakMap<StepContext["plan"], Map<string, Promise<Measured>>>();

/** Begin to look, at one state after the other. What is returned never fails. */
export function measureStates(
	states: ReadonlyMap<string, readonly Root[]>,
	{ plan, signal }: Pick<StepContext, "plan" | "signal">,
): Promise<MeasuredStates> {
	const begun = looks.get(plan) ?? new Map<string, Promise<Measured>>();
	looks.set(plan, begun);
	let last: Promise<unknown> = Promise.all(begun.values());
	for (const [name, roots] of states) {
		if (begun.has(name)) continue;
		const look = last.then(async () => ({
			bytes: await measure(roots, signal).catch(() => undefined),
			tooLong: await tooLongIn(roots, signal).catch(() => undefined),
		}));
		begun.set(name, look);
		last = look;
	}
	const all = [...states.keys()].map(async (name) => [name, (await begun.get(name)) ?? {}] as const);
	return Promise.all(all).then((measured) => new Map(measured));
}
