// What was mounted or made in a folder after the plan, and is not in its snapshot: the state must not pass for whole.
import { isAtOrBelow, mountsOf } from "../../host/mounts.ts";
import { snapshotKind } from "../../snapshots/list.ts";
import { HoldfastError } from "../../values/error.ts";
import type { ArchiveCreateStep, StateToStore } from "../archive-create.ts";
import type { StepContext } from "../context.ts";
import { snapshot } from "../snapshot.ts";

/** Marks the states as failed whose snapshots lack something. Reads them, which takes as long as a `find`. */
export async function failHoles(step: ArchiveCreateStep, context: StepContext): Promise<void> {
	for (const { scope, snapshot: wanted } of Object.values(step.states)) {
		if (wanted === undefined || context.failureOf(scope) !== undefined) continue;
		const hole = await holeIn(wanted, context);
		if (hole === undefined) continue;
		context.failScope(
			scope,
			new HoldfastError(
				"snapshot-failed",
				`${hole} was mounted or made while the run was under way, and is not in the snapshot`,
				{
					subject: hole,
					hint: "run create again",
				},
			),
		);
	}
}

async function holeIn(
	{ step, volumes, folders }: NonNullable<StateToStore["snapshot"]>,
	{ plan, handedBy, signal }: StepContext,
): Promise<string | undefined> {
	const taken = handedBy(snapshot, step)?.caught ?? [];
	if (!volumes.every((name) => taken.includes(name))) return undefined;
	const kinds = snapshot.among(plan.steps).flatMap((one) => one.volumes);
	for (const [at, from] of Object.entries(folders)) {
		const mount = mountsOf("self").find(({ path }) => path !== at && isAtOrBelow(path, at));
		if (mount) return mount.path;
		const type = kinds.find(({ area }) => isAtOrBelow(from, area))?.type;
		const hole = type === undefined ? undefined : await snapshotKind(type).holeIn(from, signal);
		if (hole !== undefined) return at + hole.slice(from.length);
	}
	return undefined;
}
