// The interface of an output format. The flags choose it once; commands hand their results to it without knowing which it is.
// Results go to standard output; progress and remarks are for people and go to standard error.
import type { OutputReader } from "../host/lines.ts";
import type { Listener, RunSummary } from "../run/event.ts";
import type { ErrorReport } from "../values/error-bounds.ts";
import type { Result } from "./result.ts";
import type { Lines } from "./terminal.ts";

export interface Reporter {
	/** The result of the command. Resolves when it is written: it may be long. */
	result(result: Result): Promise<void>;
	/** Results that come one after the other, without end. */
	stream(): Promise<(result: Result) => void>;
	/** Lines for people instead of a result: what a command will do, has done, or asks about. */
	say(lines: Lines): void;
	/** A result as text for people, before they are asked to confirm. */
	preview(result: Result): Promise<void>;
	/** Lines for people in addition to the result; omitted with `--quiet`. */
	note(lines: Lines): void;
	/** Instead of a result. */
	error(report: ErrorReport, trace: readonly string[]): Promise<void>;
	/** The events of a run. */
	run(): Promise<Listener>;
	/** The events of runs on several machines. */
	fleet(machines: number): Promise<FleetReporter>;
	/** Output of another machine's Holdfast in this format, passed on as it arrives. */
	passOn(machine: string): OutputReader;
}

export interface FleetReporter {
	/** Receives the output for one machine. */
	of(machine: string): Listener;
	/** A line for people: a problem, or clocks that differ. */
	say(machine: string, line: string): void;
	/** The machine is done, successfully or not. */
	done(machine: string): void;
	/** All machines are done. */
	close(rows: readonly FleetRow[]): void;
}

export interface FleetRow {
	readonly machine: string;
	/** How the run ended, if there was a run; not the event itself, which may be large. */
	readonly end?: Pick<RunSummary, "outcome" | "seconds"> & { readonly what: string };
	/** Why there was no run. */
	readonly error?: ErrorReport;
	/** The exit code of the command on the machine. */
	readonly code: number;
}

export interface ReporterOptions {
	/** Only errors and results. */
	readonly quiet: boolean;
}
