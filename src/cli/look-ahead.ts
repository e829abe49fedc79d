// What would prevent a restore, found before it is confirmed.
import { printMessage } from "../report/terminal.ts";
import type { Plan } from "../steps/plan.ts";
import { preflight } from "../steps/preflight.ts";
import { unwatched } from "./signals.ts";

/** Returns whether anything prevents it. For a person to read before they confirm; the plan checks again once it holds the lock. */
export async function lookAhead(plan: Plan, signal: AbortSignal): Promise<boolean> {
	const { findProblems } = await import("../steps/work/problems.ts");
	const known = { ...unwatched(signal), bytesOf: () => undefined };
	const found = await Promise.all(
		preflight.among(plan.steps).map((step) => findProblems(step, plan.manifest, known)),
	);
	const problems = found.flatMap((one) => one.problems);
	const stopsToo = [...new Set(found.flatMap((one) => one.stopsToo))];
	printMessage([
		...problems.map((problem) => `✘ ${problem}`),
		...found.flatMap((one) => one.warnings.map((warning) => `! ${warning}`)),
		...(stopsToo.length === 0
			? []
			: [`also stopped during the restore, and restarted: ${stopsToo.join(", ")}`]),
	]);
	return problems.length > 0;
}
