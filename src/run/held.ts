// Runs that could be neither finished nor rolled back hold their states until somebody has fixed the cause. Whatever has
// nothing to do with these goes on: a nightly backup of ten services does not stop because of one.
import { dirname } from "node:path";
import { covers } from "../databases/dump.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import type { Plan } from "../steps/plan.ts";
import { stateOf, stateScope } from "../steps/scope.ts";
import { HoldfastError } from "../values/error.ts";
import type { RunReport } from "./event.ts";
import type { Held } from "./executor.ts";
import type { Journal } from "./journal.ts";
import { isForeign } from "./plan-shape.ts";
import { isStuck, unrecovered } from "./recover.ts";

/**
 * The scopes that a run leaves out, after recovery was tried. Throws if it cannot go on without them: if it is for them, if
 * it replaces something next to them, or if it is unknown what is theirs.
 */
export function heldIn(plan: Plan, reports: readonly RunReport[], journal: Journal): Held {
	const stuck = reports.filter(isStuck);
	const held = new Map<string, HoldfastError>();
	for (const { run, stuck: scopes } of stuck) {
		const theirs = journal.plan(run);
		if (scopes === undefined || theirs === undefined || isForeign(theirs)) throw unrecovered(stuck);
		for (const scope of scopes)
			for (const name of statesNear(plan, theirs.manifest, scope)) held.set(stateScope(name), reasonOf(run));
	}
	const goes = LEAVES_OUT.has(plan.operation) || !plan.steps.some(({ scope }) => held.has(scope));
	if (held.size > 0 && !goes) throw unrecovered(stuck);
	return held;
}

/** These replace no data of a state: what is left out of them is missing from the result, and said. */
const LEAVES_OUT: ReadonlySet<Plan["operation"]> = new Set([
	"create",
	"check",
	"prune",
	"extract",
	"restore-as",
]);

/** Names in the plan's manifest. A scope of something else than a state holds none. */
function statesNear({ manifest, operation }: Plan, theirs: Manifest, scope: string): string[] {
	const stuck = theirs.state[stateOf(scope)];
	if (stuck === undefined) return [];
	const replaces = !LEAVES_OUT.has(operation);
	const own = new Set(
		Object.hasOwn(manifest.state, stateOf(scope)) ? manifest.state[stateOf(scope)]?.folders : [],
	);
	// Then what is left of it would be stored as a part of the state around it.
	const isGone = !(stuck.folders ?? []).every((folder) => own.has(folder));
	return Object.entries(manifest.state).flatMap(([name, state]) => {
		const isNear =
			name === stateOf(scope) ||
			isBelow(state, stuck) ||
			shareDumps(state, stuck) ||
			((replaces || isGone) && isBelow(stuck, state)) ||
			(replaces && shareUnits(state, stuck));
		return isNear ? [name] : [];
	});
}

function isBelow(inner: State, outer: State): boolean {
	const outers = new Set(outer.folders);
	const isIn = (folder: string): boolean => outers.has(folder) || (folder !== "/" && isIn(dirname(folder)));
	return (inner.folders ?? []).some(isIn);
}

function shareDumps(one: State, other: State): boolean {
	const dumps = other.dumps ?? [];
	return (one.dumps ?? []).some((dump) => dumps.some((its) => covers(dump, its) || covers(its, dump)));
}

function shareUnits(one: State, other: State): boolean {
	const units = new Set(unitsOf(one));
	return unitsOf(other).some((unit) => units.has(unit));
}

const unitsOf = ({ stopOnBackup = [], stopOnRestore = [] }: State) => [...stopOnBackup, ...stopOnRestore];

const reasonOf = (run: string) =>
	new HoldfastError("recover-failed", `run ${run} could be neither finished nor rolled back`, {
		subject: run,
		hint: `see its steps with: holdfast runs show ${run}; fix the cause, then: holdfast recover`,
	});
