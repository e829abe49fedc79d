// The plan of `restore`: one transaction a state. Stage while it runs; stop, swap, start; commit; tidy.
import { basename, dirname, join } from "node:path";
import { unitLabel } from "../host/systemd.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import type { Plan, Step } from "../run/step.ts";
import { hookStep, unitWords } from "./backup.ts";
import { inOrder } from "./order.ts";

export interface RestoreRequest {
	readonly manifest: Manifest;
	readonly run: string;
	readonly services: readonly string[];
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
	/** What Clan's hooks get as NAME. */
	readonly archiveId: string;
	/** Whether the engine can write below another folder. */
	readonly restoresInto: boolean;
	/** The folders that the archive holds of each state; those declared, when the archive does not say. */
	readonly folders: Readonly<Record<string, readonly string[]>>;
}

export function planRestore(request: RestoreRequest): Plan {
	const { manifest, run, services } = request;
	const states = inOrder(manifest, services);
	return {
		version: 1,
		run,
		operation: "restore",
		manifest,
		steps: states.flatMap(([name, state]) => transaction(request, name, state)),
		goals: states.map(([name]) => `state:${name}`),
	};
}

function transaction(request: RestoreRequest, name: string, state: State): Step[] {
	const { run, provider, destination, archive, archiveId, restoresInto } = request;
	const scope = `state:${name}`;
	const folders = request.folders[name] ?? state.folders;
	const clan = { name: archiveId, folders };
	const areaOf = (folder: string) => join(dirname(folder), `.holdfast-${run}-${name}`);
	const areas = [...new Set(folders.map(areaOf))];
	const source = { provider, destination, archive };

	const stage: Step[] = areas.map((area, index) => {
		const own = folders.filter((folder) => areaOf(folder) === area);
		return {
			kind: "stage",
			id: `stage:${name}:${index}`,
			scope,
			title: `extract ${own.join(", ")} beside the live ${own.length > 1 ? "folders" : "folder"}`,
			touches: [area],
			...source,
			folders: own,
			area,
		};
	});
	const stop: Step[] =
		state.stopOnRestore.length === 0
			? []
			: [
					{
						kind: "units-stop",
						id: `stop:${name}`,
						scope,
						title: `stop ${unitWords(state.stopOnRestore)}`,
						touches: state.stopOnRestore.map(unitLabel),
						units: state.stopOnRestore,
						downtime: "begins",
					},
				];
	const start: Step[] =
		state.stopOnRestore.length === 0
			? []
			: [
					{
						kind: "units-start",
						id: `start:${name}`,
						scope,
						title: `start ${unitWords(state.stopOnRestore)}`,
						touches: state.stopOnRestore.map(unitLabel),
						units: state.stopOnRestore,
						stopped: `stop:${name}`,
						downtime: "ends",
					},
				];
	const putAside: Step[] = folders.map((folder, index) => ({
		kind: "aside",
		id: `aside:${name}:${index}`,
		scope,
		title: `put ${folder} aside`,
		touches: [folder],
		folder,
		area: areaOf(folder),
		aside: join(areaOf(folder), "old", basename(folder)),
	}));
	const putInPlace: Step[] = restoresInto
		? folders.map((folder, index) => ({
				kind: "place",
				id: `place:${name}:${index}`,
				scope,
				title: `put the restored ${folder} in its place`,
				touches: [folder],
				folder,
				staged: areaOf(folder) + folder,
			}))
		: [
				{
					kind: "engine-restore",
					id: `restore:${name}`,
					scope,
					title: `have ${provider} restore ${folders.join(", ")}`,
					touches: folders,
					...source,
					folders,
				},
			];
	return [
		...(restoresInto ? stage : []),
		...stop,
		...hookStep(name, scope, "preRestore", state.hooks.preRestore, clan).map((step) => ({
			...step,
			downtime: "begins" as const,
		})),
		...putAside,
		...putInPlace,
		...hookStep(name, scope, "postRestore", state.hooks.postRestore, clan).map((step) => ({
			...step,
			downtime: "ends" as const,
		})),
		...start,
		{ kind: "commit", id: `commit:${name}`, scope, title: `commit ${name}`, touches: [] },
		{
			kind: "discard",
			id: `discard:${name}`,
			scope,
			title: `delete the old copy of ${name}`,
			touches: areas,
			areas,
		},
	];
}
