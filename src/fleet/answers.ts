// Another machine's answers to questions, as JSON, validated before use. What is shown to people is typed; other data from a
// newer version are passed on unchanged, for programs.
import * as v from "valibot";
import { parseBounded } from "../host/bounded-json.ts";
import { type KeptAnswer, keptAnswer } from "../host/kept-answer.ts";
import { errorOf, HoldfastError } from "../values/error.ts";
import { errorReportSchema } from "../values/error-report.ts";
import { record } from "../values/record.ts";
import { issueOf } from "./protocol.ts";
import { invalidAnswer } from "./sent.ts";
import type { Address } from "./ssh-faults.ts";

/** Maximum bytes of one machine's answer: room for thousands of archives. */
const MAX_MIB = 6;
const LIMITS = { depth: 50, values: 300_000 };

const name = v.pipe(v.string(), v.maxLength(200));
const count = v.pipe(v.number(), v.finite());
const ARCHIVE_ID = /^[^\p{Cc}:\s-][^\p{Cc}:]*::[^\p{Cc}]+::[^\p{Cc}]+$/u;
const MAX_ID = 5_000;

/**
 * Whether this can be a word of a command line, where it must not pass for an option: `destination::location::name`. An archive of
 * somebody else may have any name, and that must not spoil the list.
 */
export const isArchiveId = (id: string): boolean => id.length <= MAX_ID && ARCHIVE_ID.test(id);
const failure = v.looseObject({ provider: name, destination: name, error: errorReportSchema });

/** The answer to `list --json`. */
export const listedSchema = v.looseObject({
	archives: v.array(
		v.looseObject({
			id: v.string(),
			machine: name,
			provider: name,
			destination: name,
			name: v.string(),
			created: v.optional(v.string()),
			bytes: v.optional(count),
			metadata: v.optional(
				v.looseObject({
					states: v.optional(record(v.string(), v.looseObject({ outcome: v.string() })), {}),
				}),
			),
			damaged: v.optional(v.string()),
			newer: v.optional(v.looseObject({ version: count })),
			foreign: v.optional(v.boolean()),
			ahead: v.optional(v.boolean()),
		}),
	),
	// A machine with an older Holdfast reports none.
	lost: v.optional(
		v.pipe(
			v.array(
				v.looseObject({
					id: v.string(),
					name: v.string(),
					created: name,
					states: v.array(name),
					unmounted: v.exactOptional(v.string()),
				}),
			),
			v.maxLength(10_000),
		),
	),
	problems: v.optional(v.array(v.string())),
	failures: v.array(v.looseObject({ ...failure.entries, absent: v.optional(v.boolean()) })),
	others: v.array(name),
	upkeep: v.array(
		v.looseObject({ operation: name, destination: v.string(), run: name, time: name, message: v.string() }),
	),
});

/** The answer to `prune --dry-run --json`. */
export const prunedSchema = v.array(
	v.looseObject({
		provider: name,
		destination: name,
		decisions: v.exactOptional(
			v.array(
				v.looseObject({
					archive: v.looseObject({ name: v.string(), created: v.exactOptional(v.string()) }),
					keep: v.boolean(),
					why: v.array(v.string()),
				}),
			),
		),
	}),
);

/** The answer to `--dry-run --json` of a command that has one plan. */
export const plannedSchema = v.looseObject({
	run: name,
	operation: name,
	manifest: v.looseObject({ machine: name }),
	goals: v.array(v.string()),
	steps: v.array(
		v.looseObject({
			kind: name,
			title: v.string(),
			archiveId: v.exactOptional(v.string()),
			provider: v.exactOptional(name),
			destination: v.exactOptional(name),
			archive: v.exactOptional(v.string()),
		}),
	),
});

/** The answer to `status --json`. */
export const standingSchema = v.looseObject({
	machine: name,
	time: name,
	archives: v.array(
		v.looseObject({
			state: name,
			destination: v.string(),
			created: v.optional(name),
			ageSeconds: v.optional(count),
			consistency: v.optional(name),
			maxAgeSeconds: count,
			bytes: v.optional(count),
			growthBytes: v.optional(count),
			isLate: v.boolean(),
			missing: v.exactOptional(v.array(v.string())),
			failedCheck: v.exactOptional(v.string()),
		}),
	),
	runs: v.array(
		v.looseObject({
			operation: name,
			run: name,
			started: name,
			outcome: v.optional(name),
			isRolledBack: v.exactOptional(v.literal(true)),
		}),
	),
	problems: v.array(v.string()),
	timers: v.array(
		v.looseObject({
			name,
			isActive: v.boolean(),
			isEnabled: v.optional(v.boolean(), true),
			isOver: v.exactOptional(v.literal(true)),
			next: v.optional(name),
			failed: v.optional(name),
		}),
	),
	now: v.optional(v.string()),
	advice: v.exactOptional(v.array(v.string())),
});

export const boundedAnswer = (): KeptAnswer => keptAnswer(MAX_MIB * 1024 ** 2);

const errorAnswer = v.looseObject({ error: errorReportSchema });

/** The JSON that a command there printed; if it printed an error instead, that is thrown here. */
export function answerOf(
	address: Address,
	schema: v.GenericSchema,
	text: string,
	{ code, stderr }: { readonly code: number; readonly stderr: readonly string[] },
): unknown {
	const { machine } = address;
	let value: unknown;
	try {
		value = parseBounded(text, LIMITS);
	} catch (error) {
		if (error instanceof RangeError) throw invalidAnswer(address, `answered with ${error.message}`);
		throw new HoldfastError(
			"answer-invalid",
			`${machine} did not answer: its holdfast ended with exit code ${code}`,
			{
				subject: machine,
				details: [...text.slice(0, 2_000).split("\n").slice(0, 5), ...stderr.slice(-5)],
				hint: `log in there and run the same command; if Holdfast is broken there: holdfast deploy ${machine}`,
			},
		);
	}
	const failed = v.safeParse(errorAnswer, value);
	if (failed.success) throw errorOf(failed.output.error);
	const parsed = v.safeParse(schema, value);
	if (!parsed.success) throw invalidAnswer(address, `sent an invalid answer (${issueOf(parsed.issues)})`);
	const other = namesIn(parsed.output).find((one) => one !== machine);
	if (other !== undefined) throw invalidAnswer(address, `answered for another machine, "${other}"`);
	return parsed.output;
}

/** The machine that the answer names. */
function namesIn(answer: unknown): string[] {
	const { machine, archives = [] } = answer as { machine?: string; archives?: { machine?: string }[] };
	return [machine, ...archives.map((archive) => archive.machine)].filter((one) => one !== undefined);
}
