// The plan of `restore`: a transaction for each state. Stage while services run; stop, swap, start; check; commit; tidy.
// With several states, each phase is done for all before the next begins, so that a shared unit is stopped once.
import { join } from "node:path";
import { liveFiles } from "../databases/dump.ts";
import type { Metadata } from "../engines/archive.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import { commit as commitKind } from "../steps/commit.ts";
import { discard } from "../steps/discard.ts";
import type { ArchiveSource, Place } from "../steps/fields.ts";
import { keep as keepKind } from "../steps/keep.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { type PreflightStep, preflight as preflightKind } from "../steps/preflight.ts";
import { stateScope } from "../steps/scope.ts";
import { HoldfastError } from "../values/error.ts";
import { isWithin } from "../values/paths.ts";
import { hookStep } from "./backup.ts";
import { databaseSteps, type HeldDatabase } from "./databases.ts";
import { inOrder } from "./order.ts";
import {
	holdersSteps,
	keepNestedSteps,
	type Nested,
	nestedFolders,
	othersOf,
	placeOf,
	replaceSteps,
	stageSteps,
	type Target,
} from "./places.ts";
import { areasMovedAlong } from "./private-folders.ts";
import { downSteps, healthCheckSteps, NO_START, startSteps, stopSteps, unique } from "./units.ts";

export interface RestoreRequest {
	readonly manifest: Manifest;
	readonly run: string;
	readonly services: readonly string[];
	readonly source: ArchiveSource;
	/** The value of NAME for Clan's hooks. */
	readonly archiveId: string;
	/** Whether the engine can write below another folder. */
	readonly restoresInto: boolean;
	/** What is to be replaced, by state. */
	readonly targets: Readonly<Record<string, readonly Target[]>>;
	/** The databases that the archive holds, by state; empty if only part of a state is restored. */
	readonly databases: Readonly<Record<string, readonly HeldDatabase[]>>;
	/** Databases that the archive holds and the config does not declare, as text. */
	readonly undeclared: Readonly<Record<string, readonly string[]>>;
	/** A private folder for dumps that are loaded. */
	readonly spool: string;
	/** Only parts of states are restored: hooks, which are for entire states, are not run. */
	readonly partial: boolean;
	/** Over the live folders, without a second copy; cannot be undone. */
	readonly inPlace: boolean;
	/** Grant the databases all the rights that the archive asks for, even if this machine did not write it. */
	readonly trustArchive: boolean;
	/** A failed health check does not undo the restore. */
	readonly keepFailed: boolean;
	/** Restore device nodes and setuid files even for states that do not declare them. */
	readonly specialFiles?: boolean;
	/** Units that were down stay down. */
	readonly noStart?: boolean;
	/** The archive's metadata, if any. */
	readonly about?: Pick<Metadata, "states" | "without"> | undefined;
	/** Private folders of earlier runs, which stay. */
	readonly areas: readonly string[];
	/** Keep the old copies for this many seconds. */
	readonly keepOldSeconds: number | undefined;
}

/** One state's part of the plan, phase by phase. */
interface Transaction {
	readonly preflight: PreflightStep;
	readonly stage: readonly Step[];
	readonly stop: readonly Step[];
	readonly swap: readonly Step[];
	readonly start: readonly Step[];
	readonly checks: readonly Step[];
	readonly commit: Step;
	readonly tidy: readonly Step[];
}

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

/** A folder that is left alone must not prevent a database from being restored. */
function requireNotIn(nested: readonly Nested[], state: string, databases: readonly HeldDatabase[]): void {
	const files = databases.flatMap(({ dump }) => liveFiles(dump));
	for (const { folder, owner, isGone } of nested) {
		const file = files.find((one) => isWithin(one, folder) || isWithin(folder, one));
		if (!isGone || file === undefined) continue;
		throw new HoldfastError(
			"archive-mismatch",
			`according to the archive, ${folder} belongs to state "${owner}", but it contains ${file}, a database of state "${state}"`,
			{
				subject: folder,
				hint: "nothing was changed. Choose another archive, or restore to a separate folder: holdfast restore --into FOLDER",
			},
		);
	}
}

