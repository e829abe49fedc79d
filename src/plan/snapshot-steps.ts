// The steps that catch states in one instant, and those that delete the snapshots.
import { unitLabel } from "../host/systemd.ts";
import type { Manifest, State } from "../manifest/schema.ts";
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
	state?.snapshot !== undefined && state.snapshot !== "never";

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
	const volumes = [...new Map(all.map((volume) => [volume.name, volume])).values()];
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
						title: [
							...(volumes.length === 0 ? [] : [`take ${snapshotsOf(volumes)}`]),
							...unable.map(
								({ name, why, required }) =>
									`no snapshot of ${name}, which is ${required ? "left out" : "read as it is"}: ${why}`,
							),
						].join("; "),
						touches: areas,
						volumes,
						states: Object.fromEntries([
							...[...able].map(
								([name, { folders, left, required }]) =>
									[
										name,
										{
											scope: stateScope(name),
											required,
											volumes: namesOf(folders),
											folders: pathsOf(folders),
											...(left.length > 0 ? { left } : {}),
										},
									] as const,
							),
							...unable.map(
								({ name, why, required }) =>
									[name, { scope: stateScope(name), required, volumes: [], why }] as const,
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
							title: `delete ${snapshotsOf(volumes)}`,
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
					...(units.length > 0 ? { frozen: { step: unitsThaw.id(), units } } : {}),
				},
			};
		},
	};
}

const snapshotsOf = (volumes: readonly FolderSnapshot["volume"][]) =>
	`the ${volumes.length === 1 ? "snapshot" : "snapshots"} of ${volumes.map(({ volume }) => volume).join(", ")}`;
