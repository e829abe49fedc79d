// Plain lines on stderr, where there is no terminal to draw on; and the lines that stay on one.
import type { ErrorReport } from "../manifest/error.ts";
import { type Listener, type RunEvent, SURROUNDINGS } from "../run/event.ts";
import { duration, printable } from "./units.ts";

export function lineReporter(quiet: boolean): Listener {
	const report = (event: RunEvent) => {
		for (const line of linesOf(event, quiet)) process.stderr.write(`${line}\n`);
	};
	return Object.assign(report, { ignoresProgress: true });
}

/** What a person is told of an event; quiet keeps the failures only. */
export function linesOf(event: RunEvent, quiet: boolean): string[] {
	switch (event.type) {
		case "step-done": {
			const { skipped } = (event.result ?? {}) as { skipped?: string };
			if (skipped !== undefined) return [`– skipped: ${event.title}: ${printable(skipped)}`];
			return [
				...(quiet ? [] : [`✔ ${event.title} (${duration(event.seconds)})`]),
				...remarks(event.result).map((line) => `! ${printable(line)}`),
			];
		}
		case "step-failed":
			return [`✘ ${event.title}: ${event.error.message}`, ...facts(event.error)];
		case "scope-failed":
			return [`✘ left out: ${event.scope.replace(":", " ")}: ${event.error.message}`, ...facts(event.error)];
		case "undo-done":
			return [`↩ undone: ${event.title}`];
		case "undo-failed":
			return [`✘ could not undo: ${event.title}: ${event.error.message}`, ...facts(event.error)];
		case "run-ended":
			return quiet && event.outcome === "done"
				? []
				: [
						...(event.left ?? []).map((line) => `! ${printable(line)}`),
						`${event.outcome}: run ${event.run} in ${duration(event.seconds)}${
							event.downtimeSeconds === undefined
								? ""
								: `, service down for ${duration(event.downtimeSeconds)}`
						}`,
					];
		case "step-log":
			// Of the run's surroundings, not of a step's output: it is for people.
			return event.step === SURROUNDINGS ? [`! ${printable(event.line)}`] : [];
		default:
			return [];
	}
}

/** What a step that went well has to say: warnings, and until when it keeps what. */
function remarks(result: unknown): string[] {
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
		: [...warnings, `the old copy is kept until ${keptUntil} in ${keptIn.join(", ")}`];
}

function facts({ details = [], hint }: ErrorReport): string[] {
	return [...details.map((line) => `    ${printable(line)}`), ...(hint ? [`    → ${hint}`] : [])];
}
