// Plain lines on stderr, where there is no terminal to draw on.
import type { ErrorReport } from "../manifest/error.ts";
import type { Listener } from "../run/event.ts";
import { duration } from "./units.ts";

export function lineReporter(quiet: boolean): Listener {
	const say = (line: string) => process.stderr.write(`${line}\n`);
	return (event) => {
		switch (event.type) {
			case "step-done":
				if (!quiet) say(`✔ ${event.title} (${duration(event.seconds)})`);
				break;
			case "step-failed":
				say(`✘ ${event.title}: ${event.error.message}`);
				for (const line of facts(event.error)) say(line);
				break;
			case "undo-done":
				say(`↩ undone: ${event.title}`);
				break;
			case "undo-failed":
				say(`✘ could not undo: ${event.title}: ${event.error.message}`);
				for (const line of facts(event.error)) say(line);
				break;
			case "run-ended":
				if (quiet && event.outcome === "done") break;
				say(
					`${event.outcome}: run ${event.run} in ${duration(event.seconds)}${
						event.downtimeSeconds === undefined ? "" : `, service down for ${duration(event.downtimeSeconds)}`
					}`,
				);
		}
	};
}

function facts({ details = [], hint }: ErrorReport): string[] {
	return [...details.map((line) => `    ${line}`), ...(hint ? [`    → ${hint}`] : [])];
}
