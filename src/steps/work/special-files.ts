// After an engine has written: what an archive may give nobody is taken away, and a step says so in its result.

import type { Into } from "../../engines/into.ts";
import { leaveOutSpecialFiles } from "../../host/special-files.ts";

/** A step's result. */
export async function withoutSpecialFiles(
	target: Into,
): Promise<{ readonly warnings: string[] } | undefined> {
	await using inside = await target.enter();
	const left = await leaveOutSpecialFiles(inside);
	if (left.length === 0) return undefined;
	return {
		warnings: [...left, "to restore them too, set specialFiles: true for the state, or use --special-files"],
	};
}
