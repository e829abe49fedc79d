// An error for people, wherever it is shown: what happened, the last lines of whoever said why, and what to do next.
import type { ErrorReport } from "../../values/error.ts";
import { linesIn } from "../terminal.ts";

/** `lead`: what stands before the message, such as where it happened. `indent`: of the lines below it. */
export function errorLines(error: ErrorReport, lead = "", indent = "    "): string[] {
	return [`${lead}${error.message}`, ...belowError(error, indent)];
}

/** What comes below the message, where that stands already. */
function belowError({ details = [], hint }: Omit<ErrorReport, "message">, indent: string): string[] {
	return [
		...details.flatMap(linesIn).map((line) => `${indent}${line}`),
		...(hint ? [`${indent}→ ${hint}`] : []),
	];
}

/** All of it in one line, for lists. */
export function errorLine({ message, details = [], hint }: ErrorReport): string {
	return `${[message, ...details].join(": ")}${hint ? ` (${hint})` : ""}`;
}
