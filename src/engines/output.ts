// What an engine prints for programs: parsed by a schema, and where it does not fit, an error that names the command.
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import { faultOf } from "./metadata.ts";

export const count = v.pipe(v.number(), v.minValue(0));
/** A time that can be read, in whichever form the engine has. */
export const when = v.pipe(
	v.string(),
	v.check((text) => !Number.isNaN(Date.parse(text)), "is not a time"),
);

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

/** The same for what is not worth an error: undefined where it does not fit. */
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
	return new HoldfastError("output-invalid", `what ${command} printed is not understood`, {
		details: [reason],
		hint: "is it a version that Holdfast knows, and the repository what it seems?",
		cause,
	});
}
