// Snapshots of volumes: taken one right after the other, and deleted when the engines have read them.
import { dirname } from "node:path";
import { mountHolding } from "../../host/mounts.ts";
import { isArea, makeArea, openArea, removeArea, removeUnfinishedArea } from "../../host/private-area.ts";
import { snapshotKind } from "../../snapshots/list.ts";
import { COPY } from "../../snapshots/snapshot.ts";
import { HoldfastError, inOneLine } from "../../values/error.ts";
import type { StepContext } from "../context.ts";
import type { Began, Caught, SnapshotStep } from "../snapshot.ts";
import type { SnapshotDropStep } from "../snapshot-drop.ts";
import type { StepWork } from "../step.ts";
import { unitsFreeze } from "../units-freeze.ts";
import { tornIn } from "./snapshot-torn.ts";

/**
 * Units are down meanwhile, and the owner of a folder can make its copy last. So long may each take, and so long after the first one
 * those begin that are not required: their states are read with their units down instead.
 */
const COPY_SECONDS = { each: 10, all: 30 };
/** While units are frozen, for which systemd has a limit of its own (host/freezer.ts). */
const FROZEN_COPY_SECONDS = { each: 5, all: 10 };

export const snapshot: StepWork<SnapshotStep, Began, Caught> = {
	async run(step, context) {
		const { volumes } = step;
		context.note({ began: true });
		// Nothing else must take time between the snapshots.
		const noArea = makeAreas(volumes);
		context.point("made");
		const caught: string[] = [];
		const faults = new Map<string, string>();
		const times: number[] = [];
		const copies = copying(step, isFreezing(context) ? FROZEN_COPY_SECONDS : COPY_SECONDS);
		for (const { name, type, volume, area, fileSystem = "" } of volumes)
			try {
				if (noArea.has(area)) throw noArea.get(area);
				using folder = openArea(area);
				if (folder === undefined) throw new HoldfastError("failed", `the private folder ${area} is gone`);
				const take = (signal: AbortSignal) =>
					snapshotKind(type).take(volume, folder, name, { signal, fileSystem });
				await (type === COPY ? copies(name, take, context.signal) : take(context.signal));
				times.push(performance.now());
				caught.push(name);
				context.point("taken");
			} catch (error) {
				context.signal.throwIfAborted();
				faults.set(name, inOneLine(error));
			}
		const spread = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
		const torn = await tornIn(step, context.signal);
		context.note({ began: true, caught, torn: [...torn.keys()], spread });
		const warnings = sayUncaught(step, faults, torn, context);
		return { caught: caught.length, spread, ...(warnings.length > 0 ? { warnings } : {}) };
	},
};

const isFreezing = ({ plan }: Pick<StepContext, "plan">) => unitsFreeze.among(plan.steps).length > 0;

/** Makes copies, so that one that takes long is no harm to those of other states. */
function copying({ states }: SnapshotStep, limit: typeof COPY_SECONDS) {
	const required = new Set(Object.values(states).flatMap((one) => (one.required ? one.volumes : [])));
	let begun: number | undefined;
	return async (name: string, take: (signal: AbortSignal) => Promise<void>, signal: AbortSignal) => {
		begun ??= performance.now();
		if (!required.has(name) && performance.now() - begun > limit.all * 1000)
			throw new Error(`the copies before it have taken more than ${limit.all} seconds`);
		const patience = AbortSignal.timeout(limit.each * 1000);
		await take(AbortSignal.any([signal, patience])).catch((error: unknown) => {
			throw patience.aborted ? new Error(`its copy takes longer than ${limit.each} seconds`) : error;
		});
	};
}

/** Returns why an area could not be made. */
function makeAreas(volumes: SnapshotStep["volumes"]): ReadonlyMap<string, unknown> {
	const faults = new Map<string, unknown>();
	for (const area of new Set(volumes.map((one) => one.area)))
		try {
			makeArea(area, []);
		} catch (error) {
			faults.set(area, error);
		}
	return faults;
}

/** What becomes of states of which a volume was not caught. */
function sayUncaught(
	{ states }: SnapshotStep,
	faults: ReadonlyMap<string, string>,
	torn: ReadonlyMap<string, string>,
	{ failScope, failureOf, log }: Pick<StepContext, "failScope" | "failureOf" | "log">,
): string[] {
	return Object.entries(states).flatMap(([state, { scope, required, byDefault, volumes, why, hint }]) => {
		if (failureOf(scope) !== undefined) return [];
		const fault =
			why ?? volumes.map((name) => faults.get(name)).find((one) => one !== undefined) ?? torn.get(state);
		if (fault === undefined) return [];
		const message = `no snapshot of ${state} could be taken: ${fault}`;
		if (!required) {
			if (byDefault) log(`${message}; it is read as it is`);
			// Why there never is one is in the title of the step.
			return why === undefined && !byDefault ? [`${message}; it is read as it is`] : [];
		}
		log(`${message}; it is left out`);
		failScope(
			scope,
			new HoldfastError("snapshot-failed", message, {
				subject: state,
				hint: [
					...(hint === undefined ? [] : [hint]),
					"to back it up without: snapshot: auto, in its state",
				].join("; "),
			}),
		);
		return [];
	});
}

/** Due as soon as the snapshots were begun, so that `snapshot` needs no undo. */
export const snapshotDrop: StepWork<SnapshotDropStep> = {
	async run({ snapshots }, { leave, plan }) {
		const faults = await removeAll(snapshots);
		if (faults.length === 0) return undefined;
		// It stops no backup, neither this one nor those of the next nights.
		leave();
		const wayOut = `this is retried before each run, and by: holdfast recover (to leave it there for ever: holdfast recover --abandon ${plan.run})`;
		return { warnings: faults.map(({ what, error }) => `${what} is left: ${inOneLine(error)}; ${wayOut}`) };
	},
	async later({ snapshots }) {
		const [first] = await removeAll(snapshots);
		if (first !== undefined) throw first.error;
	},
};

/** Where the disk is not mounted, the snapshot is only out of sight. */
function requireSameDisk(area: string, mount: string): void {
	if (mountHolding(dirname(area)) === mount) return;
	throw new HoldfastError(
		"area-missing",
		`the file system of ${mount}, with the snapshot ${area}, is not mounted`,
		{
			subject: area,
			hint: "mount it, then: holdfast recover",
		},
	);
}

/** Returns those that could not be deleted; one does not stop the others. */
async function removeAll(
	snapshots: SnapshotDropStep["snapshots"],
): Promise<{ readonly what: string; readonly error: unknown }[]> {
	const faults: { what: string; error: unknown }[] = [];
	for (const one of snapshots)
		try {
			await remove(one);
		} catch (error) {
			faults.push({ what: `the snapshot ${one.area}/${one.name}`, error });
		}
	return faults;
}

async function remove({ name, type, area, mount }: SnapshotDropStep["snapshots"][number]): Promise<void> {
	requireSameDisk(area, mount);
	if (!isArea(area)) return removeUnfinishedArea(area, []);
	using folder = openArea(area);
	if (folder !== undefined) await snapshotKind(type).remove(folder, name);
	await removeArea(area);
}
