// What a format of output is. It is chosen once, by the flags; commands hand their results to it, and know none by name.
// Results are for standard output; progress and remarks are for people, on standard error.
import type { OutputReader } from "../host/lines.ts";
import type { Listener, RunEvent } from "../run/event.ts";
import type { ErrorReport } from "../values/error.ts";
import type { Result } from "./result.ts";
import type { Lines } from "./terminal.ts";

export interface Reporter {
	/** What was asked for. Resolves when it is written: it may be long. */
	result(result: Result): Promise<void>;
	/** Results that come one after the other, without end. */
	stream(): Promise<(result: Result) => void>;
	/** Lines for people in the place of a result: what a command will do, has done, or asks about. */
	say(lines: Lines): void;
	/** What a result would look like to people, before they are asked. */
	preview(result: Result): Promise<void>;
	/** Lines for people beside the result; left out with `--quiet`. */
	note(lines: Lines): void;
	/** In place of a result. */
	error(report: ErrorReport, trace: readonly string[]): Promise<void>;
	/** What a run tells while it works. */
	run(): Promise<Listener>;
	/** The same of runs on several machines. */
	fleet(machines: number): Promise<FleetReporter>;
	/** What another machine's Holdfast prints of this format, passed on as it comes. */
	passOn(machine: string): OutputReader;
}

export interface FleetReporter {
	/** What is said by and of one machine. */
	of(machine: string): Listener;
	/** A line for people: a fault, clocks that differ. */
	say(machine: string, line: string): void;
	/** It has ended, well or not. */
	done(machine: string): void;
	/** All have. */
	close(rows: readonly FleetRow[]): void;
}

export interface FleetRow {
	readonly machine: string;
	/** How the run ended, when there was one. */
	readonly end?: Extract<RunEvent, { type: "run-ended" }>;
	/** Why there was none. */
	readonly error?: ErrorReport;
	/** The code that the machine's own command ended with. */
	readonly code: number;
}

export interface ReporterOptions {
	/** Errors and results only. */
	readonly quiet: boolean;
}
