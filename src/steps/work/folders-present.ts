// If a declared folder is missing, the archive is incomplete: engines skip it with a warning at most. A folder whose disk is
// not mounted exists, but must not be stored either.
import { isAtOrBelow } from "../../host/mounts.ts";
import { resolvePath } from "../../host/trust.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Exclusion } from "../../values/exclusion.ts";
import { below, leavesNothing, leavesOut, pathBelow } from "../../values/patterns.ts";
import type { FoldersPresentStep, Present } from "../folders-present.ts";
import type { StepWork } from "../step.ts";
import { mountsOf, requireMounts } from "./expectations.ts";

export const foldersPresent: StepWork<FoldersPresentStep, unknown, Present> = {
	async run({ state, folders, exclude, except, accept }, context) {
		const paths = new Map<string, string>();
		const exclusions = new Map<string, Exclusion[]>();
		for (const folder of folders) {
			// A symlink is judged by its target, if it may be followed.
			const { path, found } = resolvePath(folder);
			if (!found)
				throw new HoldfastError("folder-not-found", `the folder ${folder} does not exist`, {
					subject: folder,
					hint: [
						"check its spelling in the config, and that its disk is mounted.",
						...(state === undefined || context.lastGood(state) === undefined
							? []
							: [`If its data were lost: holdfast restore --service ${state} latest.`]),
						"If it is no longer needed, remove it from the state's folders",
					].join(" "),
				});
			const left = { ...(exclude ? { exclude } : {}), ...(except ? { except } : {}) };
			exclusions.set(folder, exclusionsOf(folder, left));
			paths.set(folder, path);
		}
		if (state === undefined) return;
		const isStored = (path: string) =>
			[...exclusions].some(([folder, left]) => isStoredOf(folder, left, path));
		if (!accept) requireMounts(state, context.lastGood(state), isStored);
		context.note({ mounts: mountsOf(paths, isStored) });
	},
};

/** Whether anything at this path of a declared folder is stored. */
export const isStoredOf = (folder: string, left: readonly Exclusion[], path: string): boolean =>
	isAtOrBelow(path, folder) &&
	!leavesOut(left, namesBelow(path, folder)) &&
	// A pattern may exclude everything in a folder, but not the folder itself.
	(path === folder || !leavesOut(left, [...namesBelow(path, folder), ANY_NAME]));

/** Matched only by patterns that match everything. */
const ANY_NAME = "any name at all";

const namesBelow = (path: string, folder: string) =>
	path
		.slice(folder.length)
		.split("/")
		.filter((name) => name !== "");

/** Patterns and paths are written for the declared folder, wherever it really is. */
export function exclusionsOf(
	folder: string,
	{ exclude = [], except = [] }: Pick<FoldersPresentStep, "exclude" | "except">,
): Exclusion[] {
	const all = [
		...exclude.flatMap((pattern) => below(folder, pattern)),
		...except.flatMap((path) => pathBelow(folder, path)),
	];
	if (!all.some(leavesNothing)) return all;
	throw new HoldfastError(
		"folder-not-found",
		`the patterns of its state exclude everything in the folder ${folder}`,
		{ subject: folder, hint: "remove the folder or the pattern from the config" },
	);
}
