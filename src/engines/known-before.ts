// A destination that is not there: where archives were written to it before, it is not a new one.
import { errorOf, HoldfastError, reportOf } from "../values/error.ts";
import type { Records } from "./archive-time.ts";

/** The same fault, with what to do about it. `records`: what the journal has of the destination. */
export function ofKnown(error: unknown, { since }: Pick<Records, "since">): unknown {
	if (!(error instanceof HoldfastError) || error.code !== "repository-not-found" || since === undefined)
		return error;
	const hint = "archives were written there before: is the disk mounted, and the address still right?";
	return errorOf({ ...reportOf(error), hint });
}
