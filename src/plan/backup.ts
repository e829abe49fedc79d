// The plan of `create`: hooks and stops state by state, one archive a destination, then starts and hooks.

import { liveFiles } from "../databases/dump.ts";
import type { Hook, HookName, Manifest, State } from "../manifest/schema.ts";
import { type ArchiveCreateStep, archiveCreate } from "../steps/archive-create.ts";
import { dump } from "../steps/dump.ts";
import { foldersPresent } from "../steps/folders-present.ts";
import { type HookStep, hook as hookKind } from "../steps/hook.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { destinationScope, stateScope } from "../steps/scope.ts";
import { above } from "../values/paths.ts";
import { dumpSteps, forgetDumps } from "./dumps.ts";
import { inOrder } from "./order.ts";
import { privateIn } from "./private-folders.ts";
import { startSteps, stopSteps } from "./units.ts";

export interface BackupRequest {
	readonly manifest: Manifest;
	readonly run: string;
	/** Names of states; all when empty. */
	readonly services: readonly string[];
	/** A private folder for dumps. */
	readonly spool: string;
	/** Folders that are no mount points any more, and states that have shrunk, are as they should be. */
	readonly accept?: boolean;
	/** Private folders of earlier runs, which are no part of any state. */
	readonly areas?: readonly string[];
	/** Where to write: provider and destination names, and whether the engine takes streams. */
	readonly targets: readonly {
		readonly provider: string;
		readonly destination: string;
		readonly streams: boolean;
	}[];
}

export function planBackup(request: BackupRequest): Plan {
	const { manifest, run, services, targets, spool, accept, areas = [] } = request;
	const states = inOrder(manifest, services);
	const archive = `${manifest.machine}-${run}`;
	const nested = nestedFolders(manifest);
	const except = new Map(states.map(([name, state]) => [name, exceptOf(state, nested, areas)]));
	// A stream can be read once: for several destinations a dump goes through a file.
	const streamed = targets.length === 1 && targets.every(({ streams }) => streams);
	// All hooks, then all dumps at once, and only then stops: what is stopped is down for the writing alone.
	const before: Step[] = [
		...states.flatMap(([name, { hooks }]) => hookStep(name, stateScope(name), "preBackup", hooks.preBackup)),
		...states.flatMap(([name, { dumps }]) => dumpSteps(name, dumps, spool, streamed)),
		...states.map(
			([name, state]): Step =>
				foldersPresent.step({
					id: foldersPresent.id(name),
					scope: stateScope(name),
					title: `look for the folders of ${name}`,
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
						dumps: state.dumps.map((_, index) => ({ step: dump.id(name, index), streamed })),
					},
				]),
			),
		});
	});
	const after = [...states]
		.reverse()
		.flatMap(([name, state]) =>
			startSteps(name, stateScope(name), state.stopOnBackup, "a backup leaves units as they were"),
		);
	const post = states.flatMap(([name, state]) => conclude(name, state));
	return {
		version: 1,
		run,
		operation: "create",
		manifest,
		steps: [
			...before,
			...write,
			...after,
			...post,
			...states.flatMap(([name, state]) => forgetDumps(name, state, spool)),
		],
		goals: write.map(({ scope }) => scope),
	};
}

/** What is left out of a state beside what it says itself: databases that are dumped, what is another's, and what is ours. */
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

/** By a state's folder: folders of other states within it, which are theirs alone. */
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

/** A state whose preBackup began gets its postBackup, whatever failed; one without a preBackup, when all went well. */
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
