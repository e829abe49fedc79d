// One state's part of the plan of `restore`: its steps, phase by phase.
import { join } from "node:path";
import { liveFiles } from "../databases/dump.ts";
import type { Metadata } from "../engines/archive.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import { commit as commitKind } from "../steps/commit.ts";
import { discard } from "../steps/discard.ts";
import type { ArchiveSource, Place } from "../steps/fields.ts";
import { keep as keepKind } from "../steps/keep.ts";
import type { Step } from "../steps/plan.ts";
import { type PreflightStep, preflight as preflightKind } from "../steps/preflight.ts";
import { stateScope } from "../steps/scope.ts";
import { HoldfastError } from "../values/error.ts";
import { isWithin } from "../values/paths.ts";
import type { Unit } from "../values/unit.ts";
import { hookStep } from "./backup.ts";
import { type DatabasePhases, databaseSteps, type HeldDatabase } from "./databases.ts";
import {
	type Extraction,
	holdersSteps,
	keepNestedSteps,
	type Nested,
	nestedFolders,
	othersOf,
	replaceSteps,
	stageSteps,
	type Target,
} from "./places.ts";
import { areasMovedAlong } from "./private-folders.ts";
import { downSteps, healthCheckSteps, NO_START, startSteps, stopSteps, unique } from "./units.ts";
import { unlinkedPaths } from "./unlinked.ts";
import { usersOf } from "./users.ts";

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
export interface Transaction {
	readonly preflight: PreflightStep;
	readonly stage: readonly Step[];
	readonly stop: readonly Step[];
	readonly swap: readonly Step[];
	readonly start: readonly Step[];
	readonly checks: readonly Step[];
	readonly commit: Step;
	readonly tidy: readonly Step[];
}

/** `made`: the private folders that this run creates, for all of its states. */
export function transaction(
	request: RestoreRequest,
	name: string,
	state: State,
	places: readonly Place[],
	made: readonly string[],
): Transaction {
	const { manifest, run, source, archiveId, restoresInto, partial, inPlace } = request;
	const scope = stateScope(name);
	const areas = areasOf(places);
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
	const extraction: Extraction = {
		source,
		specialFiles: request.specialFiles === true || state.specialFiles === true,
		unlinked: unlinkedPaths(manifest, name, places, nested),
	};
	const databases = databaseSteps({
		...{ state: name, run, source, places, inPlace },
		held: request.databases[name] ?? [],
		spool: request.spool,
		agreed: request.trustArchive,
	});

	return {
		preflight: preflightStep(request, name, {
			places,
			units,
			nested,
			carried,
			otherAreas,
			hooks,
			healthChecks: state.healthChecks,
		}),
		stage: [
			...databases.stage,
			...(inPlace ? [] : [...stageSteps(name, places, extraction, restoresInto), ...databases.files]),
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
			...databases.aside,
			...replaceSteps(name, places, extraction, inPlace ? "over" : restoresInto ? "staged" : "by-engine"),
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
		tidy: tidySteps(request, name, places, databases),
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

const areasOf = (places: readonly Place[]) => [...new Set(places.map(({ area }) => area))];

/** What is known of a state's restore before anything is touched. */
interface Foreseen {
	readonly places: readonly Place[];
	readonly units: readonly Unit[];
	readonly nested: readonly Nested[];
	readonly carried: ReturnType<typeof keepNestedSteps>;
	/** Private folders other than its own. */
	readonly otherAreas: readonly string[];
	/** Those that will run. */
	readonly hooks: State["hooks"];
	readonly healthChecks: State["healthChecks"];
}

function preflightStep(
	request: RestoreRequest,
	name: string,
	{ places, units, nested, carried, otherAreas, hooks, healthChecks }: Foreseen,
): PreflightStep {
	return preflightKind.step({
		id: preflightKind.id(name),
		scope: stateScope(name),
		title: `check what the restore of ${name} needs`,
		touches: [],
		...request.source,
		archiveId: request.archiveId,
		places,
		units,
		dumps: (request.databases[name] ?? []).map(({ dump, facts, stored, remark }) => ({
			...{ dump, facts, stored },
			...(remark === undefined ? {} : { remark }),
		})),
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
		twoCopies: !request.inPlace,
		...(hooks.preRestore === undefined ? {} : { hooked: true }),
		users: usersOf(name, { hooks, healthChecks }),
	});
}

/** After the commit: what the restore no longer needs. */
function tidySteps(
	{ inPlace, keepOldSeconds }: RestoreRequest,
	name: string,
	places: readonly Place[],
	databases: DatabasePhases,
): Step[] {
	if (inPlace) return [...databases.drop, ...databases.forget];
	const areas = areasOf(places);
	const scope = stateScope(name);
	if (keepOldSeconds === undefined)
		return [
			...databases.drop,
			...databases.forget,
			discard.step({
				id: discard.id("discard", name),
				scope,
				title: `delete the old copy of ${name}`,
				touches: areas,
				areas,
			}),
		];
	return [
		...databases.forget,
		keepKind.step({
			id: keepKind.id(name),
			scope,
			title: `keep the old copy of ${name}`,
			touches: areas,
			state: name,
			places,
			databases: databases.kept,
			seconds: keepOldSeconds,
		}),
	];
}
