// The format for programs: one document, or one value per line; events unchanged. Text for people goes to standard error
// as plain lines.
import type { RunEvent } from "../../run/event.ts";
import type { Reporter, ReporterOptions } from "../reporter.ts";
import type { Result, ResultOf } from "../result.ts";
import { printJson, printLongJson, printMessage } from "../terminal.ts";
import { passedOn } from "./passed-on.ts";

export function jsonReporter({ quiet }: ReporterOptions): Reporter {
	return {
		result: async (result) => printDocument(result),
		async stream() {
			return (result) => printJson(result.kind === "entry" ? result.entry : result);
		},
		say: printMessage,
		async preview(result) {
			const { linesOf } = await import("../text/results.ts");
			printMessage([...linesOf(result)]);
		},
		note: (lines) => {
			if (!quiet) printMessage(lines);
		},
		async error(report, trace) {
			// Programs get it instead of the result; people get a message as well.
			printJson({ error: report });
			const { errorLines } = await import("../text/error.ts");
			printMessage([...errorLines(report, "holdfast: ", "  "), ...trace]);
		},
		run: async () => (event) => printJson(event),
		fleet: async () => ({
			of: (machine) => (event: RunEvent) => printJson(Object.assign({ machine }, event, { machine })),
			say: (machine, line) => printMessage(`${machine}: ${line}`),
			done: () => {},
			close(rows) {
				for (const { machine, end, error } of rows) if (error && !end) printJson({ machine, error });
			},
		}),
		passOn: passedOn,
	};
}

async function printDocument(result: Result): Promise<void> {
	switch (result.kind) {
		case "answer":
			return printJson(result.value, result.line ? undefined : 2);
		case "document":
			return printJson(result.value, result.line ? undefined : 2);
		case "archives":
			return printArchives(result.machines);
		case "archive":
			return printJson({ ...result.archive, ...result.details }, 2);
		case "entry":
			return printJson(result.entry);
		case "plan":
			return printJson(result.plan, 2);
		case "prune":
			return printJson(result.decided, 2);
		case "runs":
			return printJson(
				result.rows.map((row) => (result.died.has(row.id) ? { ...row, outcome: "died" } : row)),
				2,
			);
		case "run": {
			const { kind: _, ...run } = result;
			return printJson(run, 2);
		}
		case "status": {
			const { machines, isOfOne, repeats } = result;
			if (isOfOne) return printJson([...machines][0], repeats ? undefined : 2);
			return printLongJson({}, { machines }, { isOneLine: repeats });
		}
		case "differences":
			return printLongJson({ archive: result.archive, ...result.rows }, { differences: result.all() });
		case "adopted":
			return printJson(result.adopted, 2);
		case "sheet":
			return printJson(result.entries, 2);
	}
}

async function printArchives(machines: ResultOf<"archives">["machines"]): Promise<void> {
	if (machines.length === 1)
		for (const { machine: _, archives, ...alone } of machines) return printLongJson(alone, { archives });
	const each = () => machines[Symbol.iterator]();
	const named = <T extends object>(machine: string, some: readonly T[]) =>
		some.map((one) => ({ ...one, machine }));
	return printLongJson(
		{},
		{
			// A machine with an older Holdfast reports none.
			problems: each().flatMap(({ machine, problems = [] }) => problems.map((line) => ({ machine, line }))),
			failures: each().flatMap(({ machine, failures }) => named(machine, failures)),
			upkeep: each().flatMap(({ machine, upkeep }) => named(machine, upkeep)),
			archives: each().flatMap(({ archives }) => archives),
		},
	);
}
