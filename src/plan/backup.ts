// The plan of `create`: hooks and stops for each state, one archive per destination, then starts and hooks.

import { liveFiles } from "../databases/dump.ts";
import type { Hook, HookName, Manifest, State } from "../manifest/schema.ts";
import { type ArchiveCreateStep, archiveCreate } from "../steps/archive-create.ts";
import { dump } from "../steps/dump.ts";
import { foldersPresent } from "../steps/folders-present.ts";
import { type HookStep, hook as hookKind } from "../steps/hook.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { destinationScope, stateScope } from "../steps/scope.ts";
import { STARTS_LANE, statesRead } from "../steps/states-read.ts";
import { unitsStop } from "../steps/units-stop.ts";
import { above } from "../values/paths.ts";
import { startsAround } from "./backup-starts.ts";
import { dumpSteps, forgetDumps } from "./dumps.ts";
import { inOrder } from "./order.ts";
import { privateIn } from "./private-folders.ts";
import { snapshotSteps } from "./snapshot-steps.ts";
import type { StateSnapshots } from "./snapshots.ts";
import { stopSteps } from "./units.ts";

export interface BackupRequest {
	readonly manifest: Manifest;
	readonly run: string;
	/** Names of states; empty for all. */
	readonly services: readonly string[];
	/** A private folder for dumps. */
	readonly spool: string;
	/** The user says that the states are as they should be: folders that are no longer mount points, and states that have shrunk. */
	readonly accept?: boolean;
	/** Private folders of earlier runs, which belong to no state. */
	readonly areas?: readonly string[];
	/** By state: its snapshots, or why it has none. */
	readonly snapshots?: ReadonlyMap<string, StateSnapshots>;
	/** Where to write: provider and destination names, whether the engine takes streams, tells what it has read, and reads no snapshots. */
	readonly targets: readonly {
		readonly provider: string;
		readonly destination: string;
		readonly streams: boolean;
		readonly tellsPassed?: boolean;
		readonly readsLive?: boolean;
	}[];
}

export function planBackup(request: BackupRequest): Plan {
	const { manifest, run, services, targets, spool, accept, snapshots = new Map() } = request;
	const caught = snapshotSteps(snapshots, manifest.state);
	const areas = [...(request.areas ?? []), ...caught.areas];
	const states = inOrder(manifest, services);
	const archive = `${manifest.machine}-${run}`;
	const nested = nestedFolders(manifest);
	// What reads the live folders needs the units down for as long as it reads.
	const readsLive = targets.some((target) => target.readsLive);
	const starts = startsAround(states, readsLive ? undefined : caught);
	const except = new Map(states.map(([name, state]) => [name, exceptOf(state, nested, areas)]));
	// A stream can be read only once: with several destinations a dump goes through a file.
	const streamed = targets.length === 1 && targets.every(({ streams }) => streams);
	// All hooks, then all dumps at once, and only then the stops: units are down only while archives are written.
	const before: Step[] = [
		...states.flatMap(([name, { hooks }]) => hookStep(name, stateScope(name), "preBackup", hooks.preBackup)),
		...states.flatMap(([name, { dumps }]) => dumpSteps(name, dumps, spool, streamed)),
		...states.map(
			([name, state]): Step =>
				foldersPresent.step({
					id: foldersPresent.id(name),
					scope: stateScope(name),
					title: `check the folders of ${name}`,
					touches: [],
					state: name,
					folders: state.folders,
					exclude: state.exclude,
					except: except.get(name) ?? [],
					...(accept ? { accept } : {}),
				}),
		),
		...states.flatMap(([name, { stopOnBackup }]) => stopSteps(name, stateScope(name), stopOnBackup, "stays")),
	];
	const write = targets.map(({ provider, destination }): ArchiveCreateStep => {
		const scope = destinationScope(provider, destination);
		return archiveCreate.step({
			id: archiveCreate.id(provider, destination),
			scope,
			title: `write ${archive} to ${destination} (${provider})`,
			label: `write to ${destination} (${provider})`,
			touches: [`${provider}/${destination}`],
			sideBySide: true,
			provider,
			destination,
			archive,
			...(accept ? { accept } : {}),
			states: Object.fromEntries(
				states.map(([name, state]) => [
					name,
					{
						scope: stateScope(name),
						folders: state.folders,
						exclude: state.exclude,
						except: except.get(name) ?? [],
						seenBy: foldersPresent.id(name),
						...caught.of(name, state),
						...(state.stopOnBackup.length > 0 ? { down: unitsStop.id(name) } : {}),
						dumps: state.dumps.map((_, index) => ({ step: dump.id(name, index), streamed })),
					},
				]),
			),
		});
	});
	const post = states.flatMap(([name, state]) => conclude(name, state));
	return {
		version: 1,
		run,
		operation: "create",
		manifest,
		steps: [
			...before,
			...caught.take,
			...starts.early,
			...write,
			...startsMeanwhile(request, states, write, starts.later),
			...caught.drop,
			...post,
			...states.flatMap(([name, state]) => forgetDumps(name, state, spool)),
		],
		goals: write.map(({ scope }) => scope),
	};
}

