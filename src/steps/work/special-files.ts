// After an extraction: remove rights that an archive may not grant, and report that in the step's result.

import type { Into } from "../../engines/into.ts";
import { leaveOutSpecialFiles } from "../../host/special-files.ts";

/** The step's result. */
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
