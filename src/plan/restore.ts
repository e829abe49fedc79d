// The plan of `restore`: a transaction for each state. Stage while they run; stop, swap, start; check; commit; tidy.
// Of several states each phase is done for all before the next begins, so that a unit they share is stopped once.
import { basename, dirname, join } from "node:path";
import type { DumpFacts } from "../databases/database.ts";
import type { Survey } from "../host/survey.ts";
import { unitLabel } from "../host/systemd.ts";
import { checkLabel } from "../manifest/checks.ts";
import { type Dump, dumpLabel } from "../manifest/dumps.ts";
import type { Manifest, State, Unit } from "../manifest/schema.ts";
import type { ArchiveSource, Place, Plan, PreflightStep, Step } from "../run/step.ts";
import { NEW, OLD } from "../run/steps/area.ts";
import { hookStep, unitWords } from "./backup.ts";
import { inOrder } from "./order.ts";

export interface RestoreRequest {
	readonly manifest: Manifest;
	readonly run: string;
	readonly services: readonly string[];
	readonly source: ArchiveSource;
	/** What Clan's hooks get as NAME. */
	readonly archiveId: string;
	/** Whether the engine can write below another folder. */
	readonly restoresInto: boolean;
	/** What is to be replaced, by state. */
	readonly targets: Readonly<Record<string, readonly Target[]>>;
	/** The databases that the archive holds, by state; none of a part. */
	readonly databases: Readonly<Record<string, readonly HeldDatabase[]>>;
	/** A private folder for dumps that are loaded. */
	readonly spool: string;
	/** Only parts of states: hooks, which are for the whole of one, are not run. */
	readonly partial: boolean;
	/** Over the live folders, without a second copy and without a way back. */
	readonly inPlace: boolean;
	/** A failed check does not undo the restore. */
	readonly keepFailed: boolean;
	/** Keep the old copies for so many seconds. */
	readonly keepOldSeconds: number | undefined;
}

/** A folder (or a path in one) that a restore replaces. */
export interface Target {
	readonly folder: string;
	readonly stored: string;
	readonly survey: Survey;
}

/** A database's dump in an archive. */
export interface HeldDatabase {
	readonly dump: Dump;
	readonly stored: string;
	readonly facts: DumpFacts;
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
	const all = states.map(([name, state]) => transaction(request, name, state));
	const phase = (pick: (one: Transaction) => readonly Step[]) => all.flatMap(pick);
	const checks = phase((one) => one.checks);
	const commits = all.map((one) => one.commit);
	return {
		version: 1,
		run,
		operation: "restore",
		manifest,
		steps: [
			...all.map((one) => one.preflight),
			...phase((one) => one.stage),
			...phase((one) => one.stop),
			// Without a second copy there is no way back from here on.
			...(inPlace ? commits : []),
			...phase((one) => one.swap),
			...phase((one) => one.start),
			...(inPlace ? checks : []),
			// What a failed check would skip must have been done before it.
			...(inPlace
				? []
				: keepFailed
					? [...commits, ...phase((one) => one.tidy), ...checks]
					: [...checks, ...commits, ...phase((one) => one.tidy)]),
		],
		goals: states.map(([name]) => `state:${name}`),
	};
}

