// restic's messages about files that it could not read. Their form depends on its version and on the type of the Go error:
// one that Go cannot encode as JSON becomes `{}`.
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import * as v from "valibot";
import { saysAbsent } from "../unsteady.ts";

const saidSchema = v.object({ message: v.pipe(v.string(), v.nonEmpty()) });
/** Before 0.16 the error was Go's own: an errno without a message. */
const numberSchema = v.object({ Op: v.string(), Err: v.pipe(v.number(), v.integer(), v.minValue(1)) });
const operationSchema = v.object({ Op: v.pipe(v.string(), v.nonEmpty()) });

const NO_REASON = "restic does not say why; it may have been changed or replaced while it was read";

export interface Unreadable {
	readonly path: string;
	readonly reason: string;
	/** The file no longer exists. */
	readonly isAbsent: boolean;
	/** restic did not say why. */
	readonly isUnsaid?: true;
}

export function unreadableOf({ item, error }: Record<string, unknown>): Unreadable {
	const path = String(item);
	if (v.is(saidSchema, error)) return { path, reason: error.message, isAbsent: saysAbsent(error.message) };
	if (v.is(numberSchema, error)) {
		const [, words] = getSystemErrorMap().get(-error.Err) ?? [];
		const reason = `${error.Op}: ${words ?? `the system's error ${error.Err}, see errno(3)`}`;
		return { path, reason, isAbsent: error.Err === constants.errno.ENOENT };
	}
	if (typeof error === "string" && error !== "") return { path, reason: error, isAbsent: false };
	const reason = v.is(operationSchema, error) ? `${error.Op}: ${NO_REASON}` : NO_REASON;
	return { path, reason, isAbsent: false, isUnsaid: true };
}
