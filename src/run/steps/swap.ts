// The swap: two renames, each a step of its own, so that each is undone by itself and only if it happened.
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { exists, syncPath } from "../../host/files.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { AsideStep, PlaceStep, StepWork } from "../step.ts";

export const aside: StepWork<AsideStep> = {
	async run({ folder, area, aside }) {
		await mkdir(area, { recursive: true, mode: 0o700 });
		if (!(await exists(folder))) return;
		if (await exists(aside)) throw new HoldfastError("failed", `${aside} is already there`);
		await mkdir(dirname(aside), { recursive: true, mode: 0o700 });
		await rename(folder, aside);
		await syncPath(dirname(folder));
		await syncPath(dirname(aside));
	},
	/** The old folder goes back when it is aside. What something else made in its place meanwhile is kept. */
	async undo({ folder, aside, area }, { plan, log }) {
		if (await exists(aside)) {
			if (await exists(folder)) {
				const kept = `${folder}.found-${plan.run}`;
				await rename(folder, kept);
				log(`something had made ${folder} anew; that is kept as ${kept}`);
			}
			await rename(aside, folder);
			await syncPath(dirname(folder));
		}
		await rm(area, { recursive: true, force: true });
	},
};

export const place: StepWork<PlaceStep> = {
	async run({ folder, staged }) {
		if (await exists(folder))
			throw new HoldfastError("failed", `something made ${folder} anew while it was being restored`, {
				hint: "find what writes there and stop it with stopOnRestore",
			});
		await rename(staged, folder);
		await syncPath(dirname(folder));
	},
	/** When the staged folder is gone from its area, it is the one that stands at the live place. */
	async undo({ folder, staged }) {
		if (await exists(staged)) return;
		if (!(await exists(folder))) return;
		await mkdir(dirname(staged), { recursive: true, mode: 0o700 });
		await rename(folder, staged);
		await syncPath(dirname(folder));
	},
};
