// The states that are about to be archived: the real paths of their folders, and the metadata of each.
import type { Metadata, StateRecord } from "../../engines/archive.ts";
import type { Destination } from "../../engines/destination.ts";
import { unitLabel } from "../../host/systemd.ts";
import { type Resolved, resolvePath } from "../../host/trust.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { type Consistency, wordFor } from "../../values/consistency.ts";
import { HoldfastError } from "../../values/error.ts";
import { above } from "../../values/paths.ts";
import { recordOf } from "../../values/record.ts";
import type { ArchiveCreateStep, StateToStore } from "../archive-create.ts";
import type { StepContext } from "../context.ts";
import { unitsThaw } from "../units-thaw.ts";
import { dumpedBy, mountsToStore } from "./archive-seen.ts";
import { shortReason } from "./described.ts";
import { exclusionsOf } from "./folders-present.ts";
import { isCaught } from "./snapshot-caught.ts";
import type { Caught } from "./snapshot-mounts.ts";
import { areDown, startsAfter } from "./units-start.ts";

export interface ToStore {
	/** The folders of the states that have not failed, as declared. */
	readonly found: ReadonlyMap<string, Resolved>;
	/** The target of each folder that is a link. */
	readonly links: ReadonlyMap<string, string>;
	/** By state: its folders in snapshots, if those are to be read. */
	readonly caught: ReadonlyMap<string, readonly Caught[]>;
	/** The metadata of each state. */
	readonly states: Readonly<Record<string, StateRecord>>;
	/** The states in the archive, by name. */
	readonly good: readonly (readonly [name: string, state: StateToStore])[];
}

/** The states as they are now. A state fails if one of its folders is missing, or may not be followed. */
export function statesToStore(
	step: ArchiveCreateStep,
	destination: Pick<Destination, "readsLive">,
	context: StepContext,
): ToStore {
	const found = lookAtFolders(step, destination, context);
	const links = linksIn(found);
	const caught = new Map(
		Object.entries(step.states).flatMap(([name, state]) => {
			const pairs = caughtOf(name, state, found, destination, context);
			return pairs === undefined ? [] : [[name, pairs] as const];
		}),
	);
	const states = recordOf(
		Object.entries(step.states).map(
			([name, state]) => [name, stateRecord(state, links, caught.get(name), context)] as const,
		),
	);
	const good = Object.entries(step.states).filter(([name]) => states[name]?.outcome === "good");
	return { found, links, caught, states, good };
}

/** Other states' folders within these: a restore must leave them alone, whatever the config says by then. */
export function withoutOf({ states }: ArchiveCreateStep, { state }: Manifest): Pick<Metadata, "without"> {
	const stored = new Set(Object.values(states).flatMap(({ folders }) => folders));
	const within = Object.entries(state).flatMap(([name, { folders }]) => {
		if (Object.hasOwn(states, name)) return [];
		const inner = folders.filter((folder) => [...above(folder)].some((outer) => stored.has(outer)));
		return inner.length === 0 ? [] : [[name, inner] as const];
	});
	return within.length === 0 ? {} : { without: recordOf(within) };
}

function linksIn(found: ReadonlyMap<string, Resolved>): ReadonlyMap<string, string> {
	return new Map([...found].flatMap(([folder, { path }]) => (path === folder ? [] : [[folder, path]])));
}

function stateRecord(
	state: StateToStore,
	links: ReadonlyMap<string, string>,
	caught: readonly Caught[] | undefined,
	context: StepContext,
): StateRecord {
	const { scope, folders, dumps } = state;
	const reason = context.failureOf(scope);
	const stored = Object.fromEntries([...links].filter(([folder]) => folders.includes(folder)));
	const databases = dumps.flatMap(({ step }) => dumpedBy(step, context));
	return {
		...(reason === undefined ? { outcome: "good" } : { outcome: "failed", reason: shortReason(reason) }),
		folders,
		...(reason === undefined ? { consistency: howRead(state, caught, context) } : {}),
		...(Object.keys(stored).length === 0 ? {} : { stored }),
		...(databases.length === 0 || reason !== undefined
			? {}
			: {
					dumps: databases.map(({ dump, file, facts, accounts }) => ({
						dump,
						stored: file,
						facts,
						...(accounts === undefined ? {} : { accounts }),
					})),
				}),
		...(reason === undefined ? mountsToStore(state, context) : {}),
	};
}

function howRead(
	{ folders, down, snapshot: wanted }: StateToStore,
	caught: readonly Caught[] | undefined,
	context: Pick<StepContext, "handedBy" | "plan">,
): Consistency {
	if (caught === undefined) return wordFor({ folders, still: down !== undefined && areDown(down, context) });
	const { handedBy } = context;
	const { volumes = [], still = false, copied = false, frozen } = wanted ?? {};
	const held = (frozen && handedBy(unitsThaw, frozen.step)?.held) ?? [];
	const isHeld = (frozen?.units ?? []).every((unit) =>
		held.some((one) => unitLabel(one) === unitLabel(unit)),
	);
	const isDown = down === undefined || startsAfter(down, context).every(({ early }) => early !== true);
	return wordFor({ folders, snapshots: volumes.length, copied, still: still && isHeld && isDown });
}

/** For a state whose folders were all caught: each with its path in the snapshot. */
function caughtOf(
	name: string,
	{ snapshot: wanted, folders }: StateToStore,
	found: ReadonlyMap<string, Resolved>,
	{ readsLive }: Pick<Destination, "readsLive">,
	context: Pick<StepContext, "plan" | "handedBy">,
): Caught[] | undefined {
	if (wanted === undefined || readsLive || !isCaught(name, context)) return undefined;
	const pairs = Object.entries(wanted.folders).map(([at, folder]) => ({ folder, at }));
	// A folder that has become a link to another one since the plan was made was not caught.
	const isStill = folders.every((folder) => pairs.some(({ at }) => at === found.get(folder)?.path));
	return isStill ? pairs : undefined;
}

/** The real paths of the states' folders: engines would store a link as just a link. */
function lookAtFolders(
	step: ArchiveCreateStep,
	destination: Pick<Destination, "readsLive">,
	context: StepContext,
): Map<string, Resolved> {
	const { failureOf, failScope } = context;
	const found = new Map<string, Resolved>();
	for (const [name, state] of Object.entries(step.states)) {
		const { scope, folders } = state;
		if (failureOf(scope) !== undefined) continue;
		try {
			for (const folder of folders) {
				const resolved = resolvePath(folder);
				if (!resolved.found)
					throw new HoldfastError(
						"folder-not-found",
						`the folder ${folder} has disappeared since the run began`,
						{ subject: folder },
					);
				exclusionsOf(folder, state);
				found.set(folder, resolved);
			}
			if (state.snapshot?.required && caughtOf(name, state, found, destination, context) === undefined)
				throw new HoldfastError("snapshot-failed", "its folders are not what a snapshot has caught", {
					subject: folders.join(", "),
					hint: "look whether one of them was replaced meanwhile, and run create again",
				});
		} catch (error) {
			failScope(scope, error as Error);
		}
	}
	return found;
}
