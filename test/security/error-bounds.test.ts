// Errors quote what programs, services and other machines say, at any length. Each is limited where it is made, so that
// every event of a run fits into one line of the stream, and is read there as it was sent.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { RunEvent } from "../../src/run/event.ts";
import { RunReporter } from "../../src/run/run-reporter.ts";
import type { Plan, Step } from "../../src/steps/plan.ts";
import { errorOf, HoldfastError, inOneLine, reportOf } from "../../src/values/error.ts";
import { jsonText } from "../../src/values/printable.ts";
import { assertFits } from "../support/event-line.ts";

const ROUNDS = Number(process.env.HOLDFAST_ROUNDS ?? 60);

/** Of every kind of character: the ones that JSON or a terminal needs escaped are the longest. */
const piece = fc.oneof(
	fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
	fc.constantFrom("x", "\0", "\n", '"\\', "\u202e", "\ud800", "\udc80", "\u{e0001}", "é", "漢", "🗄", "a b\t"),
);
const text = fc
	.tuple(piece, fc.oneof(fc.nat(20), fc.constantFrom(3_999, 4_000, 4_001, 70_000)))
	.map(([one, times]) => one.repeat(times));
const details = fc
	.tuple(fc.array(text, { maxLength: 8 }), fc.constantFrom(1, 25, 60))
	.map(([some, times]) => Array.from({ length: times }, () => some).flat());
const facts = fc.record({ subject: text, hint: text, details, cause: text }, { requiredKeys: [] });
const thrown = fc.oneof(
	fc
		.tuple(text, facts)
		.map(
			([message, { cause, ...more }]) =>
				new HoldfastError("failed", message, { ...more, cause: Error(cause) }),
		),
	text.map((message) => new Error(message, { cause: new Error(message) })),
	fc.array(text, { maxLength: 5 }).map(
		(all) =>
			new AggregateError(
				all.map((one) => Error(one)),
				all.join("; "),
			),
	),
	text,
);

const run = "2026-11-24T010000Z-k3x9";
const step: Step = { id: "create:tar/disk", kind: "archive-create", title: "write", scope: "s", touches: [] };
const plan: Plan = {
	...{ version: 1, run, operation: "create", steps: [step], goals: [] },
	manifest: { version: 1, machine: "web01", state: {}, providers: {} },
};

/** The events of a run in which these errors occurred, and of its end. */
function eventsOf(errors: readonly unknown[]): RunEvent[] {
	const events: RunEvent[] = [];
	const reporter = new RunReporter(plan, (event) => events.push(event));
	for (const error of errors) {
		reporter.stepFailed(step, reportOf(error));
		reporter.stepSkipped(step, reportOf(error).message);
		reporter.undoFailed(step, reportOf(error));
		reporter.tell({ type: "scope-failed", scope: "s", step: step.id, error: reportOf(error) });
		reporter.log(step, inOneLine(error));
	}
	const failures = new Map(errors.map((error, index) => [`state:s${index}`, error]));
	reporter.tell({ type: "run-ended", ...reporter.summary("failed", failures, [], []) });
	return events;
}

test("each event with an error fits into one line, and is read as it was sent", () => {
	fc.assert(
		fc.property(fc.array(thrown, { minLength: 1, maxLength: 4 }), (errors) => {
			for (const event of eventsOf(errors)) assertFits(event);
		}),
		{ numRuns: ROUNDS },
	);
});

test("also when very many states fail with very long errors", () => {
	for (const character of ["x", "\0", "\ud800", "漢"]) {
		const long = character.repeat(100_000);
		const error = new HoldfastError("failed", long, { hint: long, details: Array(1_000).fill(long) });
		for (const count of [2, 60]) {
			const ended = eventsOf(Array(count).fill(error)).at(-1);
			assert.ok(ended?.type === "run-ended" && ended.failures.length === count);
			assertFits(ended);
		}
	}
});

test("a report that is within the limits stays as it is, wherever it is passed on", () => {
	fc.assert(
		fc.property(thrown, (error) => {
			const report = reportOf(error);
			assert.deepEqual(reportOf(errorOf(report)), report);
			assert.ok(report.message.length <= 4_000 && (report.hint?.length ?? 0) <= 4_000);
			assert.ok((report.details?.length ?? 0) <= 200);
			assert.ok(report.details?.every((line) => line.length <= 4_000) ?? true);
			assert.ok(Buffer.byteLength(jsonText(report)) <= 256 * 1024);
		}),
		{ numRuns: ROUNDS },
	);
});

describe("what is left out is said", () => {
	const many = (count: number, line = (index: number) => `line ${index}`) =>
		reportOf(
			new HoldfastError("failed", "no", { details: Array.from({ length: count }, (_, at) => line(at)) }),
		);

	test("of many lines", () => {
		assert.equal(many(200).details?.length, 200);
		assert.equal(many(200).details?.at(-1), "line 199");
		assert.equal(many(211).details?.length, 200);
		assert.equal(many(211).details?.at(-1), "… and 12 more");
		assert.equal(many(211).details?.at(-2), "line 198");
	});

	test("of lines that are too long together", () => {
		const { details = [] } = many(200, (index) => `${index} ${"x".repeat(3_990)}`);
		assert.ok(details.length > 50 && details.length < 70, `${details.length}`);
		assert.equal(details.at(-1), `… and ${200 - details.length + 1} more`);
	});

	test("of one text: its beginning and its end stay", () => {
		const { message, hint } = reportOf(
			new HoldfastError("failed", `cannot read ${"/x".repeat(9_000)}: no space`, { hint: "🗄".repeat(9_000) }),
		);
		assert.match(message, /^cannot read (\/x)+….*: no space$/);
		assert.equal(message.length, 4_000);
		assert.match(hint ?? "", /^(🗄)+…(🗄)+$/u);
	});
});
