// Extract into the private folder while the service runs, so that the swap has only to rename.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { exists, removeTree, syncFilesystem } from "../../host/files.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { openDestination } from "../../providers/registry.ts";
import { withPoint } from "../fault.ts";
import type { StageStep } from "../step.ts";
import type { StepWork } from "../work.ts";
import { NEW } from "./area.ts";

export const stage: StepWork<StageStep> = {
	async run(step, context) {
		const into = join(step.area, NEW);
		context.note({ began: true });
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		await destination.restore(
			step.archive,
			step.places.map(({ stored }) => stored),
			into,
			withPoint(context),
		);
		context.point("extracted");
		for (const { stored, staged } of step.places) {
			if (!(await exists(staged)))
				throw new HoldfastError("failed", `${stored} is not in the archive ${step.archive}`);
		}
		await syncFilesystem(step.area);
	},
	undoesLast: true,
	async undo({ id, area }, { noteOf }) {
		if (noteOf(id) === undefined) return;
		await removeTree(join(area, NEW));
		if (await exists(area)) await mkdir(join(area, NEW), { mode: 0o700 });
	},
};