function transaction(request: RestoreRequest, name: string, state: State): Transaction {
	const { manifest, run, source, archiveId, restoresInto, partial, inPlace, keepOldSeconds } = request;
	const scope = `state:${name}`;
	const places = (request.targets[name] ?? []).map((target, index) => placeOf(run, name, target, index));
	const areas = [...new Set(places.map(({ area }) => area))];
	const nested = nestedFolders(manifest, name, places);
	const units = unique([
		...state.stopOnRestore,
		...nested.flatMap(({ owner }) => manifest.state[owner]?.stopOnRestore ?? []),
	]);
	const clan = { name: archiveId, folders: places.map(({ folder }) => folder) };
	const hooks = partial ? {} : state.hooks;
	const words = places.map(({ folder }) => folder).join(", ");
	const databases = databaseSteps(request, name);

	return {
		preflight: {
			kind: "preflight",
			id: `preflight:${name}`,
			scope,
			title: `look at what the restore of ${name} needs`,
			touches: [],
			...source,
			archiveId,
			places,
			units,
			dumps: (request.databases[name] ?? []).map(({ dump, facts }) => ({ dump, facts })),
			twoCopies: !inPlace,
		},
		stage: [
			...databases.stage,
			...(inPlace
				? []
				: areas.flatMap((area, index): Step[] => {
						const own = places.filter((place) => place.area === area);
						const areaStep: Step = {
							kind: "area",
							id: `area:${name}:${index}`,
							scope,
							title: `make the private folder ${area}`,
							touches: [area],
							area,
						};
						if (!restoresInto) return [areaStep];
						return [
							areaStep,
							{
								kind: "stage",
								id: `stage:${name}:${index}`,
								scope,
								title: `extract ${own.map(({ stored }) => stored).join(", ")} beside the live data`,
								touches: [area],
								...source,
								area,
								places: own,
							},
						];
					})),
		],
		stop: [
			...stopSteps(name, scope, units),
			{
				kind: "holders",
				id: `holders:${name}`,
				scope,
				title: `look who still uses ${words}`,
				touches: [],
				places,
			},
		],
		swap: [
			...hookStep(name, scope, "preRestore", hooks.preRestore, clan).map((step) => ({
				...step,
				downtime: "begins" as const,
			})),
			...replaceSteps(request, name, places),
			...carrySteps(manifest, name, places),
			...databases.swap,
			...hookStep(name, scope, "postRestore", hooks.postRestore, clan).map((step) => ({
				...step,
				downtime: "ends" as const,
			})),
		],
		start: startSteps(name, scope, units),
		checks: checkSteps(name, scope, state, units),
		commit: { kind: "commit", id: `commit:${name}`, scope, title: `commit ${name}`, touches: [] },
		tidy: inPlace
			? databases.tidy
			: [
					...(keepOldSeconds === undefined ? databases.tidy : databases.forget),
					keepOldSeconds === undefined
						? {
								kind: "discard",
								id: `discard:${name}`,
								scope,
								title: `delete the old copy of ${name}`,
								touches: areas,
								areas,
							}
						: {
								kind: "keep",
								id: `keep:${name}`,
								scope,
								title: `keep the old copy of ${name}`,
								touches: areas,
								state: name,
								places,
								databases: databases.kept,
								seconds: keepOldSeconds,
							},
				],
	};
}

/** The databases of a state: loaded beside the live ones, swapped with the folders. */
function databaseSteps({ run, source, databases, spool }: RestoreRequest, name: string) {
	const scope = `state:${name}`;
	const held = databases[name] ?? [];
	const area = join(spool, `restore-${run}-${name}`);
	const each = held.map((one, index) => ({
		...one,
		index,
		staged: join(area, NEW, one.stored),
		fresh: databaseName(run, name, index, "new"),
		old: databaseName(run, name, index, "old"),
	}));
	const forget: Step[] =
		held.length === 0
			? []
			: [
					{
						kind: "discard",
						id: `forget:${name}`,
						scope,
						title: `delete the dumps of ${name}`,
						touches: [],
						areas: [area],
					},
				];
	const extract: Step[] =
		held.length === 0
			? []
			: [
					{
						kind: "area",
						id: `area:${name}:dumps`,
						scope,
						title: `make the private folder ${area}`,
						touches: [area],
						area,
					},
					{
						kind: "stage",
						id: `stage:${name}:dumps`,
						scope,
						title: `extract the dumps of ${name}`,
						touches: [area],
						...source,
						area,
						places: each.map(({ stored, staged }) => ({ stored, staged })),
					},
				];
	return {
		stage: [
			...extract,
			...each.map(
				({ index, dump, staged, facts, fresh }): Step => ({
					kind: "load",
					id: `load:${name}:${index}`,
					scope,
					title: `load the ${dumpLabel(dump)} as ${fresh}, beside the live one`,
					touches: [fresh],
					dump,
					file: staged,
					facts,
					as: fresh,
				}),
			),
		],
		swap: each.map(
			({ index, dump, fresh, old }): Step => ({
				kind: "database-swap",
				id: `swap:${name}:${index}`,
				scope,
				title: `swap the ${dumpLabel(dump)}`,
				touches: [dump.postgresql],
				dump,
				fresh,
				old,
			}),
		),
		kept: each.map(({ dump, old }) => ({ dump, old })),
		forget,
		tidy: [
			...each.map(
				({ index, dump, old }): Step => ({
					kind: "database-drop",
					id: `drop:${name}:${index}`,
					scope,
					title: `drop the old ${dumpLabel(dump)}`,
					touches: [old],
					dump,
					name: old,
				}),
			),
			...forget,
		],
	};
}

/** At most 63 bytes, whatever the state is called. */
export function databaseName(run: string, state: string, index: number, which: "new" | "old"): string {
	return `holdfast_${run.replace(/[^a-zA-Z0-9]/g, "")}_${state.slice(0, 20)}_${index}_${which}`.toLowerCase();
}

