// The format for people: lines and tables; on a terminal, a live display of the steps in progress.
import { everyRecordReader } from "../../host/lines.ts";
import type { Reporter, ReporterOptions } from "../reporter.ts";
import { messagesAreSeen, print, printMany, printMessage } from "../terminal.ts";
import { errorLines } from "./error.ts";

export function textReporter({ quiet }: ReporterOptions): Reporter {
	const result: Reporter["result"] = async (one) => {
		const { linesOf } = await import("./results.ts");
		await printMany(linesOf(one));
	};
	return {
		result,
		preview: result,
		async stream() {
			const { linesOf } = await import("./results.ts");
			return (one) => print([...linesOf(one)]);
		},
		say: print,
		note: (lines) => {
			if (!quiet) printMessage(lines);
		},
		error: async (report, trace) => printMessage([...errorLines(report, "holdfast: ", "  "), ...trace]),
		async run() {
			if (!isDrawn(quiet)) return (await import("./lines.ts")).lineReporter(quiet);
			return (await import("./live.ts")).liveReporter();
		},
		async fleet(machines) {
			const { fleetLines, fleetLive } = await import("./fleet.ts");
			return isDrawn(quiet) ? fleetLive(machines) : fleetLines(quiet);
		},
		// Line by line, including empty ones.
		passOn: () => everyRecordReader((line) => print(line)),
	};
}

/** Whether there is a terminal to draw on. */
function isDrawn(quiet: boolean): boolean {
	return !quiet && messagesAreSeen() && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}
