// JSON files that Holdfast has written earlier, possibly with another version or on a disk that has failed since. They are
// parsed by a schema with limits; errors name the file, and the caller decides what they mean.

import * as v from "valibot";
import { isErrno } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { parseBounded } from "./bounded-json.ts";
import { readText } from "./read-file.ts";

const MAX_BYTES = 1024 * 1024;
const LIMITS = { depth: 50, values: 200_000 };
const LONGEST_REASON = 300;

/** Undefined if there is no such file. */
export type Stored<T> = { readonly value: T } | { readonly fault: string } | undefined;

/** Never throws. */
export function readStored<S extends v.GenericSchema>(
	file: string,
	schema: S,
	most = MAX_BYTES,
): Stored<v.InferOutput<S>> {
	try {
		return fitting(file, schema, parseBounded(readText(file, { most }), LIMITS));
	} catch (error) {
		if (isErrno(error, "ENOENT")) return undefined;
		const why = error instanceof SyntaxError ? "it is not JSON" : wordsOf(error);
		return { fault: `${file} cannot be read: ${why}` };
	}
}

/** The same for a value that is already parsed; errors contain `name`. */
export function fitting<S extends v.GenericSchema>(
	name: string,
	schema: S,
	value: unknown,
): Exclude<Stored<v.InferOutput<S>>, undefined> {
	const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
	if (success) return { value: output };
	const [issue] = issues;
	const path = v.getDotPath(issue);
	const why = `${path === null ? "" : `${path}: `}${issue.received === "undefined" ? "it is missing" : issue.message}`;
	return { fault: `${name} is damaged or was written by another version: ${why.slice(0, LONGEST_REASON)}` };
}
