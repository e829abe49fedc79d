// Formats an error: what happened, the last lines of the program that reported it, and what to do next.
import type { ErrorReport } from "../../values/error-bounds.ts";
import { linesIn } from "../terminal.ts";

/** `lead`: text before the message, such as the place of the error. `indent`: for the lines below it. */
export function errorLines(error: ErrorReport, lead = "", indent = "    "): string[] {
	return [`${lead}${error.message}`, ...belowError(error, indent)];
}

/** The lines below the message, for callers that have already printed that. */
function belowError({ details = [], hint }: Omit<ErrorReport, "message">, indent: string): string[] {
	return [
		...details.flatMap(linesIn).map((line) => `${indent}${line}`),
		...(hint ? [`${indent}→ ${hint}`] : []),
	];
}

/** The error in a single line, for lists. */
export function errorLine({ message, details = [], hint }: ErrorReport): string {
	return `${[message, ...details].join(": ")}${hint ? ` (${hint})` : ""}`;
}