/** `made`: the private folders that this run creates, for all of its states. */
function transaction(
	request: RestoreRequest,
	name: string,
	state: State,
	places: readonly Place[],
	made: readonly string[],
): Transaction {
	const { manifest, run, source, archiveId, restoresInto, partial, inPlace, keepOldSeconds } = request;
	const scope = stateScope(name);
	const areas = [...new Set(places.map(({ area }) => area))];
	const otherAreas = [...new Set([...request.areas, ...made])].filter((area) => !areas.includes(area));
	const nested = nestedFolders(othersOf(manifest, name, request.about), places);
	requireNotIn(nested, name, request.databases[name] ?? []);
	const carried = keepNestedSteps(name, places, nested, otherAreas);
	const units = unique([
		...state.stopOnRestore,
		// A folder that only the archive attributes to another state blocks nothing.
		...nested.flatMap(({ owner, isGone }) => (isGone ? [] : (manifest.state[owner]?.stopOnRestore ?? []))),
	]);
	const clan = { name: archiveId, folders: places.map(({ folder }) => folder) };
	const hooks = partial ? {} : state.hooks;
	const specialFiles = request.specialFiles === true || state.specialFiles === true;
	const databases = databaseSteps({
		...{ state: name, run, source, places, inPlace },
		held: request.databases[name] ?? [],
		spool: request.spool,
		agreed: request.trustArchive,
	});

	return {
		preflight: preflightKind.step({
			id: preflightKind.id(name),
			scope,
			title: `check what the restore of ${name} needs`,
			touches: [],
			...source,
			archiveId,
			places,
			units,
			dumps: (request.databases[name] ?? []).map(({ dump, facts, stored }) => ({ dump, facts, stored })),
			undeclared: request.undeclared[name] ?? [],
			spool: request.spool,
			areas: areasMovedAlong(places, otherAreas).map(({ area }) => area),
			mounts: request.about?.states[name]?.mounts ?? {},
			carried: carried.map(({ nested, place }) => join(place.live, nested)),
			others: nested.flatMap(({ owner, folder, isGone }) =>
				isGone
					? [{ owner, folder, isStored: request.about?.states[owner]?.folders.includes(folder) === true }]
					: [],
			),
			twoCopies: !inPlace,
			...(hooks.preRestore === undefined ? {} : { hooked: true }),
		}),
		stage: [
			...databases.stage,
			...(inPlace
				? []
				: [...stageSteps(name, places, source, restoresInto, specialFiles), ...databases.files]),
		],
		stop: stopSteps(name, scope, units, "moves"),
		swap: [
			...hookStep(name, scope, "preRestore", hooks.preRestore, clan).map((step) => ({
				...step,
				downtime: "begins" as const,
			})),
			// Only now: the hook may stop what no unit is named for.
			...holdersSteps(name, places),
			...downSteps(name, scope, units, "before"),
			...replaceSteps(
				name,
				places,
				source,
				inPlace ? "over" : restoresInto ? "staged" : "by-engine",
				specialFiles,
			),
			...(inPlace ? databases.files : []),
			// Without a second copy there is nothing to carry over from: the preflight refuses to lose anything.
			...(inPlace ? [] : carried),
			...databases.swap,
			...downSteps(name, scope, units, "after"),
			...hookStep(name, scope, "postRestore", hooks.postRestore, clan).map((step) => ({
				...step,
				downtime: "ends" as const,
			})),
		],
		start: startSteps(name, scope, units, request.noStart ? NO_START : undefined),
		checks: healthCheckSteps(name, scope, state, units),
		commit: commitKind.step({ id: commitKind.id(name), scope, title: `commit ${name}`, touches: [] }),
		tidy: inPlace
			? [...databases.drop, ...databases.forget]
			: [
					...(keepOldSeconds === undefined ? databases.drop : []),
					...databases.forget,
					keepOldSeconds === undefined
						? discard.step({
								id: discard.id("discard", name),
								scope,
								title: `delete the old copy of ${name}`,
								touches: areas,
								areas,
							})
						: keepKind.step({
								id: keepKind.id(name),
								scope,
								title: `keep the old copy of ${name}`,
								touches: areas,
								state: name,
								places,
								databases: databases.kept,
								seconds: keepOldSeconds,
							}),
				],
	};
}
