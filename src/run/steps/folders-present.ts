// A declared folder that is not there would be a hole in the archive: engines skip it with a warning at most.
import { resolvePath } from "../../host/trust.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { FoldersPresentStep } from "../step.ts";
import type { StepWork } from "../work.ts";

export const foldersPresent: StepWork<FoldersPresentStep> = {
	async run({ folders }) {
		for (const folder of folders) {
			// A symlink counts for what it leads to, where it may be followed.
			if (resolvePath(folder).found) continue;
			throw new HoldfastError("failed", `the folder ${folder} does not exist`, {
				hint: "make it, or take it out of the state's folders",
			});
		}
	},
};
