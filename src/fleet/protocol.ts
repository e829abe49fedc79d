// The protocol between an operator's Holdfast and the one on a machine, over standard input and output of one SSH session.
// The machine sends a greeting first, one line of JSON. Then the answer; for a run its events, one per line, and finally a
// line with its exit code. Everything that arrives is validated against these schemas before use.
import * as v from "valibot";
import type { Manifest } from "../manifest/schema.ts";
import type { RunEvent } from "../run/event.ts";
import { EVENT_SCHEMAS } from "../run/event-schema.ts";
import type { ErrorReport } from "../values/error-bounds.ts";
import { EXIT, exitOfCode } from "../values/error-codes.ts";
import { errorReportSchema } from "../values/error-report.ts";

/** Incremented whenever an older side would not understand the newer one. */
export const PROTOCOL = 2;
/** The hidden command that speaks the protocol. */
export const SERVE = "__serve";

export type Request = { readonly protocol: number; readonly version: string } & (
	| {
			/** Run a command whose output is the answer. */
			readonly do: "ask";
			readonly argv: readonly string[];
			readonly manifest?: Manifest;
	  }
	| {
			/** Start a run that continues without a listener, unless it was already started; report its events. */
			readonly do: "operate";
			readonly run: string;
			readonly argv: readonly string[];
			readonly manifest?: Manifest;
	  }
	| {
			/** Report the events of this run, or of the newest, from the start. */
			readonly do: "attach";
			readonly run?: string;
	  }
);

/** A later line to the machine: cancel the run, and undo what it has done. */
export interface Cancel {
	readonly cancel: true;
}

const short = v.pipe(v.string(), v.maxLength(200));

const greetingSchema = v.object({
	type: v.literal("greeting"),
	protocol: v.pipe(v.number(), v.integer()),
	version: short,
	/** The machine's clock, RFC 3339. */
	time: short,
});
export type Greeting = v.InferOutput<typeof greetingSchema>;

const asking = {
	protocol: v.literal(PROTOCOL),
	version: v.string(),
	manifest: v.optional(v.looseObject({})),
};
const words = v.array(v.string());
/** A request, as any version may write it; one of another protocol is answered with the greeting only. */
export const requestSchema = v.variant("do", [
	v.object({ ...asking, do: v.literal("ask"), argv: words }),
	v.object({ ...asking, do: v.literal("operate"), run: v.string(), argv: words }),
	v.object({ ...asking, do: v.literal("attach"), run: v.optional(v.string()) }),
]);

const CODES: ReadonlySet<number> = new Set(Object.values(EXIT));
export interface Ended {
	readonly type: "ended";
	/** The program's exit code. */
	readonly code: number;
	/** If it failed before there was a run. */
	readonly error?: ErrorReport;
}
const endedSchema: v.GenericSchema<unknown, Ended> = v.pipe(
	v.object({ type: v.literal("ended"), code: v.number(), error: v.exactOptional(errorReportSchema) }),
	v.transform((ended): Ended => {
		// A machine cannot make an error look like a success.
		if (ended.error && (ended.code === EXIT.done || ended.code === EXIT.partial))
			return { ...ended, code: EXIT[exitOfCode(ended.error.code)] };
		if (CODES.has(ended.code)) return ended;
		const error = {
			code: "answer-invalid",
			message: `it ended with exit code ${ended.code}, which Holdfast does not use`,
		};
		return { ...ended, code: EXIT.failed, error };
	}),
);

/** By the type of a line. */
const SCHEMAS: Readonly<Record<string, v.GenericSchema>> = {
	greeting: greetingSchema,
	ended: endedSchema,
	...EVENT_SCHEMAS,
};

export type Line = Greeting | RunEvent | Ended;

/**
 * A parsed line; undefined if it is not a line of this protocol, or of a type that only newer versions know; or what is
 * wrong with a line of a known type.
 */
export function lineOf(value: unknown): Line | { readonly fault: string } | undefined {
	const type = (value as { type?: unknown } | null)?.type;
	const schema = typeof type === "string" && Object.hasOwn(SCHEMAS, type) ? SCHEMAS[type] : undefined;
	if (!schema) return undefined;
	const parsed = v.safeParse(schema, value);
	return parsed.success ? (parsed.output as Line) : { fault: `${type}: ${issueOf(parsed.issues)}` };
}

/** The first problem, in words. */
export function issueOf([issue]: readonly v.BaseIssue<unknown>[]): string {
	const at = (issue?.path ?? []).map(({ key }) => String(key)).join(".");
	const words = (kind = "") => WORDS[kind] ?? kind;
	return `${at === "" ? "" : `${at}: `}expected ${words(issue?.expected ?? "another value")}, found ${words(issue?.received)}`;
}

const WORDS: Readonly<Record<string, string>> = {
	Array: "a list",
	Object: "a map",
	string: "a text",
	number: "a number",
	undefined: "nothing",
	null: "nothing",
};
