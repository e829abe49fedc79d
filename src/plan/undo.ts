// The plan of `undo`: bring back the old copies that a restore kept. The same swap, in the other direction; without health
// checks, because the user explicitly asks for the old data.
import { basename, dirname, join } from "node:path";
import {
	asDeclared,
	databaseOf,
	dumpLabel,
	isServerDump,
	isStoreDump,
	type ServerDump,
	type StoreDump,
} from "../databases/dump.ts";
import { PRIVATE } from "../host/private-area.ts";
import type { Manifest } from "../manifest/schema.ts";
import { OLD } from "../steps/area.ts";
import { aside as asideKind } from "../steps/aside.ts";
import { commit } from "../steps/commit.ts";
import { databaseDrop } from "../steps/database-drop.ts";
import { databaseSwap } from "../steps/database-swap.ts";
import { discard } from "../steps/discard.ts";
import type { Place } from "../steps/fields.ts";
import { keepNested } from "../steps/keep-nested.ts";
import { place as placeKind } from "../steps/place.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { KeptCopy } from "../steps/records.ts";
import { stateScope } from "../steps/scope.ts";
import { storeLoad } from "../steps/store-load.ts";
import { isStaged } from "../steps/work/live.ts";
import { HoldfastError } from "../values/error.ts";
import { databaseName } from "./databases.ts";
import { areaSteps, holdersSteps, keepNestedSteps, nestedFolders, type Other, othersOf } from "./places.ts";
import { areaOfOld, type StorePhases, storeSteps } from "./stores.ts";
import { downSteps, NO_START, startSteps, stopSteps, unique } from "./units.ts";

export interface UndoRequest {
	/** The run that is undone, with its config: that config is used for the undo. */
	readonly restored: Plan;
	/** The current config, if it can be read: folders that belong to another state by now are left alone. */
	readonly now?: Manifest | undefined;
	readonly run: string;
	readonly kept: readonly KeptCopy[];
	/** Private folders of earlier runs. */
	readonly areas: readonly string[];
	readonly noStart?: boolean;
}

export function planUndo(request: UndoRequest): Plan {
	const { restored, run, kept } = request;
	return {
		version: 1,
		run,
		operation: "undo",
		manifest: restored.manifest,
		// The last one is undone first: one may lie within another's folder.
		steps: [...kept].reverse().flatMap((copy) => bringBack(request, copy)),
		goals: kept.map(({ state }) => stateScope(state)),
	};
}

function bringBack(request: UndoRequest, copy: KeptCopy): Step[] {
	const { restored, now, run, areas: earlier, noStart } = request;
	const { state } = copy;
	const scope = stateScope(state);
	const all = databasesOf(restored, copy);
	const databases = all.flatMap(({ dump, ...one }) => (isServerDump(dump) ? [{ ...one, dump }] : []));
	const olds = all.flatMap(({ dump, old }) => (isStoreDump(dump) ? [{ dump, old }] : []));
	const stores = storesOf(run, state, olds);
	const places = copy.places.map((place, index): Place => {
		const area = join(dirname(place.area), `.holdfast-${run}-${state}`);
		return { ...place, area, staged: place.old, old: join(area, OLD, String(index)) };
	});
	const nested = nestedFolders(othersThen(request, state, scope), places);
	const stopped = (owner: string) =>
		[now, restored.manifest].flatMap((config) => config?.state[owner]?.stopOnRestore ?? []);
	const units = unique([
		...(restored.manifest.state[state]?.stopOnRestore ?? []),
		...nested.flatMap(({ owner }) => stopped(owner)),
	]);
	const isOthers = (area: string) => ![...places, ...copy.places].some((one) => one.area === area);
	return [
		...areaSteps(state, places),
		...stores.prepare,
		...stopSteps(state, scope, units, "moves"),
		...holdersSteps(state, places),
		...downSteps(state, scope, units, "before"),
		...stores.aside,
		...exchangeSteps(state, scope, places),
		...keepNestedSteps(state, places, nested, earlier.filter(isOthers)),
		...swapSteps(run, state, scope, databases),
		...stores.load,
		...downSteps(state, scope, units, "after"),
		...startSteps(state, scope, units, noStart ? NO_START : undefined),
		commit.step({
			id: commit.id(state),
			scope,
			title: `commit ${state}${stays(restored, scope, databases)}`,
			touches: [],
		}),
		...dropSteps(run, state, scope, databases),
		...stores.drop,
		discardStep(
			restored.run,
			scope,
			copy,
			places,
			olds.map(({ old }) => areaOfOld(old)),
		),
	];
}

/**
 * What stays as the restore left it: stores without a way back, and databases that did not exist before, since dropping
 * one could only lose data.
 */
