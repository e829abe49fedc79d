// Plain lines on stderr if there is no terminal to draw on; and the lines that stay on one.

import { type Listener, type RunEvent, SURROUNDINGS } from "../../run/event.ts";
import { isDestination } from "../../steps/scope.ts";
import { outcomeWords } from "../../steps/unit-outcome.ts";
import { localTime } from "../../values/local-time.ts";
import { shortPath } from "../../values/printable.ts";
import { printMessage } from "../terminal.ts";
import { errorLines } from "./error.ts";
import { duration } from "./units.ts";

export function lineReporter(quiet: boolean): Listener {
	const report = (event: RunEvent) => {
		printMessage(linesOf(event, quiet));
	};
	return Object.assign(report, { ignoresProgress: true });
}

/** The lines to print for an event; with quiet only failures. */
export function linesOf(event: RunEvent, quiet: boolean): string[] {
	switch (event.type) {
		case "step-done": {
			const { skipped } = (event.result ?? {}) as { skipped?: string };
			if (skipped !== undefined) return [`– skipped: ${event.title}: ${skipped}`];
			// It caught nothing, and its title says why.
			const sign = caughtNone(event.result) ? "–" : "✔";
			return [
				...(quiet
					? []
					: [
							`${sign} ${event.title} (${duration(event.seconds)})`,
							...removals(event.result),
							...caught(event.result),
							...stoodStill(event.result),
						]),
				...remarks(event.result, event.run).map((line) => `! ${line}`),
			];
		}
		case "step-failed":
			return errorLines(event.error, `✘ ${event.title}: `);
		case "scope-failed":
			return errorLines(event.error, `✘ ${howFailed(event)}: ${event.scope.replace(":", " ")}: `);
		case "undo-done":
			return [`↩ undone: ${event.title}`];
		case "undo-failed":
			return errorLines(event.error, `✘ could not undo: ${event.title}: `);
		case "run-ended":
			return quiet && event.outcome === "done"
				? []
				: [
						...(event.left ?? []).map((line) => `! ${line}`),
						...(event.units ?? [])
							.filter(({ missed }) => !quiet || missed)
							.map((unit) => `  ${outcomeWords(unit)}`),
						`${event.recovered ? "recovered" : event.outcome}: run ${event.run} in ${duration(event.seconds)}${
							event.recovered && event.outcome !== "done" ? ", rolled back" : ""
						}${
							event.downtimeSeconds === undefined
								? ""
								: `, service down for ${duration(event.downtimeSeconds)}`
						}`,
					];
		case "step-log":
			// A line about the run's surroundings, not a step's output: it is for people.
			return event.step === SURROUNDINGS ? [`! ${event.line}`] : [];
		default:
			return [];
	}
}

function howFailed({ stored, scope }: { readonly stored?: true; readonly scope: string }): string {
	if (!stored) return "left out";
	return isDestination(scope) ? "failed after the archive was complete" : "in doubt";
}

/** The archives that a prune removed. */
function removals(result: unknown): string[] {
	const { removed } = (result ?? {}) as { removed?: unknown };
	return Array.isArray(removed) ? removed.map((name) => `  removed ${name}`) : [];
}

function caughtNone(result: unknown): boolean {
	const { caught, warnings } = (result ?? {}) as { caught?: unknown; warnings?: unknown };
	return caught === 0 && warnings === undefined;
}

/** How close to each other snapshots were taken. */
function caught(result: unknown): string[] {
	const { caught, spread } = (result ?? {}) as { caught?: unknown; spread?: unknown };
	return typeof caught === "number" && typeof spread === "number" && caught > 1
		? [`  ${caught} snapshots within ${duration(spread)}`]
		: [];
}

/** How long units were frozen. */
function stoodStill(result: unknown): string[] {
	const { stoodStill } = (result ?? {}) as { stoodStill?: unknown };
	return Array.isArray(stoodStill)
		? stoodStill.map(({ unit, seconds }) => `  ${unit} stood still for ${duration(Number(seconds))}`)
		: [];
}

/** Lines about a step that succeeded: its warnings, and until when it keeps something. */
function remarks(result: unknown, run: string): string[] {
	const {
		warnings = [],
		keptUntil,
		keptIn = [],
	} = (result ?? {}) as {
		warnings?: string[];
		keptUntil?: string;
		keptIn?: string[];
	};
	return keptUntil === undefined
		? warnings
		: [
				...warnings,
				`the old copy is kept until ${localTime(keptUntil)}; take the restore back with: holdfast undo ${run}`,
				...(keptIn.length === 0 ? [] : [`  it is in ${keptIn.map(shortPath).join(", ")}`]),
			];
}
