// A destination that is missing although archives were written to it before: it must not be taken for a new one.
import { errorOf, HoldfastError, reportOf } from "../values/error.ts";
import type { Records } from "./archive-time.ts";

/** The same error, with a hint if archives were written there before. `records`: the journal's records of the destination. */
export function withHintIfKnown(error: unknown, { since }: Pick<Records, "since">): unknown {
	if (!(error instanceof HoldfastError) || error.code !== "repository-not-found" || since === undefined)
		return error;
	const hint =
		"archives were written there before; check that the disk is mounted and the address is still right";
	return errorOf({ ...reportOf(error), hint });
}
