// Patterns that would break the state that they belong to.

import { type Dump, databaseOf, dumpLabel, isFileDump } from "../databases/dump.ts";
import { above } from "../values/paths.ts";
import { below, leavesNothing, leavesOut, patternFault } from "../values/patterns.ts";

export interface ExcludeFault {
	readonly message: string;
	readonly hint: string;
}

/** Undefined if the pattern breaks nothing, or is not a valid pattern. */
export function excludeFault(
	pattern: string,
	folders: readonly string[],
	dumps: readonly Dump[],
): ExcludeFault | undefined {
	if (patternFault(pattern) !== undefined) return undefined;
	// Otherwise the backup would be empty and still report success.
	const empty = folders.find((one) => below(one, pattern).some(leavesNothing));
	if (empty !== undefined)
		return {
			message: `"${pattern}" excludes everything in the folder "${empty}"`,
			hint: "exclude only the files that you do not need, or remove the folder from the state",
		};
	// A restore puts a database file into its folder, so the folder must be in the archive.
	const homeless = dumps.find((dump) => {
		if (!isFileDump(dump)) return false;
		const [home = "/"] = above(databaseOf(dump));
		const folder = folders.find((one) => home.startsWith(`${one}/`));
		return (
			folder !== undefined && leavesOut(below(folder, pattern), home.slice(folder.length + 1).split("/"))
		);
	});
	if (homeless === undefined) return undefined;
	return {
		message: `"${pattern}" excludes the folder of the ${dumpLabel(homeless)}, which could then not be restored`,
		hint: `exclude the other files instead, such as "${pattern.replace(/\/+$/, "")}/*": the live file is excluded automatically`,
	};
}
