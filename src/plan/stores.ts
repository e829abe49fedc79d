// The stores of a state on restore and undo: what is live is dumped before the state's folders are replaced, and the
// other dump is loaded after that, both while the units are stopped.
import { dirname, join } from "node:path";
import type { DumpFacts } from "../databases/database.ts";
import { dumpLabel, type StoreDump, wayBackOf } from "../databases/dump.ts";
import { area as areaKind, OLD } from "../steps/area.ts";
import { discard } from "../steps/discard.ts";
import type { Step } from "../steps/plan.ts";
import type { KeptDatabase } from "../steps/records.ts";
import { stateScope } from "../steps/scope.ts";
import { storeAside } from "../steps/store-aside.ts";
import { storeLoad } from "../steps/store-load.ts";

export interface StoreToLoad {
	readonly dump: StoreDump;
	/** Among the databases of the state. */
	readonly index: number;
	/** The dump that is loaded. */
	readonly file: string;
	readonly facts: DumpFacts;
}

export interface StoresRequest {
	readonly state: string;
	readonly run: string;
	/** A private folder for dumps. */
	readonly spool: string;
	/** Nothing is put aside: a restore in place has no way back. */
	readonly inPlace: boolean;
	/** What is loaded, for titles. */
	readonly what: string;
}

export interface StorePhases {
	/** While the service runs. */
	readonly prepare: readonly Step[];
	/** Before the folders are replaced, and after it. */
	readonly aside: readonly Step[];
	readonly load: readonly Step[];
	readonly kept: readonly KeptDatabase[];
	/** What deletes the dumps that were put aside. */
	readonly drop: readonly Step[];
}

export function storeSteps(request: StoresRequest, stores: readonly StoreToLoad[]): StorePhases {
	const { state, run, spool, inPlace, what } = request;
	const scope = stateScope(state);
	const area = join(spool, `old-${run}-${state}`);
	const oldOf = (index: number) => join(area, OLD, String(index));
	const dumped = inPlace ? [] : stores.filter(({ dump }) => wayBackOf(dump) === "dump");
	return {
		prepare:
			dumped.length === 0
				? []
				: [
						areaKind.step({
							id: areaKind.id(state, "stores"),
							scope,
							title: `create the private folder ${area}`,
							touches: [area],
							area,
						}),
					],
		aside: dumped.map(({ dump, index }) =>
			storeAside.step({
				id: storeAside.id(state, index),
				scope,
				title: `dump what the ${dumpLabel(dump)} has now, to bring it back if this fails`,
				touches: [],
				dump,
				file: oldOf(index),
				before: storeLoad.id(state, index),
			}),
		),
		load: stores.map(({ dump, index, file, facts }) => {
			const wayBack = inPlace ? "none" : (wayBackOf(dump) ?? "none");
			const noReturn = wayBack === "none" ? "; this cannot be undone" : "";
			return storeLoad.step({
				id: storeLoad.id(state, index),
				scope,
				title: `replace the content of the ${dumpLabel(dump)} with ${what}${noReturn}`,
				touches: [],
				dump,
				file,
				facts,
				wayBack,
				found: join(spool, `found-${run}-${state}-${index}.dump`),
			});
		}),
		kept: dumped.map(({ dump, index }) => ({ dump, old: oldOf(index) })),
		drop:
			dumped.length === 0
				? []
				: [
						discard.step({
							id: discard.id("drop", state),
							scope,
							title: `delete the old dumps of the stores of ${state}`,
							touches: [],
							areas: [area],
						}),
					],
	};
}

/** The private folder that holds the old content of a store. */
export const areaOfOld = (old: string): string => dirname(dirname(old));