function placeOf(run: string, state: string, { folder, stored, survey }: Target, index: number): Place {
	const { target: live, mode } = survey;
	const area = join(mode === "entries" ? live : dirname(live), `.holdfast-${run}-${state}`);
	return {
		folder,
		stored,
		live,
		mode,
		area,
		staged: join(area, NEW, stored),
		old: join(area, OLD, `${index}-${basename(live)}`),
	};
}

function replaceSteps(
	{ source, restoresInto, inPlace }: RestoreRequest,
	name: string,
	places: readonly Place[],
): Step[] {
	const scope = `state:${name}`;
	const live = places.map((place) => place.live);
	if (inPlace)
		return [
			{
				kind: "overwrite",
				id: `overwrite:${name}`,
				scope,
				title: `delete ${live.join(", ")} and extract it from the archive`,
				touches: live,
				...source,
				places,
			},
		];
	const aside = places.map(
		(place, index): Step => ({
			kind: "aside",
			id: `aside:${name}:${index}`,
			scope,
			title: `put ${place.live} aside`,
			touches: [place.live],
			place,
		}),
	);
	if (!restoresInto)
		return [
			...aside,
			{
				kind: "engine-restore",
				id: `restore:${name}`,
				scope,
				title: `have ${source.provider} restore ${live.join(", ")}`,
				touches: live,
				...source,
				places,
			},
		];
	return [
		...aside,
		...places.map(
			(place, index): Step => ({
				kind: "place",
				id: `place:${name}:${index}`,
				scope,
				title: `put the restored ${place.live} in its place`,
				touches: [place.live],
				place,
			}),
		),
	];
}

export function stopSteps(name: string, scope: string, units: readonly Unit[]): Step[] {
	if (units.length === 0) return [];
	return [
		{
			kind: "units-stop",
			id: `stop:${name}`,
			scope,
			title: `stop ${unitWords(units)}`,
			touches: units.map(unitLabel),
			units,
			downForUndo: true,
			downtime: "begins",
		},
	];
}

export function startSteps(name: string, scope: string, units: readonly Unit[]): Step[] {
	if (units.length === 0) return [];
	return [
		{
			kind: "units-start",
			id: `start:${name}`,
			scope,
			title: `start ${unitWords(units)}`,
			touches: units.map(unitLabel),
			units,
			stopped: `stop:${name}`,
			downtime: "ends",
		},
	];
}

export function checkSteps(
	name: string,
	scope: string,
	state: State | undefined,
	units: readonly Unit[],
): Step[] {
	const settle: Step[] =
		units.length === 0 || !state || state.settle === 0
			? []
			: [
					{
						kind: "settle",
						id: `settle:${name}`,
						scope,
						title: `see that ${unitWords(units)} stays up for ${state.settle} s`,
						touches: [],
						stopped: `stop:${name}`,
						seconds: state.settle,
					},
				];
	const checks = (state?.checks ?? []).map(
		(check, index): Step => ({
			kind: "check",
			id: `check:${name}:${index}`,
			scope,
			title: `check ${name}: ${checkLabel(check)}`,
			touches: [],
			state: name,
			check,
		}),
	);
	return [...settle, ...checks];
}

/** After the swap: what lies within a place and is another state's comes over from the old copy. */
export function carrySteps(manifest: Manifest, name: string, places: readonly Place[]): Step[] {
	return nestedFolders(manifest, name, places).map(
		({ place, folder, owner }, index): Step => ({
			kind: "carry",
			id: `carry:${name}:${index}`,
			scope: `state:${name}`,
			title: `keep ${folder}, which is ${owner}'s, as it is`,
			touches: [folder],
			place,
			nested: folder.slice(place.folder.length + 1),
		}),
	);
}

/** Folders of other states that lie within a place, each with the innermost place that holds it. */
function nestedFolders(manifest: Manifest, name: string, places: readonly Place[]) {
	return Object.entries(manifest.state)
		.filter(([owner]) => owner !== name)
		.flatMap(([owner, { folders }]) =>
			folders.flatMap((folder) => {
				const place = places.find((one) => folder.startsWith(`${one.folder}/`));
				return place ? [{ owner, folder, place }] : [];
			}),
		);
}

function unique(units: readonly Unit[]): Unit[] {
	return units.filter(
		(unit, index) =>
			units.findIndex((other) => other.unit === unit.unit && other.user === unit.user) === index,
	);
}
