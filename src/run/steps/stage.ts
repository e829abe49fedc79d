// Extract into the private folder while the service runs, so that the swap has only to rename.
import { mkdirSync } from "node:fs";
import { syncFilesystemOf } from "../../host/files.ts";
import { descend, findBelow } from "../../host/folder.ts";
import { removeLocked, unlock, unlocking } from "../../host/immutable.ts";
import { openArea } from "../../host/private-area.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { into } from "../../providers/into.ts";
import { requireFile } from "../../providers/read-files.ts";
import { openDestination } from "../../providers/registry.ts";
import { withPoint } from "../fault.ts";
import { withoutSpecialFiles } from "../special-files.ts";
import type { StageStep } from "../step.ts";
import type { StepContext, StepWork } from "../work.ts";
import { NEW } from "./area.ts";

export const stage: StepWork<StageStep> = {
	async run(step, context) {
		context.note({ began: true });
		return extractInto(step, context);
	},
	undoesLast: true,
	async undo({ id, area: path }, { noteOf }) {
		if (noteOf(id) === undefined) return;
		using area = openArea(path);
		if (area === undefined) return;
		await removeLocked(area, NEW);
		mkdirSync(area.at(NEW), { mode: 0o700 });
	},
};

/** What an archive holds of these places, in their private folder, synced. */
export async function extractInto(
	step: Pick<
		StageStep,
		"area" | "places" | "provider" | "destination" | "archive" | "specialFiles" | "filesOnly"
	>,
	context: StepContext,
): Promise<{ readonly warnings: readonly string[] } | undefined> {
	const { archive, places } = step;
	using area = openArea(step.area);
	if (area === undefined) throw new HoldfastError("failed", `the private folder ${step.area} is gone`);
	using folder = descend(area, NEW);
	const target = into(folder, context.log);
	const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
	await destination.restore(
		archive,
		places.map(({ stored }) => stored),
		target,
		withPoint(context),
	);
	context.point("extracted");
	for (const { stored } of places) {
		if (!findBelow(folder, stored))
			throw new HoldfastError("failed", `${stored} is not in the archive ${archive}`);
		if (step.filesOnly) requireFile(folder, stored, archive);
	}
	const result = step.specialFiles ? undefined : await withoutSpecialFiles(target);
	const warnings = [...(result?.warnings ?? []), ...(await unlocked(step))];
	await syncFilesystemOf(area);
	return warnings.length > 0 ? { warnings } : undefined;
}

/** borg brings back what chattr(1) sets: what is immutable could not be put in its place. */
async function unlocked({ places }: Pick<StageStep, "places">): Promise<string[]> {
	const lines: string[] = [];
	for (const { staged, stored } of places) {
		const locked = await unlock(staged);
		if (locked === undefined) continue;
		const again = unlocking({ ...locked, path: stored }).replace(/ -([ia]) /, " +$1 ");
		lines.push(
			`${stored} was ${locked.how} when it was backed up, and is not now; to have it so again: ${again}`,
		);
	}
	return lines;
}
