// The plan of `restore`: a transaction for each state. Stage while services run; stop, swap, start; check; commit; tidy.
// With several states, each phase is done for all before the next begins, so that a shared unit is stopped once.
import type { Plan, Step } from "../steps/plan.ts";
import { stateScope } from "../steps/scope.ts";
import { inOrder } from "./order.ts";
import { placeOf } from "./places.ts";
import { type RestoreRequest, type Transaction, transaction } from "./transaction.ts";

export function planRestore(request: RestoreRequest): Plan {
	const { manifest, run, services, inPlace, keepFailed } = request;
	const states = inOrder(manifest, services);
	const placesOf = new Map(
		states.map(([name]) => [
			name,
			(request.targets[name] ?? []).map((target, index) => placeOf(run, name, target, index)),
		]),
	);
	const areas = [...placesOf.values()].flat().map(({ area }) => area);
	const all = states.map(([name, state]) =>
		transaction(request, name, state, placesOf.get(name) ?? [], inPlace ? [] : areas),
	);
	const phase = (pick: (one: Transaction) => readonly Step[]) => all.flatMap(pick);
	const checks = phase((one) => one.checks);
	const commits = all.map((one) => one.commit);
	const tidy = phase((one) => one.tidy);
	// A failed check skips what follows: if it must not undo anything, that work must be done before it.
	const ending = inPlace
		? [...tidy, ...checks]
		: keepFailed
			? [...commits, ...tidy, ...checks]
			: [...checks, ...commits, ...tidy];
	return {
		version: 1,
		run,
		operation: "restore",
		manifest,
		steps: [
			...all.map((one) => one.preflight),
			...phase((one) => one.stage),
			...phase((one) => one.stop),
			// Without a second copy this cannot be undone from here on.
			...(inPlace ? commits : []),
			...phase((one) => one.swap),
			...phase((one) => one.start),
			...ending,
		],
		goals: states.map(([name]) => stateScope(name)),
	};
}
