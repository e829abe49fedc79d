// How to repeat a run that succeeded in part for the states that failed, and for nothing else.
import { type Listener, type RunEvent, SURROUNDINGS } from "../run/event.ts";
import { keep } from "../steps/keep.ts";
import type { Plan } from "../steps/plan.ts";
import { preflight } from "../steps/preflight.ts";
import { stateOf, stateScope } from "../steps/scope.ts";
import { listed } from "../values/listed.ts";
import { shellLine } from "../values/shell.ts";
import { kebab } from "./spelling.ts";

const REPEATED: Readonly<Partial<Record<Plan["operation"], string>>> = {
	create: "back up",
	restore: "restore",
};

/** What the command says by itself, what is asked again, and how output looks. */
const NOT_REPEATED: ReadonlySet<string> = new Set([
	...["service", "path", "all", "tag", "parallel"],
	...["yes", "agreedArchive", "agreedPlan"],
	...["json", "quiet", "debug"],
]);

/** A line with the command. `flags`: of the command that was typed. Undefined if it was no state that failed, or the command would be no other. */
function howAlone(
	{ operation, manifest, steps }: Plan,
	failed: readonly string[],
	flags: object,
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
		...Object.entries(flags).flatMap(([name, value]) =>
			NOT_REPEATED.has(name) ? [] : flagWords(name, value),
		),
		manifest.machine,
		...(from === undefined ? [] : [from.archiveId]),
	];
	return `to ${verb} only ${listed(names)} when that is fixed: ${shellLine(words)}`;
}

/** A flag as it is typed. Numbers are times, in seconds. */
function flagWords(name: string, value: unknown): string[] {
	if (value === undefined || value === false) return [];
	const flag = `--${kebab(name)}`;
	if (value === true) return [flag];
	const values = Array.isArray(value) ? value : [value];
	return values.flatMap((one) => [flag, typeof one === "number" ? `${one}s` : String(one)]);
}

/** Reports a run of this plan; before its end, the command for the states that failed. */
export function withHowAlone(plan: Plan, flags: object, report: Listener): Listener {
	const told = (event: RunEvent) => {
		if (event.type === "run-ended" && event.run === plan.run && event.outcome === "partial") {
			const failed = event.failures.map(({ scope }) => scope);
			const line = howAlone(plan, failed, flags);
			const { v, time, run } = event;
			if (line !== undefined) report({ v, time, run, type: "step-log", step: SURROUNDINGS, line });
		}
		report(event);
	};
	return Object.assign(told, report.ignoresProgress ? { ignoresProgress: true } : {});
}

/** The command that another machine proposes does not name the config: that is here. `config`: as it was typed. */
export function namingConfig(config: string | undefined, listener: Listener): Listener {
	if (config === undefined) return listener;
	const heard = (event: RunEvent) =>
		listener(
			event.type === "step-log" && event.step === SURROUNDINGS && PROPOSED.test(event.line)
				? { ...event, line: `${event.line} ${shellLine(["--config", config])}` }
				: event,
		);
	return Object.assign(heard, listener.ignoresProgress ? { ignoresProgress: true } : {});
}

const PROPOSED = new RegExp(
	`^to (${Object.values(REPEATED).join("|")}) only .* when that is fixed: holdfast `,
);
