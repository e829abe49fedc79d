// What an operator's Holdfast says to the one on a machine, over the standard input and output of one SSH session.
// There: a greeting first, one line of JSON. Then what was asked for; of a run its events, one a line, and last a line
// that says with which code it ended. What comes from there is measured against these schemas before anything looks at it.
import * as v from "valibot";
import type { Manifest } from "../manifest/schema.ts";
import type { RunEvent } from "../run/event.ts";
import { RUN_ID } from "../run/event-file.ts";
import type { ErrorReport } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import { errorReportSchema } from "../values/error-report.ts";
import { record } from "../values/record.ts";

/** Counted up whenever an older side would not understand. */
export const PROTOCOL = 2;
/** The hidden command that speaks it. */
export const SERVE = "__serve";

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

const short = v.pipe(v.string(), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(16_384));
const count = v.pipe(v.number(), v.finite(), v.minValue(0));

const greetingSchema = v.object({
	type: v.literal("greeting"),
	protocol: v.pipe(v.number(), v.integer()),
	version: short,
	/** The clock there, RFC 3339. */
	time: short,
});
export type Greeting = v.InferOutput<typeof greetingSchema>;

const asking = {
	protocol: v.literal(PROTOCOL),
	version: v.string(),
	manifest: v.optional(v.looseObject({})),
};
const words = v.array(v.string());
/** A request as another version may write it; one of another protocol is answered by the greeting alone. */
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
	/** When it failed before there was a run. */
	readonly error?: ErrorReport;
}
const endedSchema: v.GenericSchema<unknown, Ended> = v.pipe(
	v.object({ type: v.literal("ended"), code: v.number(), error: v.exactOptional(errorReportSchema) }),
	v.transform((ended): Ended => {
		if (CODES.has(ended.code)) return ended;
		const error = {
			code: "answer-invalid",
			message: `it ended with exit code ${ended.code}, which no Holdfast has`,
		};
		return { ...ended, code: EXIT.failed, error };
	}),
);

/** Keys that a newer side may have stay as they are: programs read them. */
function event<T extends v.ObjectEntries>(entries: T) {
	return v.looseObject({
		v: v.literal(1),
		time: short,
		run: v.pipe(v.string(), v.regex(RUN_ID)),
		...entries,
	});
}

const titled = { step: text, title: text };
const failed = { ...titled, error: errorReportSchema };

/** Of a step's result, what is shown. */
const resultSchema = v.union([
	v.array(v.unknown()),
	v.looseObject({
		skipped: v.optional(v.string()),
		warnings: v.optional(v.array(v.string())),
		keptUntil: v.optional(v.string()),
		keptIn: v.optional(v.array(v.string())),
		removed: v.optional(v.array(v.string())),
	}),
	v.null(),
	v.string(),
	v.number(),
	v.boolean(),
]);

/** By the type of a line. */
const SCHEMAS: Readonly<Record<string, v.GenericSchema>> = {
	greeting: greetingSchema,
	ended: endedSchema,
	"run-started": event({
		operation: short,
		machine: short,
		steps: v.array(v.looseObject({ id: text, kind: short, title: text, scope: text })),
	}),
	"step-started": event(titled),
	"step-progress": event({
		step: text,
		bytes: v.optional(count),
		totalBytes: v.optional(count),
		files: v.optional(count),
		path: v.optional(text),
	}),
	"step-log": event({ step: text, line: v.string() }),
	"step-done": event({ ...titled, seconds: count, result: v.optional(resultSchema) }),
	"step-failed": event(failed),
	"scope-failed": event({
		step: text,
		scope: text,
		error: errorReportSchema,
		stored: v.exactOptional(v.literal(true)),
	}),
	"step-skipped": event({ ...titled, reason: v.string() }),
	"undo-started": event(titled),
	"undo-done": event(titled),
	"undo-failed": event(failed),
	"run-ended": event({
		outcome: v.picklist(["done", "failed", "partial", "interrupted", "needs-recover"]),
		seconds: count,
		recovered: v.optional(v.literal(true)),
		downtimeSeconds: v.optional(count),
		failures: v.array(v.looseObject({ scope: text, error: errorReportSchema })),
		results: record(v.string(), v.unknown()),
		left: v.optional(v.array(v.string())),
		units: v.optional(
			v.array(
				v.looseObject({
					unit: text,
					user: v.optional(text),
					role: short,
					wasUp: v.boolean(),
					became: short,
					because: text,
					missed: v.optional(v.literal(true)),
				}),
			),
		),
	}),
};

export type Line = Greeting | RunEvent | Ended;

/**
 * What a line says; undefined where it is none of ours, or of a type that only newer ones know; or what is wrong with one
 * of a type that we know.
 */
export function lineOf(value: unknown): Line | { readonly fault: string } | undefined {
	const type = (value as { type?: unknown } | null)?.type;
	const schema = typeof type === "string" && Object.hasOwn(SCHEMAS, type) ? SCHEMAS[type] : undefined;
	if (!schema) return undefined;
	const parsed = v.safeParse(schema, value);
	return parsed.success ? (parsed.output as Line) : { fault: `${type}: ${issueOf(parsed.issues)}` };
}

/** The first thing that does not fit, in words. */
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
