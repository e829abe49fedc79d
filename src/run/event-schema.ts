// The events of a run (event.ts) as schemas: those of a run elsewhere are checked before use, and the reference describes them.
import * as v from "valibot";
import { clip } from "../values/clip.ts";
import { MAX_TEXT } from "../values/error-bounds.ts";
import { errorReportSchema } from "../values/error-report.ts";
import { record } from "../values/record.ts";
import { RUN_ID } from "./event-file.ts";

const short = v.pipe(v.string(), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(16_384));
/** For people only: of an unusual length, both ends. */
const shown = v.pipe(
	v.string(),
	v.transform((words) => clip(words, MAX_TEXT)),
);
const count = v.pipe(v.number(), v.finite(), v.minValue(0));

/** Keys that a newer side may have are kept: programs read them. */
function event<T extends v.ObjectEntries>(entries: T) {
	return v.looseObject({
		v: v.literal(1),
		time: short,
		run: v.pipe(v.string(), v.regex(RUN_ID)),
		...entries,
	});
}

const titled = { step: text, title: shown };
const failed = { ...titled, error: errorReportSchema };

/** The parts of a step's result that are shown. */
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

const steps = v.array(
	v.looseObject({ id: text, kind: short, title: shown, scope: text, label: v.optional(shown) }),
);

/** By type. */
export const EVENT_SCHEMAS = {
	"run-started": event({
		operation: short,
		machine: short,
		steps,
	}),
	"more-steps": event({ steps }),
	"step-started": event(titled),
	"step-progress": event({
		step: text,
		bytes: v.optional(count),
		totalBytes: v.optional(count),
		expectedBytes: v.optional(count),
		files: v.optional(count),
		path: v.optional(shown),
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
		stuck: v.optional(v.array(text)),
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
		omitted: v.optional(record(v.string(), count)),
	}),
} as const;
