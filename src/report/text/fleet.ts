// Many machines at once: on a terminal a row for each machine in progress, otherwise lines that begin with the machine's
// name; and a table at the end.

import type { RunEvent, RunSummary } from "../../run/event.ts";
import { counted } from "../../values/counted.ts";
import type { FleetReporter, FleetRow } from "../reporter.ts";
import { liveArea, print, printMessage } from "../terminal.ts";
import { linesOf } from "./lines.ts";
import { follower, REDRAW_MS, spinner } from "./live.ts";
import { table } from "./table.ts";
import { duration, size } from "./units.ts";

export function fleetLines(quiet: boolean): FleetReporter {
	const write = (machine: string, line: string) => printMessage(`${machine}: ${line}`);
	return {
		of: (machine) =>
			Object.assign(
				(event: RunEvent) => {
					for (const line of linesOf(event, quiet)) write(machine, line);
				},
				{ ignoresProgress: true },
			),
		say: write,
		done: () => {},
		close: (rows) => {
			if (!quiet) print(fleetTable(rows));
		},
	};
}

export async function fleetLive(count: number): Promise<FleetReporter> {
	const area = await liveArea();
	const atWork = new Map<string, ReturnType<typeof follower>>();
	const started = performance.now();
	let ended = 0;
	let frame = 0;
	const draw = () => {
		frame++;
		const width = Math.max(...[...atWork.keys()].map((name) => name.length), 0);
		const most = Math.max(1, area.height() - 2);
		const rows = [...atWork].map(
			([machine, run]) =>
				`${spinner(frame)} ${machine.padEnd(width)}  ${run.summary(area.width() - width - 4)}`,
		);
		const shown =
			rows.length > most ? [...rows.slice(0, most - 1), `… ${rows.length - most + 1} more`] : rows;
		const clock = `  ${ended} of ${counted(count, "machine")} done, ${duration((performance.now() - started) / 1000)}`;
		area.draw([...shown, clock]);
	};
	const timer = setInterval(draw, REDRAW_MS).unref();
	const write = (machine: string, lines: readonly string[]) => {
		if (lines.length === 0) return;
		area.print(lines.map((line) => `${machine}: ${line}`));
		draw();
	};
	return {
		of: (machine) => {
			const run = follower();
			atWork.set(machine, run);
			return (event) => {
				run.follow(event);
				// With many machines, only errors and final results are kept as lines.
				write(machine, linesOf(event, event.type !== "run-ended"));
			};
		},
		say: (machine, line) => write(machine, [line]),
		done: (machine) => {
			ended++;
			atWork.delete(machine);
		},
		close: (rows) => {
			clearInterval(timer);
			area.close();
			print(fleetTable(rows));
		},
	};
}

export function fleetTable(rows: readonly FleetRow[]): string[] {
	return table([
		["MACHINE", "OUTCOME", "TOOK", ""],
		...rows.map(({ machine, end, error }) => [
			machine,
			end?.outcome ?? "failed",
			end ? duration(end.seconds) : "-",
			error ? error.message : (end?.what ?? ""),
		]),
	]);
}

/** The first failure, or what was made. */
export function whatOf({
	failures,
	results,
	omitted,
}: Pick<RunSummary, "failures" | "results" | "omitted">): string {
	const [first, ...others] = failures;
	if (first) {
		const count = others.length + (omitted?.failures ?? 0);
		const more = count > 0 ? ` (and ${count} more)` : "";
		return `${first.scope.replace(":", " ")}: ${first.error.message}${more}`;
	}
	const archives = Object.values(results).filter(
		(result): result is { archive: string; bytes?: number } =>
			typeof (result as { archive?: unknown } | null)?.archive === "string",
	);
	if (archives.length === 0) return "";
	const bytes = archives.reduce((most, archive) => Math.max(most, archive.bytes ?? 0), 0);
	return `${counted(archives.length, "archive")}${bytes > 0 ? ` of ${size(bytes)}` : ""}`;
}
