// `list --service`: of the archives, those that hold a state.
import type { Manifest } from "../manifest/schema.ts";
import { requireStates } from "../plan/order.ts";
import type { Listed } from "../report/result.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";
import type { Series } from "../values/series.ts";

/** What holds one of these states, whatever became of it there; everything, if none is named. */
export function holding<T extends Pick<Listed, "archives" | "lost">>(
	listed: T,
	services: readonly string[] | undefined,
): T {
	if (services === undefined) return listed;
	const holds = (states: Iterable<string>) => Iterator.from(states).some((one) => services.includes(one));
	return {
		...listed,
		archives: listed.archives.filter(({ metadata }) => holds(Object.keys(metadata?.states ?? {}))),
		// A machine with an older Holdfast reports none.
		...(listed.lost ? { lost: listed.lost.filter(({ states }) => holds(states)) } : {}),
	};
}

/** Refuse a state that no machine declares and no archive holds. Where a destination was not listed, it may hold it. */
export function requireHeld(
	listed: Series<Listed>,
	manifests: readonly Manifest[],
	services: readonly string[] = [],
): void {
	const declared = manifests.flatMap(({ state }) => Object.keys(state));
	let unknown = services.filter((one) => !declared.includes(one));
	for (const { archives, failures } of unknown.length === 0 ? [] : listed) {
		if (failures.length > 0) return;
		const held = new Set(archives.flatMap(({ metadata }) => Object.keys(metadata?.states ?? {})));
		unknown = unknown.filter((one) => !held.has(one));
	}
	const [first] = unknown;
	if (first === undefined) return;
	const [only, ...others] = manifests;
	if (only && others.length === 0) requireStates(only, [first]);
	const meant = nearest(first, declared);
	throw new HoldfastError("state-not-found", `none of these machines has a state "${first}"`, {
		subject: first,
		hint: meant ? `did you mean "${meant}"?` : `the states are: ${[...new Set(declared)].join(", ")}`,
	});
}
