// What would prevent a restore, found before it is confirmed.
import { optionsOf } from "../plan/choose.ts";
import { printMessage } from "../report/terminal.ts";
import type { Plan } from "../steps/plan.ts";
import { preflight } from "../steps/preflight.ts";
import { stateOf } from "../steps/scope.ts";
import { unwatched } from "./signals.ts";

/** Returns whether anything prevents it. For a person to read before they confirm; the plan checks again once it holds the lock. */
export async function lookAhead(plan: Plan, signal: AbortSignal): Promise<boolean> {
	const { findProblems } = await import("../steps/work/problems.ts");
	const known = { ...unwatched(signal), bytesOf: () => undefined };
	const looks = preflight.among(plan.steps);
	const found = await Promise.all(looks.map((step) => findProblems(step, plan.manifest, known)));
	const others = looks.flatMap(({ scope }, at) => (found[at]?.problems.length === 0 ? [stateOf(scope)] : []));
	const problems = found.flatMap((one) => one.problems);
	const stopsToo = [...new Set(found.flatMap((one) => one.stopsToo))];
	printMessage([
		...problems.map((problem) => `✘ ${problem}`),
		...(problems.length === 0 || others.length === 0
			? []
			: [`  → to restore the others: ${optionsOf(others)}`]),
		...found.flatMap((one) => one.warnings.map((warning) => `! ${warning}`)),
		...(stopsToo.length === 0
			? []
			: [`also stopped during the restore, and restarted: ${stopsToo.join(", ")}`]),
	]);
	return problems.length > 0;
}
