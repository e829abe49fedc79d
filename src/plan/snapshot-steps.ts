// The steps that catch states in one instant, and those that delete the snapshots.
import { unitLabel } from "../host/systemd.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import { COPY } from "../snapshots/snapshot.ts";
import type { StateToStore } from "../steps/archive-create.ts";
import type { Step } from "../steps/plan.ts";
import { stateScope } from "../steps/scope.ts";
import { snapshot } from "../steps/snapshot.ts";
import { snapshotDrop } from "../steps/snapshot-drop.ts";
import { unitsFreeze } from "../steps/units-freeze.ts";
import { unitsThaw } from "../steps/units-thaw.ts";
import { recordOf } from "../values/record.ts";
import type { Unit } from "../values/unit.ts";
import type { FolderSnapshot, StateSnapshots } from "./snapshots.ts";
import { unique, unitWords } from "./units.ts";

/** Snapshots fail and are undone together. */
const SCOPE = "snapshots";
/** A unit that cannot be thawed is no reason to delete the snapshots. */
const STILL = "freeze";

export const wantsSnapshot = (state: State | undefined): boolean =>
	state !== undefined && state.folders.length > 0 && state.snapshot !== "never";

/** Freeze the units right before the snapshots, and thaw them right after. */
function frozenAround(units: readonly Unit[], take: readonly Step[]): readonly Step[] {
	if (units.length === 0) return take;
	const touches = units.map(unitLabel);
	return [
		unitsFreeze.step({
			...{ id: unitsFreeze.id(), scope: STILL, title: `freeze ${unitWords(units)}`, touches, units },
		}),
		...take,
		unitsThaw.step({
			...{ id: unitsThaw.id(), scope: STILL, title: `thaw ${unitWords(units)}`, touches, units },
			...{ frozen: unitsFreeze.id(), whenBegan: unitsFreeze.id() },
		}),
	];
}

export interface SnapshotSteps {
	readonly take: readonly Step[];
	readonly drop: readonly Step[];
	/** The private folders of the snapshots. */
	readonly areas: readonly string[];
	has(state: string): boolean;
	/** Whether a state that has snapshots is not read without them. */
	requires(state: string): boolean | undefined;
	/** For the step that writes a state. */
	of(state: string, declared: Pick<State, "stopOnBackup" | "freezeOnBackup">): Pick<StateToStore, "snapshot">;
}

export function snapshotSteps(
	survey: ReadonlyMap<string, StateSnapshots>,
	states: Manifest["state"],
): SnapshotSteps {
	const able = new Map(
		[...survey].flatMap(([name, one]) => ("folders" in one ? [[name, one] as const] : [])),
	);
	const all = [...able.values()].flatMap(({ folders }) => folders.map(({ volume }) => volume));
	const required = new Set(
		[...able.values()].flatMap((one) => (one.required ? one.folders : [])).map(({ volume }) => volume.name),
	);
	// Copies take time, and snapshots must be close to each other. Copies that are not required may have to give way.
	const rank = (volume: FolderSnapshot["volume"]) =>
		isCopy({ volume }) ? (required.has(volume.name) ? 1 : 2) : 0;
	const volumes = [...new Map(all.map((volume) => [volume.name, volume])).values()].sort(
		(a, b) => rank(a) - rank(b),
	);
	const namesOf = (folders: readonly FolderSnapshot[]) => [
		...new Set(folders.map(({ volume }) => volume.name)),
	];
	const pathsOf = (folders: readonly FolderSnapshot[]) =>
		recordOf(folders.map(({ path, from }) => [path, from]));
	const areas = [...new Set(volumes.map(({ area }) => area))];
	const unable = [...survey].flatMap(([name, one]) => ("why" in one ? [{ name, ...one }] : []));
	const take: Step[] =
		survey.size === 0
			? []
			: [
					snapshot.step({
						id: snapshot.id(),
						scope: SCOPE,
						title: titleOfTake(volumes, unable),
						touches: areas,
						volumes,
						states: Object.fromEntries([
							...[...able].map(
								([name, { folders, left, required, byDefault }]) =>
									[
										name,
										{
											scope: stateScope(name),
											required,
											...(byDefault ? { byDefault } : {}),
											volumes: namesOf(folders),
											folders: pathsOf(folders),
											...(left.length > 0 ? { left } : {}),
										},
									] as const,
							),
							...unable.map(
								({ name, why, hint, required }) =>
									[
										name,
										{
											...{ scope: stateScope(name), required, volumes: [], why },
											...(hint === undefined ? {} : { hint }),
										},
									] as const,
							),
						]),
					}),
				];
	const frozen = unique([...able.keys()].flatMap((name) => states[name]?.freezeOnBackup ?? []));
	return {
		take: frozenAround(frozen, take),
		drop:
			volumes.length === 0
				? []
				: [
						snapshotDrop.step({
							id: snapshotDrop.id(),
							scope: SCOPE,
							title: titleOf("delete", volumes).join("; "),
							touches: areas,
							snapshots: volumes.map(({ name, type, area, mount }) => ({ name, type, area, mount })),
							whenBegan: snapshot.id(),
						}),
					],
		areas,
		has: (name) => able.has(name),
		requires: (name) => able.get(name)?.required,
		of(name, { stopOnBackup, freezeOnBackup: units = [] }) {
			const one = able.get(name);
			if (one === undefined) return {};
			return {
				snapshot: {
					step: snapshot.id(),
					volumes: namesOf(one.folders),
					required: one.required,
					folders: pathsOf(one.folders),
					...(stopOnBackup.length + units.length > 0 ? { still: true } : {}),
					...(one.folders.some(isCopy) ? { copied: true } : {}),
					...(units.length > 0 ? { frozen: { step: unitsThaw.id(), units } } : {}),
				},
			};
		},
	};
}

type Unable = Extract<StateSnapshots, { readonly why: string }> & { readonly name: string };

/** A state whose folder does not exist fails for that reason, and this would say it twice. */
function titleOfTake(volumes: readonly FolderSnapshot["volume"][], unable: readonly Unable[]): string {
	const words = [...titleOf("take", volumes), ...unableWords(unable.filter(({ isAbsent }) => !isAbsent))];
	return words.join("; ") || `no snapshot of ${unable.map(({ name }) => name).join(", ")}`;
}

/** Of several states for the same reason, such as for a user without the rights, it is said once. */
function unableWords(unable: readonly Unable[]): string[] {
	return [...Map.groupBy(unable, ({ why, required }) => `${required} ${why}`).values()].map((alike) => {
		const [{ why, required } = { why: "", required: false }, ...more] = alike;
		const names = alike.map(({ name }) => name).join(", ");
		const [be, it] = more.length === 0 ? ["is", "it is"] : ["are", "they are"];
		return `no snapshot of ${names}, which ${be} ${required ? "left out" : `read as ${it}`}: ${why}`;
	});
}

const isCopy = ({ volume: { type } }: Pick<FolderSnapshot, "volume">) => type === COPY;

/** What is done, for people; `how` is "take" or "delete". */
function titleOf(how: "take" | "delete", volumes: readonly FolderSnapshot["volume"][]): string[] {
	const some = (what: "snapshots" | "copies") => {
		const paths = volumes.filter((volume) => isCopy({ volume }) === (what === "copies"));
		const word = paths.length === 1 ? { snapshots: "snapshot", copies: "copy" }[what] : what;
		const verb = what === "copies" && how === "take" ? "copy" : `${how} the ${word} of`;
		return paths.length === 0 ? [] : [`${verb} ${paths.map(({ volume }) => volume).join(", ")}`];
	};
	return [...some("snapshots"), ...some("copies")];
}
