// What a restore that failed says before its end: that the old data are back, and what would have kept the restored ones.
import { type Listener, type RunEvent, SURROUNDINGS } from "../run/event.ts";
import { REPLACING } from "../run/unfinished-runs.ts";
import type { Plan } from "../steps/plan.ts";
import { stateOf } from "../steps/scope.ts";
import { listed } from "../values/listed.ts";

/** Reports a run of this plan; before its end, a line about the states whose data are back. Of one that is stuck nothing is known. */
export function withTakenBack(plan: Plan, report: Listener): Listener {
	if (plan.operation !== "restore" && plan.operation !== "undo") return report;
	const scopes = new Map(
		plan.steps.filter(({ kind }) => REPLACING.has(kind)).map(({ id, scope }) => [id, scope]),
	);
	/** By scope: the steps that began to replace data, and are not undone. */
	const standing = new Map<string, Set<string>>();
	const told = (event: RunEvent) => {
		const scope = "step" in event ? scopes.get(event.step) : undefined;
		if (scope !== undefined && event.type === "step-started")
			standing.set(scope, (standing.get(scope) ?? new Set()).add(event.step));
		else if (scope !== undefined && event.type === "undo-done") standing.get(scope)?.delete(event.step);
		else if (event.type === "run-ended" && event.outcome !== "needs-recover" && event.outcome !== "done") {
			const { v, time, run } = event;
			for (const line of linesOf(plan, event, standing))
				report({ v, time, run, type: "step-log", step: SURROUNDINGS, line });
		}
		report(event);
	};
	return Object.assign(told, report.ignoresProgress ? { ignoresProgress: true } : {});
}

function linesOf(
	{ operation, goals }: Plan,
	{ failures }: Extract<RunEvent, { type: "run-ended" }>,
	standing: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
	const failed = failures.filter(({ scope }) => goals.includes(scope));
	const named = (of: typeof failed) => listed(of.map(({ scope }) => stateOf(scope)));
	const untouched = failed.filter(({ scope }) => !standing.has(scope));
	const back = failed.filter(({ scope }) => standing.get(scope)?.size === 0);
	const isUnwell = operation === "restore" && back.some(({ error }) => error.code === "health-check-failed");
	return [
		...(untouched.length === 0 ? [] : [`the data of ${named(untouched)} were not touched`]),
		...(back.length === 0
			? []
			: [`${named(back)}: rolled back, and the data are as before this ${operation}`]),
		...(isUnwell
			? [
					"to keep what is restored even if a health check fails, and the old copy for 7 days: the same command with --keep-failed",
				]
			: []),
	];
}
