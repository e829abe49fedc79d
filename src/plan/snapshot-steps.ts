// The steps that catch states in one instant, and those that delete the snapshots.
import type { State } from "../manifest/schema.ts";
import type { StateToStore } from "../steps/archive-create.ts";
import type { Step } from "../steps/plan.ts";
import { stateScope } from "../steps/scope.ts";
import { snapshot } from "../steps/snapshot.ts";
import { snapshotDrop } from "../steps/snapshot-drop.ts";
import { recordOf } from "../values/record.ts";
import type { FolderSnapshot, StateSnapshots } from "./snapshots.ts";

/** Snapshots fail and are undone together. */
const SCOPE = "snapshots";

export const wantsSnapshot = (state: State | undefined): boolean =>
	state?.snapshot !== undefined && state.snapshot !== "never";

export interface SnapshotSteps {
	readonly take: readonly Step[];
	readonly drop: readonly Step[];
	/** The private folders of the snapshots. */
	readonly areas: readonly string[];
	has(state: string): boolean;
	/** For the step that writes a state; `still`: its units stand still while it is caught. */
	of(state: string, still: boolean): Pick<StateToStore, "snapshot">;
}

export function snapshotSteps(survey: ReadonlyMap<string, StateSnapshots>): SnapshotSteps {
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
								([name, { folders, required }]) =>
									[
										name,
										{
											scope: stateScope(name),
											required,
											volumes: namesOf(folders),
											folders: pathsOf(folders),
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
	return {
		take,
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
		of(name, still) {
			const one = able.get(name);
			if (one === undefined) return {};
			return {
				snapshot: {
					step: snapshot.id(),
					volumes: namesOf(one.folders),
					required: one.required,
					folders: pathsOf(one.folders),
					...(still ? { still } : {}),
				},
			};
		},
	};
}

const snapshotsOf = (volumes: readonly FolderSnapshot["volume"][]) =>
	`the ${volumes.length === 1 ? "snapshot" : "snapshots"} of ${volumes.map(({ volume }) => volume).join(", ")}`;