/**
 * Where all engines tell what they have read, the units of the states that are read first start while the rest is read: all of them when
 * all of these states are read, since one may pull up another. Only where none of these states has dumps.
 */
function startsMeanwhile(
	{ targets }: BackupRequest,
	states: readonly (readonly [name: string, state: State])[],
	write: readonly ArchiveCreateStep[],
	starts: readonly Step[],
): readonly Step[] {
	const first = states.filter(([name]) => starts.some(({ scope }) => scope === stateScope(name)));
	const isRest = states.some(
		([name, { folders }]) => folders.length > 0 && !first.some(([one]) => one === name),
	);
	// Dumps are read after the folders, and those of a state whose unit does not start are removed.
	const isDumped = first.some(([, { dumps }]) => dumps.length > 0);
	if (first.length === 0 || isDumped || !isRest || !targets.every(({ tellsPassed }) => tellsPassed))
		return starts;
	const among = { sideBySide: true, lane: STARTS_LANE };
	return [
		statesRead.step({
			...{ id: statesRead.id(), scope: "reading", ...among, touches: [] },
			title: `wait until ${first.map(([name]) => name).join(", ")} ${first.length === 1 ? "has" : "have"} been read`,
			by: write.map(({ id }) => id),
			stops: first.map(([name]) => unitsStop.id(name)),
		}),
		...starts.map((step) => ({ ...step, ...among })),
	];
}

/** What is left out of a state besides its own patterns: dumped databases, other states' folders, and private folders. */
function exceptOf(
	state: State,
	nested: ReadonlyMap<string, readonly string[]>,
	areas: readonly string[],
): readonly string[] {
	return [
		...state.dumps.flatMap(liveFiles),
		...state.folders.flatMap((folder) => nested.get(folder) ?? []),
		...privateIn(state, areas),
	];
}

/** By a state's folder: folders of other states within it, which belong only to those. */
function nestedFolders({ state }: Manifest): ReadonlyMap<string, readonly string[]> {
	const owners = new Map(
		Object.entries(state).flatMap(([name, { folders }]) => folders.map((folder) => [folder, name] as const)),
	);
	const within = new Map<string, string[]>();
	for (const [folder, owner] of owners)
		for (const outer of above(folder)) {
			const other = owners.get(outer);
			if (other === undefined || other === owner) continue;
			const known = within.get(outer);
			if (known) known.push(folder);
			else within.set(outer, [folder]);
		}
	return within;
}

/** A state whose preBackup began gets its postBackup, whatever failed; one without a preBackup gets it on success. */
function conclude(name: string, state: State): Step[] {
	const steps = hookStep(name, stateScope(name), "postBackup", state.hooks.postBackup);
	return state.hooks.preBackup
		? steps.map((step) => ({ ...step, whenBegan: hookKind.id("preBackup", name) }))
		: steps;
}

export function hookStep(
	state: string,
	scope: string,
	hook: HookName,
	spec: Hook | undefined,
	archive?: HookStep["archive"],
): HookStep[] {
	if (!spec) return [];
	return [
		hookKind.step({
			id: hookKind.id(hook, state),
			scope,
			title: `run ${hook} of ${state}`,
			touches: [],
			state,
			hook,
			spec,
			...(archive ? { archive } : {}),
		}),
	];
}