function stays({ steps }: Plan, scope: string, databases: readonly KeptServer[]): string {
	const lost = storeLoad.among(steps).filter((step) => step.scope === scope && step.wayBack === "none");
	const made = databases.filter(({ absent }) => absent);
	return [
		...lost.map(({ dump }) => `; the ${dumpLabel(dump)} stays as it is, since it has no way back`),
		...made.map(({ dump }) => `; the ${dumpLabel(dump)} stays, since there was none before the restore`),
	].join("");
}

function storesOf(
	run: string,
	state: string,
	olds: readonly { readonly dump: StoreDump; readonly old: string }[],
): StorePhases {
	// Next to those of the restore.
	const spool = dirname(areaOfOld(olds[0]?.old ?? "/"));
	return storeSteps(
		{ state, run, spool, inPlace: false, what: "its old content" },
		olds.map(({ dump, old }, index) => ({ dump, index, file: old, facts: { version: 1 } })),
	);
}

type KeptDatabase = KeptCopy["databases"][number];
type KeptServer = KeptDatabase & { readonly dump: ServerDump };

/** As that restore's config declares them: a journal of 0.1.0 holds what the archive said. */
function databasesOf({ run, manifest }: Plan, { state, databases }: KeptCopy): KeptDatabase[] {
	const declared = manifest.state[state]?.dumps ?? [];
	return databases.map(({ dump, ...one }) => {
		const own = asDeclared(declared, dump);
		if (own && (isServerDump(own) || isStoreDump(own))) return { ...one, dump: own };
		throw new HoldfastError("undo-impossible", `the ${dumpLabel(dump)} was not in the config of run ${run}`, {
			subject: databaseOf(dump),
			hint: "put it back by hand; see docs/how-to/troubleshooting.md",
		});
	});
}

/** If nothing existed at a place before the restore, nothing exists there afterwards. */
function exchangeSteps(state: string, scope: string, places: readonly Place[]): Step[] {
	return [
		...places.map(
			(place, index): Step =>
				asideKind.step({
					id: asideKind.id(state, index),
					scope,
					title: `put the restored ${place.live} aside`,
					touches: [place.live],
					place,
				}),
		),
		...places
			.filter(({ staged }) => isStaged(staged))
			.map(
				(place, index): Step =>
					placeKind.step({
						id: placeKind.id(state, index),
						scope,
						title: `put the old ${place.live} back in its place`,
						touches: [place.live],
						place,
					}),
			),
	];
}

function swapSteps(run: string, state: string, scope: string, databases: readonly KeptServer[]): Step[] {
	return databases.flatMap(({ dump, old, rest, absent }, index): Step[] =>
		absent
			? []
			: [
					databaseSwap.step({
						id: databaseSwap.id(state, index),
						scope,
						title: `put back the old ${dumpLabel(dump)}`,
						touches: [databaseOf(dump)],
						dump,
						fresh: old,
						old: databaseName(run, state, index, "old"),
						...(rest === undefined ? {} : { rest }),
					}),
				],
	);
}

function dropSteps(run: string, state: string, scope: string, databases: readonly KeptServer[]): Step[] {
	return databases.flatMap(({ dump, old, absent }, index) =>
		(absent ? [] : [old, databaseName(run, state, index, "old")]).map(
			(name, which): Step =>
				databaseDrop.step({
					id: databaseDrop.id(state, index, which),
					scope,
					title: which === 0 ? `drop what is left of ${name}` : `drop the restored ${dumpLabel(dump)}`,
					touches: [],
					dump,
					name,
				}),
		),
	);
}

function discardStep(
	restore: string,
	scope: string,
	copy: KeptCopy,
	places: readonly Place[],
	others: readonly string[],
): Step {
	const touches = [...new Set(places.map(({ area }) => area))];
	return discard.step({
		id: discard.id("discard", copy.state),
		scope,
		title: `delete the data that the restore ${restore} put in place, and anything written to it since`,
		touches,
		areas: [...touches, ...new Set([...copy.places.map(({ area }) => area), ...others])],
		forgets: { run: restore, state: copy.state },
	});
}

/** Folders that belong to another state now or did then, and those that the restore left in place. */
function othersThen({ restored, now }: UndoRequest, state: string, scope: string): Other[] {
	const others = othersOf(now ?? restored.manifest, state, { states: restored.manifest.state }).map(
		({ owner, folder }): Other => ({ owner, folder }),
	);
	const known = new Set(others.map(({ folder }) => folder));
	const more = keepNested.among(restored.steps).flatMap((step) => {
		if (step.scope !== scope) return [];
		const folder = join(step.place.folder, step.nested);
		return known.has(folder) || basename(folder).startsWith(PRIVATE)
			? []
			: [{ owner: "another state", folder }];
	});
	return [...others, ...more];
}
