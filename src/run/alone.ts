// How to repeat a run that succeeded in part for the states that failed, and for nothing else.
import { keep } from "../steps/keep.ts";
import type { Plan } from "../steps/plan.ts";
import { preflight } from "../steps/preflight.ts";
import { stateOf, stateScope } from "../steps/scope.ts";
import { shellLine } from "../values/shell.ts";

const REPEATED: Readonly<Partial<Record<Plan["operation"], string>>> = {
	create: "back up",
	restore: "restore",
};

/** A line with the command. Undefined if it was no state that failed, or the command would be no other. */
export function howAlone(
	{ operation, manifest, steps }: Plan,
	failed: readonly string[],
): string | undefined {
	const verb = REPEATED[operation];
	const names = Object.keys(manifest.state).filter((name) => failed.includes(stateScope(name)));
	if (verb === undefined || names.length === 0) return undefined;
	// Whoever asked for a part of a state, or for an old copy to be kept, must not get a command that does neither.
	const isOther = preflight.among(steps).some(({ scope, places }) => {
		const folders = manifest.state[stateOf(scope)]?.folders ?? [];
		return places.some(({ folder }) => !folders.includes(folder));
	});
	if (isOther || keep.among(steps).length > 0) return undefined;
	const [from] = preflight.among(steps);
	const words = [
		...["holdfast", operation],
		...names.flatMap((name) => ["--service", name]),
		manifest.machine,
		...(from === undefined ? [] : [from.archiveId]),
	];
	return `to ${verb} only ${names.join(" and ")} when that is fixed: ${shellLine(words)}`;
}
