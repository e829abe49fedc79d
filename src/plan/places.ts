// The folders of a restore: their live paths, where their new and old copies are, and the steps that swap them.
import { basename, join } from "node:path";
import { PRIVATE } from "../host/private-area.ts";
import type { Survey } from "../host/survey.ts";
import { resolveUnlinked } from "../host/trust.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type AreaStep, area as areaKind, NEW, OLD } from "../steps/area.ts";
import { aside as asideKind } from "../steps/aside.ts";
import { engineRestore } from "../steps/engine-restore.ts";
import type { ArchiveSource, Place } from "../steps/fields.ts";
import { holders } from "../steps/holders.ts";
import { type KeepNestedStep, keepNested } from "../steps/keep-nested.ts";
import { overwrite } from "../steps/overwrite.ts";
import { place as placeKind } from "../steps/place.ts";
import type { Step } from "../steps/plan.ts";
import { stateScope } from "../steps/scope.ts";
import { stage as stageKind, type Unlinked } from "../steps/stage.ts";
import { above } from "../values/paths.ts";
import { areasMovedAlong } from "./private-folders.ts";

/** A folder (or a path in one) that a restore replaces. */
export interface Target {
	readonly folder: string;
	readonly stored: string;
	readonly survey: Survey;
}

export function placeOf(
	run: string,
	state: string,
	{ folder, stored, survey }: Target,
	index: number,
): Place {
	const { target: live, mode } = survey;
	const area = join(survey.privateIn, `${PRIVATE}${run}-${state}`);
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

/** What of an archive is extracted, and how. */
export interface Extraction {
	readonly source: ArchiveSource;
	readonly specialFiles: boolean;
	readonly unlinked: readonly Unlinked[];
}

/** Create private folders next to the places, and extract the archive's data into them. */
export function stageSteps(
	name: string,
	places: readonly Place[],
	{ source, ...how }: Extraction,
	restoresInto: boolean,
): Step[] {
	const scope = stateScope(name);
	return areaSteps(name, places).flatMap((areaStep, index): Step[] => {
		const own = places.filter((place) => place.area === areaStep.area);
		if (!restoresInto) return [areaStep];
		return [
			areaStep,
			stageKind.step({
				id: stageKind.id(name, index),
				scope,
				title: `extract ${own.map(({ stored }) => stored).join(", ")} next to the live data`,
				touches: [areaStep.area],
				...source,
				area: areaStep.area,
				places: own,
				...how,
			}),
		];
	});
}

export function areaSteps(name: string, places: readonly Place[]): AreaStep[] {
	return [...new Set(places.map(({ area }) => area))].map((area, index) =>
		areaKind.step({
			id: areaKind.id(name, index),
			scope: stateScope(name),
			title: `create the private folder ${area}`,
			touches: [area],
			area,
		}),
	);
}

export function holdersSteps(name: string, places: readonly Place[]): Step[] {
	if (places.length === 0) return [];
	return [
		holders.step({
			id: holders.id(name),
			scope: stateScope(name),
			title: `look for processes that use ${places.map(({ live }) => live).join(", ")}`,
			touches: [],
			places,
		}),
	];
}

/** `staged`: the extracted copy is renamed into place. `by-engine`: the engine writes there. `over`: it does, and no old copy was kept. */
export function replaceSteps(
	name: string,
	places: readonly Place[],
	{ source, ...what }: Extraction,
	how: "staged" | "by-engine" | "over",
): Step[] {
	const scope = stateScope(name);
	const live = places.map((place) => place.live);
	if (how === "over")
		return [
			overwrite.step({
				id: overwrite.id(name),
				scope,
				title: `delete ${live.join(", ")} and extract it from the archive`,
				touches: live,
				...source,
				places,
				...what,
			}),
		];
	const aside = places.map(
		(place, index): Step =>
			asideKind.step({
				id: asideKind.id(name, index),
				scope,
				title: `put ${place.live} aside`,
				touches: [place.live],
				place,
			}),
	);
	if (how === "by-engine")
		return [
			...aside,
			engineRestore.step({
				id: engineRestore.id(name),
				scope,
				title: `have ${source.provider} restore ${live.join(", ")}`,
				touches: live,
				...source,
				places,
			}),
		];
	return [
		...aside,
		...places.map(
			(place, index): Step =>
				placeKind.step({
					id: placeKind.id(name, index),
					scope,
					title: `put the restored ${place.live} in its place`,
					touches: [place.live],
					place,
				}),
		),
	];
}

/** A folder that does not belong to the state that is restored. */
export interface Other {
	readonly owner: string;
	readonly folder: string;
	/** The config has no such folder: it belonged to a state when the archive was made. */
	readonly isGone?: boolean;
}

/** An earlier declaration, from an archive or from a run that kept old copies. */
interface DeclaredThen {
	readonly states: Readonly<Record<string, { readonly folders: readonly string[] }>>;
	readonly without?: Readonly<Record<string, readonly string[]>>;
}

/** According to the config and to an archive: what belonged to another state then is not in the archive's copy of this one. */
export function othersOf(manifest: Manifest, name: string, then?: DeclaredThen): Other[] {
	const listed = (states: DeclaredThen["states"]) =>
		Object.entries(states).flatMap(([owner, { folders }]) => folders.map((folder) => ({ owner, folder })));
	const without = Object.entries(then?.without ?? {}).flatMap(([owner, folders]) =>
		folders.map((folder) => ({ owner, folder })),
	);
	const declared = listed(manifest.state);
	const known = new Set(declared.map(({ folder }) => folder));
	const gone = [...listed(then?.states ?? {}), ...without].filter(({ folder }) => !known.has(folder));
	return [...declared, ...gone.map((one) => ({ ...one, isGone: true }))].filter(
		({ owner }) => owner !== name,
	);
}

/** Such a folder within a place. */
export interface Nested extends Other {
	readonly place: Place;
	/** Relative to the place. */
	readonly nested: string;
	readonly present: boolean;
}

/** The folders that lie within a place. Of those that only the archive mentions, those that exist. */
export function nestedFolders(others: readonly Other[], places: readonly Place[]): Nested[] {
	return others.flatMap((other) => {
		const place = places.find((one) => other.folder.startsWith(`${one.folder}/`));
		if (place === undefined) return [];
		const nested = other.folder.slice(place.folder.length + 1);
		const present = isPresent(join(place.live, nested));
		return other.isGone && !present ? [] : [{ ...other, place, nested, present }];
	});
}

/** After the swap: other states' folders and private folders within a place are moved from the old copy to the new one. */
export function keepNestedSteps(
	name: string,
	places: readonly Place[],
	nested: readonly Nested[],
	areas: readonly string[],
): KeepNestedStep[] {
	const others = nested.map(({ place, folder, owner, isGone, nested, present }) => ({
		...{ place, nested, present, path: folder },
		what: isGone ? `belonged to ${owner} when the archive was created` : `belongs to ${owner}`,
	}));
	const own = areasMovedAlong(places, areas).map(({ area, ...where }) => ({
		...{ path: area, what: "is a private folder of Holdfast", ...where },
		// It may expire before this is done.
		present: false,
	}));
	return outermostOf([...others, ...own]).map(
		({ place, nested, path, what, present }, index): KeepNestedStep =>
			keepNested.step({
				id: keepNested.id(name, index),
				scope: stateScope(name),
				title: `keep ${path}, which ${what}, as it is`,
				touches: [path],
				...{ place, nested, present },
			}),
	);
}

/** What lies within one of them is moved along with it. */
function outermostOf<T extends { readonly path: string }>(some: readonly T[]): T[] {
	const known = new Set(some.map(({ path }) => path));
	return some.filter(({ path }) => ![...above(path)].some((folder) => known.has(folder)));
}

/** What is behind a link stays where it is anyway. */
function isPresent(path: string): boolean {
	try {
		return resolveUnlinked(path).found !== undefined;
	} catch {
		return false;
	}
}
