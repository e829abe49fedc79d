// Parses the JSON output of engines with a schema. Errors name the command.
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import { faultOf } from "./metadata.ts";

export const count = v.pipe(v.number(), v.minValue(0));
/** A time in any format that `Date.parse` reads. */
export const when = v.pipe(
	v.string(),
	v.check((text) => !Number.isNaN(Date.parse(text)), "is not a time"),
);

/** A time that a program printed in UTC, with an offset, which not all versions print. */
export const inUtc = (time: string): string => (/(Z|[+-]\d\d:?\d\d)$/i.test(time) ? time : `${time}Z`);

/** One JSON document of a command such as `borg info`. */
export function understood<S extends v.GenericSchema>(
	schema: S,
	text: string,
	command: string,
): v.InferOutput<S> {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw notUnderstood(command, "it is not JSON", cause);
	}
	const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
	if (success) return output;
	throw notUnderstood(command, faultOf(issues));
}

/** The same, for output that is not worth an error: undefined if it is invalid. */
export function understoodOr<S extends v.GenericSchema>(
	schema: S,
	text: string,
): v.InferOutput<S> | undefined {
	try {
		const { success, output } = v.safeParse(schema, JSON.parse(text), { abortEarly: true });
		return success ? output : undefined;
	} catch {
		return undefined;
	}
}

export function notUnderstood(command: string, reason: string, cause?: unknown): HoldfastError {
	return new HoldfastError("output-invalid", `the output of ${command} cannot be parsed`, {
		subject: command,
		details: [reason],
		hint: "check that its version is supported and that the repository is intact",
		cause,
	});
}
