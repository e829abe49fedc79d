// A declared folder that is not there would be a hole in the archive: engines skip it with a warning at most.
import { exists } from "../../host/files.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { FoldersPresentStep, StepWork } from "../step.ts";

export const foldersPresent: StepWork<FoldersPresentStep> = {
	async run({ folders }) {
		for (const folder of folders) {
			if (await exists(folder)) continue;
			throw new HoldfastError("failed", `the folder ${folder} does not exist`, {
				hint: "make it, or take it out of the state's folders",
			});
		}
	},
};
