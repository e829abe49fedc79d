// What an operator's Holdfast says to the one on a machine, over the standard input and output of one SSH session.
// There: a greeting first, one line of JSON. Then what was asked for; of a run its events, one a line, and last a line
// that says with which code it ended.
import type { ErrorReport } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { RunEvent } from "../run/event.ts";

/** Counted up whenever an older side would not understand. */
export const PROTOCOL = 1;
/** The hidden command that speaks it. */
export const SERVE = "__serve";

export interface Greeting {
	readonly type: "greeting";
	readonly protocol: number;
	readonly version: string;
	/** The clock there, RFC 3339. */
	readonly time: string;
}

export type Request = { readonly protocol: number; readonly version: string } & (
	| {
			/** Run a command whose output is the answer. */
			readonly do: "ask";
			readonly argv: readonly string[];
			readonly manifest?: Manifest;
	  }
	| {
			/** Start a run that goes on though nobody listens, unless it was started already; tell its events. */
			readonly do: "operate";
			readonly run: string;
			readonly argv: readonly string[];
			readonly manifest?: Manifest;
	  }
	| {
			/** Tell the events of this run, or of the newest, from its beginning. */
			readonly do: "attach";
			readonly run?: string;
	  }
);

/** A later line to there: end the run, and undo what it began. */
export interface Cancel {
	readonly cancel: true;
}

export interface Ended {
	readonly type: "ended";
	/** The program's exit code. */
	readonly code: number;
	/** When it failed before there was a run. */
	readonly error?: ErrorReport;
}

export type Line = Greeting | RunEvent | Ended;
